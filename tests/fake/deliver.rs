//! How archives and single files get out: redirected to the storage, proxied, or straight.

use serde_json::{Value, json};

use super::auth::Role;
use super::denial::error_case;
use super::entity::{expired, source};
use super::http::{Answer, Reply};
use super::page::page;
use super::read::job_of;
use super::route::Desk;
use super::store::{Make, ranged};
use super::unzip;
use super::world::{World, list};
use super::zip::gzip;

/// The archive of a job, or the report file that `file_type` names.
pub fn archive(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let job = accessible(desk, project, id)?;
    let kind = desk.param("file_type").filter(|kind| *kind != "archive").map(str::to_owned);
    if desk.world.setting("file_type") == true
        && let Some(kind) = kind
    {
        return report(&job, &kind);
    }
    let bytes = desk.world.archive(&job).ok_or_else(no_archive)?;
    let lost = desk.world.lost(&job);
    let proxied =
        desk.param("download_mode") == Some("proxy") && desk.world.setting("download_mode") == true;
    match desk.world.setting("archives").as_str() {
        Some("redirect") if proxied && lost => Err(Make::of(desk.world).no_such_key()),
        Some("proxied") if lost => Err(Make::of(desk.world).no_such_key()),
        Some("direct") if lost => Err(no_entry()),
        Some("redirect") if proxied => Ok(ranged(desk, &bytes, "store")),
        Some("direct") => {
            let name = job["filename"].as_str().unwrap_or("artifacts.zip");
            let disposition = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
            let reply = ranged(desk, &bytes, "direct");
            Ok(reply.header("Content-Disposition", disposition))
        }
        Some("proxied") => Ok(ranged(desk, &bytes, "store")),
        Some("redirect") => {
            // Only S3 signs for the method that was used; the others sign for GET.
            let s3 = Make::of(desk.world) == Make::S3;
            let method = if s3 { desk.asked.method.as_str() } else { "GET" };
            let to = desk.place.sign(id, method);
            let body = format!("This resource has been moved temporarily to {to}.");
            Ok(Reply::new(302, "text/plain", body).header("Location", to))
        }
        other => panic!("archives {other:?}: not direct, proxied or redirect"),
    }
}

/// The job, if the caller may have its artifacts; `access` is that of `artifacts:access`.
fn accessible(desk: &Desk<'_>, project: &Value, id: u64) -> Result<Value, Reply> {
    let job = job_of(desk.world, project, id)?;
    let least = match job["access"].as_str() {
        None | Some("all") => Role::Nobody,
        Some("developer") => Role::Developer,
        Some("maintainer") => Role::Maintainer,
        Some("none") => return Err(no_permission()),
        other => panic!("access {other:?}: not all, developer, maintainer or none"),
    };
    if desk.role < least { Err(no_permission()) } else { Ok(job) }
}

fn no_permission() -> Reply {
    error_case("no permission (role, artifacts:access, CI visibility)")
}

/// The types that a server gives out; logs and metadata are not among them.
const REPORTS: &str = "accessibility api_fuzzing cobertura jacoco codequality container_scanning \
    dast dependency_scanning dotenv junit license_scanning lsif metrics performance \
    browser_performance load_performance sast secret_detection requirements requirements_v2 \
    cyclonedx annotations repository_xray cluster_image_scanning coverage_fuzzing";

fn report(job: &Value, kind: &str) -> Answer {
    if !REPORTS.split_whitespace().any(|known| known == kind) {
        return Err(Reply::error(400, "file_type does not have a valid value"));
    }
    let has = list(job, "reports").any(|report| report == kind);
    if !has || (expired(job) && job["locked"] != true) {
        return Err(no_archive());
    }
    let name = format!("{kind}.gz");
    Ok(Reply::new(200, "application/octet-stream", report_file(kind))
        .header("Content-Disposition", format!("attachment; filename=\"{name}\"")))
}

/// The content of a report: a line that names its type, packed as runners pack reports; 120 bytes.
pub fn report_file(kind: &str) -> Vec<u8> {
    gzip(format!("{:91}\n", format!("a report of type {kind}")).as_bytes())
}

fn no_entry() -> Reply {
    error_case("single file: entry not in the zip (answered by workhorse)")
}

fn no_archive() -> Reply {
    error_case("job exists, no archive (not finished, never uploaded, deleted, erased)")
}

/// One file, whole: `Range` is not heard here. Refused as soon as the artifacts have expired.
pub fn file(desk: &mut Desk<'_>, project: &Value, id: u64, path: &str) -> Answer {
    let job = accessible(desk, project, id)?;
    if expired(&job) && job["locked"] != true {
        return Err(no_archive());
    }
    let bytes = desk.world.archive(&job).ok_or_else(no_archive)?;
    let entries = unzip::entries(&bytes);
    let entry = entries.iter().find(|entry| entry.name == path && !entry.folder());
    let entry = entry.filter(|_| !desk.world.lost(&job)).ok_or_else(no_entry)?;
    let content = unzip::content(&bytes, entry);
    let name = path.rsplit('/').next().unwrap_or_default();
    Ok(Reply::new(200, "application/octet-stream", content)
        .header("Content-Disposition", format!("attachment; filename=\"{name}\"")))
}

/// A listing from the metadata: modes without type, no size for empty files.
pub fn tree(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let job = accessible(desk, project, id)?;
    let bytes = desk.world.archive(&job).filter(|_| !expired(&job) || job["locked"] == true);
    let bytes = bytes.ok_or_else(|| error_case("artifacts/tree without archive"))?;
    let mut below = desk.param("path").unwrap_or_default().trim_end_matches('/').to_owned();
    if !below.is_empty() {
        below.push('/');
    }
    let recursive = desk.param("recursive") == Some("true");
    let mut rows: Vec<Value> = Vec::new();
    let mut there = below.is_empty();
    for entry in unzip::entries(&bytes) {
        let Some(rest) = entry.name.strip_prefix(&below) else { continue };
        there = true;
        let deep = rest.trim_end_matches('/').contains('/');
        if rest.is_empty() || (deep && !recursive) {
            continue;
        }
        let mode = format!("{:06o}", entry.mode & 0o777);
        let name = rest.trim_end_matches('/').rsplit('/').next();
        rows.push(if entry.folder() {
            json!({"name": name, "path": entry.name, "type": "directory", "mode": mode})
        } else {
            let size = Some(entry.size).filter(|&size| size > 0);
            json!({"name": name, "path": entry.name, "type": "file", "size": size, "mode": mode})
        });
    }
    if !there {
        return Err(error_case("artifacts/tree path absent"));
    }
    page(desk, &rows)
}

pub fn ref_archive(desk: &mut Desk<'_>, project: &Value, name: &str) -> Answer {
    let id = by_ref(desk, project, name)?;
    archive(desk, project, id)
}

pub fn ref_file(desk: &mut Desk<'_>, project: &Value, name: &str, path: &str) -> Answer {
    let id = by_ref(desk, project, name)?;
    file(desk, project, id, path)
}

/// The job's name in the newest successful pipeline of the ref and in its children; an older
/// pipeline counts only if recent ones are to be searched.
fn by_ref(desk: &mut Desk<'_>, project: &Value, name: &str) -> Result<u64, Reply> {
    let wanted = desk.param("job").ok_or_else(|| error_case("parameter missing"))?.to_owned();
    let recent = desk.param("search_recent_successful_pipelines") == Some("true");
    let world = &*desk.world;
    let mut candidates: Vec<&Value> = list(project, "pipelines")
        .filter(|p| p["ref"] == name && p["status"] == "success")
        .filter(|p| source(world, project, p) != "parent_pipeline")
        .collect();
    candidates.sort_by_key(|pipeline| std::cmp::Reverse(pipeline["id"].as_u64()));
    let several = recent && world.setting("search_recent") == true;
    let found = candidates.iter().take(if several { 100 } else { 1 }).find_map(|pipeline| {
        family(world, project, pipeline).iter().find_map(|pipeline| {
            let named = list(pipeline, "jobs").filter(|job| job["name"] == wanted.as_str());
            let there = named.filter(|job| job["retried"] != true && !job["archive"].is_null());
            there.filter_map(|job| job["id"].as_u64()).max()
        })
    });
    found.ok_or_else(|| match several {
        true => error_case("search_recent_successful_pipelines found nothing"),
        false => Reply::message(404, "404 Not found"),
    })
}

/// A pipeline and its children in the same project, parents first.
fn family<'a>(world: &'a World, project: &Value, pipeline: &'a Value) -> Vec<&'a Value> {
    let mut all = vec![pipeline];
    let mut next = 0;
    while let Some(parent) = all.get(next).copied() {
        next += 1;
        let below =
            list(parent, "bridges").filter_map(|b| world.pipeline(b["downstream"].as_u64()?));
        all.extend(below.filter(|(owner, _)| owner["id"] == project["id"]).map(|(_, child)| child));
    }
    all
}

//! How archives and single files get out: redirected to the storage, proxied, or straight.

use std::sync::Arc;

use serde_json::{Value, json};

use super::entity::{expired, source};
use super::error_case;
use super::http::{Answer, Reply};
use super::page::page;
use super::read::job_of;
use super::route::Desk;
use super::unzip;
use super::world::{World, list};
use super::zip::{crc32, gzip};

/// The archive of a job, or the report file that `file_type` names.
pub fn archive(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let job = job_of(desk.world, project, id)?;
    let kind = desk.param("file_type").filter(|kind| *kind != "archive").map(str::to_owned);
    if desk.world.setting("file_type") == true
        && let Some(kind) = kind
    {
        return report(&job, &kind);
    }
    let bytes = desk.world.archive(&job).ok_or_else(no_archive)?;
    let proxied =
        desk.param("download_mode") == Some("proxy") && desk.world.setting("download_mode") == true;
    match desk.world.setting("archives").as_str() {
        Some("redirect") if proxied => Ok(ranged(desk, &bytes, "store")),
        Some("direct") => {
            let name = job["filename"].as_str().unwrap_or("artifacts.zip");
            let disposition = format!("attachment; filename=\"{name}\"; filename*=UTF-8''{name}");
            let reply = ranged(desk, &bytes, "direct");
            Ok(reply.header("Content-Disposition", disposition))
        }
        Some("proxied") => Ok(ranged(desk, &bytes, "store")),
        Some("redirect") => {
            let to = desk.place.sign(id);
            let body = format!("This resource has been moved temporarily to {to}.");
            Ok(Reply::new(302, "text/plain", body).header("Location", to))
        }
        other => panic!("archives {other:?}: not direct, proxied or redirect"),
    }
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

/// Returns the content of a report: a line that names its type, packed as runners pack reports,
/// 120 bytes.
pub fn report_file(kind: &str) -> Vec<u8> {
    gzip(format!("{:91}\n", format!("a report of type {kind}")).as_bytes())
}

fn no_archive() -> Reply {
    error_case("job exists, no archive (not finished, never uploaded, deleted, erased)")
}

/// The storage: no tokens here, only signed addresses, each with its own number of uses.
pub fn storage(desk: &mut Desk<'_>) -> Answer {
    let refused = || error_case("object store refuses the signed URL");
    for name in ["private-token", "job-token", "authorization", "cookie"] {
        if desk.asked.header(name).is_some() {
            desk.broken(format!("{name} leaked to the storage"));
        }
    }
    if desk.asked.method != "GET" {
        desk.broken(format!("the address is signed for GET, not {}", desk.asked.method));
        return Err(refused());
    }
    let most = desk.world.setting("signature_uses").as_u64().unwrap_or(u64::MAX);
    let Some(signed) = desk.place.signed.get_mut(desk.asked.target.as_str()) else {
        desk.broken(format!("nobody signed {}", desk.asked.target));
        return Err(refused());
    };
    signed.uses += 1;
    if signed.uses > most {
        return Err(refused());
    }
    let id = signed.job;
    let job = desk.world.job(id).map(|found| found.job.clone()).unwrap_or_default();
    let bytes = desk.world.archive(&job).ok_or_else(|| {
        let body = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>";
        Reply::new(404, "application/xml", body)
    })?;
    Ok(ranged(desk, &bytes, "store"))
}

/// The archive or the part of it that `Range` wants, as nginx and S3 do it.
fn ranged(desk: &mut Desk<'_>, bytes: &Arc<Vec<u8>>, by: &str) -> Reply {
    // The end of an archive is its directory, which knows every checksum; the whole of a big one
    // would take longer to sum than to send.
    let end = &bytes[bytes.len().saturating_sub(64 * 1024)..];
    let strong = format!("\"{:08x}-{}\"", crc32(end), bytes.len());
    let etag = match desk.world.setting("etag").as_str() {
        Some("none") => None,
        // What Rails makes of an empty body: the same for every archive.
        Some("weak") => Some("W/\"e3b0c44298fc1c149afbf4c8996fb924\"".to_owned()),
        _ => Some(strong),
    };
    if desk.asked.header("if-none-match").is_some() {
        desk.broken("If-None-Match: weak tags are the same for every archive");
    }
    let ranges = desk.world.setting("ranges") == true;
    let mut reply = Reply::new(200, "application/octet-stream", Vec::new());
    (reply.bytes, reply.span) = (Arc::clone(bytes), 0..bytes.len());
    if by == "direct" {
        reply = reply.header("Content-Transfer-Encoding", "binary");
    }
    reply = reply.header("Last-Modified", "Mon, 02 Mar 2026 10:03:40 GMT");
    if let Some(etag) = &etag {
        reply = reply.header("ETag", etag);
    }
    if ranges {
        reply = reply.header("Accept-Ranges", "bytes");
    }
    let same = match desk.asked.header("if-range") {
        None => true,
        Some(tag) if tag.starts_with("W/") => {
            desk.broken("If-Range with a weak tag");
            false
        }
        Some(tag) => Some(tag) == etag.as_deref(),
    };
    let Some(range) = desk.asked.header("range").filter(|_| ranges && same) else { return reply };
    let length = bytes.len();
    match wanted(range, length) {
        Err(why) => {
            desk.broken(why);
            reply
        }
        Ok(Some(span)) => {
            reply = reply
                .header("Content-Range", format!("bytes {}-{}/{length}", span.start, span.end - 1));
            (reply.status, reply.span) = (206, span);
            reply
        }
        Ok(None) => {
            desk.broken(format!("{range} is past the end of {length} bytes"));
            Reply::new(416, "text/html", "<html>416 Requested Range Not Satisfiable</html>")
                .header("Content-Range", format!("bytes */{length}"))
        }
    }
}

/// The bytes of a `Range`; nothing if it begins past the end.
fn wanted(range: &str, length: usize) -> Result<Option<std::ops::Range<usize>>, String> {
    let malformed = || format!("malformed range {range:?}");
    let (first, last) =
        range.strip_prefix("bytes=").and_then(|r| r.split_once('-')).ok_or_else(malformed)?;
    let number = |text: &str| text.parse::<usize>().map_err(|_| malformed());
    if first.is_empty() {
        let start = length.saturating_sub(number(last)?);
        return Ok((start < length).then_some(start..length));
    }
    let start = number(first)?;
    let end = if last.is_empty() { length } else { number(last)?.saturating_add(1) };
    if end <= start {
        return Err(malformed());
    }
    Ok((start < length).then(|| start..end.min(length)))
}

/// One file, whole: `Range` is not heard here. Refused as soon as the artifacts have expired.
pub fn file(desk: &mut Desk<'_>, project: &Value, id: u64, path: &str) -> Answer {
    let job = job_of(desk.world, project, id)?;
    if expired(&job) && job["locked"] != true {
        return Err(no_archive());
    }
    let bytes = desk.world.archive(&job).ok_or_else(no_archive)?;
    let entries = unzip::entries(&bytes);
    let entry = entries.iter().find(|entry| entry.name == path && !entry.folder());
    let missing = || error_case("single file: entry not in the zip (answered by workhorse)");
    let content = unzip::content(&bytes, entry.ok_or_else(missing)?);
    let name = path.rsplit('/').next().unwrap_or_default();
    Ok(Reply::new(200, "application/octet-stream", content)
        .header("Content-Disposition", format!("attachment; filename=\"{name}\"")))
}

/// A listing from the metadata: modes without type, no size for empty files.
pub fn tree(desk: &mut Desk<'_>, project: &Value, id: u64) -> Answer {
    let job = job_of(desk.world, project, id)?;
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

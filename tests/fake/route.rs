//! From a request to the part of the API that answers it, with everything checked that GitLab
//! lets pass: unknown addresses and parameters, tokens where they do not belong, odd paths.

use serde_json::{Value, json};

use super::auth::{Caller, Door, admit, caller};
use super::http::{Answer, Asked, Reply, decode};
use super::world::{World, list};
use super::{Place, deliver, error_case, read, write};

/// The arguments of a handler.
pub struct Desk<'a> {
    pub world: &'a mut World,
    pub asked: &'a Asked,
    pub place: &'a mut Place,
    /// Violations of the request.
    pub broken: Vec<String>,
    query: Vec<(String, String)>,
}

/// The resource of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    ThisJob,
    Project,
    Commit(String),
    Pipelines,
    Latest,
    Pipeline(u64),
    Bridges(u64),
    TriggerJobs(u64),
    Jobs(u64),
    Job(u64),
    Log(u64),
    MergeRequest(u64),
    Archive(u64),
    File(u64, String),
    Tree(u64),
    RefArchive(String),
    RefFile(String, String),
    Trigger,
    Create,
    Retry(u64),
    Cancel(u64),
    Play(u64),
    Keep(u64),
    Delete(u64),
    DeleteAll,
}

impl Desk<'_> {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn params<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Notes something that must never be sent.
    pub fn broken(&mut self, what: impl Into<String>) {
        self.broken.push(what.into());
    }
}

/// Answers a request to the API; the second part says what it did wrong.
pub fn answer(world: &mut World, place: &mut Place, asked: &Asked) -> (Reply, Vec<String>) {
    let mut broken = manners(world, asked);
    let query = asked.query().unwrap_or_else(|why| {
        broken.push(why);
        Vec::new()
    });
    if !broken.is_empty() {
        let reply = Reply::error(400, format!("the fake refuses: {}", broken.join("; ")));
        return (reply, broken);
    }
    let mut desk = Desk { world, asked, place, broken, query };
    let reply = dispatch(&mut desk).unwrap_or_else(|refusal| refusal);
    (reply, desk.broken)
}

/// Answers a request to the storage, likewise.
pub fn answer_storage(world: &mut World, place: &mut Place, asked: &Asked) -> (Reply, Vec<String>) {
    let mut desk = Desk { world, asked, place, broken: Vec::new(), query: Vec::new() };
    let reply = deliver::storage(&mut desk).unwrap_or_else(|refusal| refusal);
    (reply, desk.broken)
}

/// Returns the violations that do not depend on the resource.
fn manners(world: &World, asked: &Asked) -> Vec<String> {
    let mut broken = Vec::new();
    if asked.header("host").is_none() {
        broken.push("no Host header".to_owned());
    }
    if asked.header("private-token").is_some() && asked.header("job-token").is_some() {
        broken.push("both tokens sent".to_owned());
    }
    for name in ["authorization", "cookie"] {
        if asked.header(name).is_some() {
            broken.push(format!("{name} header sent"));
        }
    }
    let secrets =
        world.tokens().flat_map(|(_, token)| ["private", "job", "trigger"].map(|k| &token[k]));
    if secrets.filter_map(Value::as_str).any(|secret| asked.target.contains(secret)) {
        broken.push("a token in the address".to_owned());
    }
    match decode(asked.path()) {
        Err(why) => broken.push(why),
        Ok(path) if path.split('/').any(|part| part == ".." || part == ".") => {
            broken.push(format!("a dot segment in {path:?}"));
        }
        Ok(path) if path.contains('\0') => broken.push("NUL in the path".to_owned()),
        Ok(_) => {}
    }
    if asked.target.contains('#') || !asked.target.is_ascii() {
        broken.push(format!("{:?} is no address", asked.target));
    }
    broken
}

fn dispatch(desk: &mut Desk<'_>) -> Answer {
    let unknown = || Reply::error(404, "404 Not Found");
    let root = format!("{}/api/v4/", desk.world.setting("root").as_str().unwrap_or_default());
    let method = desk.asked.method.as_str();
    let path = desk.asked.path();
    let Some(rest) = path.strip_prefix(&root) else {
        desk.broken(format!("{path} is not below {root}"));
        return Err(unknown());
    };
    let parts: Vec<String> = rest.split('/').map(|p| decode(p).unwrap_or_default()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (key, what) = match parts.as_slice() {
        ["job"] if method == "GET" => ("", Some(What::ThisJob)),
        ["projects", key, rest @ ..] if !key.is_empty() => (*key, what(method, rest)),
        _ => ("", None),
    };
    let Some(what) = what else {
        desk.broken(format!("no such route: {method} {path}"));
        return Err(unknown());
    };
    let takes = takes(&what);
    let strange = desk.query.iter().find(|(key, _)| !takes.contains(&key.as_str())).cloned();
    if let Some((key, _)) = strange {
        desk.broken(format!("{method} {path} takes no parameter {key:?}"));
        return Err(Reply::error(400, format!("the fake knows no parameter {key}")));
    }
    if !served(desk.world, &what) {
        return Err(unknown());
    }
    let caller = caller(desk.world, desk.asked)?;
    if what == What::ThisJob {
        return read::this_job(desk, &caller);
    }
    let project = project(desk, key)?;
    let (door, permission) = door(&what);
    admit(desk.world, &caller, door, project.as_ref(), permission)?;
    let project = project.unwrap_or(Value::Null);
    hand_over(desk, &caller, &project, what)
}

/// The project with this id or path; one addressed by an old path is told where it went.
fn project(desk: &Desk<'_>, key: &str) -> Result<Option<Value>, Reply> {
    let moved = |project: &&Value| list(project, "old_paths").any(|path| path == key);
    if let Some(project) = desk.world.projects().find(moved) {
        if desk.asked.method != "GET" {
            return Err(error_case("project moved, non-GET by old path"));
        }
        let after = desk.asked.target.split_once("/projects/").map_or("", |(_, rest)| rest);
        let rest = after.find(['/', '?']).map_or("", |at| &after[at..]);
        let root = desk.world.setting("root").as_str().unwrap_or_default();
        let to = format!("{}{root}/api/v4/projects/{}{rest}", desk.place.api, project["id"]);
        let body = format!("This resource has been moved permanently to {to}");
        return Err(Reply::new(301, "text/plain", body).header("Location", to));
    }
    let id: Option<u64> = key.parse().ok();
    let wanted = |project: &&Value| match id {
        Some(id) => project["id"] == id,
        None => project["path"] == key,
    };
    Ok(desk.world.projects().find(wanted).cloned())
}

/// The routes below `/projects/:id`.
fn what(method: &str, rest: &[&str]) -> Option<What> {
    let id = |text: &str| text.parse::<u64>().ok();
    Some(match (method, rest) {
        ("GET", []) => What::Project,
        ("GET", ["repository", "commits", name]) => What::Commit((*name).to_owned()),
        ("GET", ["pipelines"]) => What::Pipelines,
        ("GET", ["pipelines", "latest"]) => What::Latest,
        ("GET", ["pipelines", pid]) => What::Pipeline(id(pid)?),
        ("GET", ["pipelines", pid, "bridges"]) => What::Bridges(id(pid)?),
        ("GET", ["pipelines", pid, "trigger_jobs"]) => What::TriggerJobs(id(pid)?),
        ("GET", ["pipelines", pid, "jobs"]) => What::Jobs(id(pid)?),
        ("POST", ["pipelines", pid, "retry"]) => What::Retry(id(pid)?),
        ("POST", ["pipelines", pid, "cancel"]) => What::Cancel(id(pid)?),
        ("GET", ["merge_requests", iid, "pipelines"]) => What::MergeRequest(id(iid)?),
        ("GET", ["jobs", "artifacts", rest @ .., "download"]) => What::RefArchive(rest.join("/")),
        ("GET", ["jobs", "artifacts", rest @ ..]) => {
            let raw = rest.iter().position(|part| *part == "raw")?;
            What::RefFile(rest[..raw].join("/"), rest[raw + 1..].join("/"))
        }
        ("GET", ["jobs", job]) => What::Job(id(job)?),
        ("GET", ["jobs", job, "trace"]) => What::Log(id(job)?),
        ("GET", ["jobs", job, "artifacts"]) => What::Archive(id(job)?),
        ("GET", ["jobs", job, "artifacts", "tree"]) => What::Tree(id(job)?),
        ("GET", ["jobs", job, "artifacts", path @ ..]) => What::File(id(job)?, path.join("/")),
        ("POST", ["jobs", job, "play"]) => What::Play(id(job)?),
        ("POST", ["jobs", job, "artifacts", "keep"]) => What::Keep(id(job)?),
        ("DELETE", ["jobs", job, "artifacts"]) => What::Delete(id(job)?),
        ("DELETE", ["artifacts"]) => What::DeleteAll,
        ("POST", ["trigger", "pipeline"]) => What::Trigger,
        ("POST", ["pipeline"]) => What::Create,
        _ => return None,
    })
}

/// The query parameters a route knows.
fn takes(what: &What) -> &'static [&'static str] {
    match what {
        What::Pipelines => {
            &["ref", "sha", "status", "source", "order_by", "sort", "page", "per_page"]
        }
        What::Latest => &["ref"],
        What::Bridges(_) | What::TriggerJobs(_) | What::MergeRequest(_) => &["page", "per_page"],
        What::Jobs(_) => &["include_retried", "scope[]", "page", "per_page"],
        What::RefFile(..) => &["job", "search_recent_successful_pipelines"],
        // Older servers take these as well, and do as if they had not been asked.
        What::RefArchive(_) => &["job", "search_recent_successful_pipelines", "download_mode"],
        What::Archive(_) => &["file_type", "download_mode"],
        What::Tree(_) => &["path", "recursive", "page", "per_page"],
        _ => &[],
    }
}

/// Returns if this version of GitLab has the route.
fn served(world: &World, what: &What) -> bool {
    match what {
        What::Bridges(_) => world.setting("bridges") == true,
        What::TriggerJobs(_) => world.setting("trigger_jobs") == true,
        What::Tree(_) => world.setting("tree") == true,
        _ => true,
    }
}

/// Returns the access rule of a route, and the permission that fine-grained job tokens need.
fn door(what: &What) -> (Door, &'static str) {
    match what {
        What::Archive(_) | What::File(..) | What::Tree(_) => (Door::JobToken, "read_jobs"),
        What::RefArchive(_) | What::RefFile(..) => (Door::JobToken, "read_jobs"),
        What::Pipelines | What::Pipeline(_) | What::Bridges(_) | What::TriggerJobs(_) => {
            (Door::JobTokenIfNew, "read_pipelines")
        }
        What::Jobs(_) => (Door::JobTokenIfNew, "read_jobs"),
        What::Job(_) | What::Log(_) => (Door::Person, ""),
        What::Retry(_) | What::Cancel(_) | What::Play(_) | What::Keep(_) | What::Delete(_) => {
            (Door::Writer, "")
        }
        What::DeleteAll | What::Create => (Door::Writer, ""),
        What::Trigger => (Door::Own, ""),
        What::ThisJob | What::Project | What::Commit(_) | What::Latest | What::MergeRequest(_) => {
            (Door::Anybody, "")
        }
    }
}

fn hand_over(desk: &mut Desk<'_>, caller: &Caller, project: &Value, what: What) -> Answer {
    match what {
        What::ThisJob => read::this_job(desk, caller),
        What::Project => read::project(project),
        What::Commit(name) => read::commit(project, &name),
        What::Pipelines => read::pipelines(desk, project),
        What::Latest => read::latest(desk, project),
        What::Pipeline(id) => read::pipeline(desk, project, id),
        What::Bridges(id) | What::TriggerJobs(id) => read::bridges(desk, project, id),
        What::Jobs(id) => read::jobs(desk, project, id),
        What::Job(id) => read::job(desk, project, id),
        What::Log(id) => read::log(desk, project, id),
        What::MergeRequest(iid) => read::merge_request(desk, project, iid),
        What::Archive(id) => deliver::archive(desk, project, id),
        What::File(id, path) => deliver::file(desk, project, id, &path),
        What::Tree(id) => deliver::tree(desk, project, id),
        What::RefArchive(name) => deliver::ref_archive(desk, project, &name),
        What::RefFile(name, path) => deliver::ref_file(desk, project, &name, &path),
        What::Trigger => write::trigger(desk, project),
        What::Create => write::create(desk, project),
        What::Retry(id) => write::retry(desk, project, id),
        What::Cancel(id) => write::cancel(desk, project, id),
        What::Play(id) => write::play(desk, project, id),
        What::Keep(id) => write::keep(desk, project, id),
        What::Delete(id) => write::delete(desk, project, id),
        What::DeleteAll => {
            write::delete_all(desk, project);
            Ok(Reply::json(202, &json!({"message": "202 Accepted"})))
        }
    }
}

//! From a request to the part of the API that answers it, with everything checked that GitLab
//! lets pass: unknown addresses and parameters, tokens where they do not belong, odd paths.

use serde_json::{Value, json};

use super::auth::{Caller, Door, Needs, Role, admit, bearer_of_curl, caller};
use super::denial::error_case;
use super::dress::{SignIn, apache_404, nginx};
use super::http::{Answer, Asked, Reply, decode};
use super::store::{self, Place};
use super::world::{World, list};
use super::{deliver, merge_request, read, write};

/// The request, the world and the place that a handler works with.
pub struct Desk<'a> {
    pub world: &'a mut World,
    pub asked: &'a Asked,
    pub place: &'a mut Place,
    /// Of the caller, once they are let in.
    pub role: Role,
    /// Notes of what no request should do.
    pub broken: Vec<String>,
    query: Vec<(String, String)>,
}

/// The routes of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    ThisJob,
    Project,
    Commit(String),
    Branch(String),
    Pipelines,
    Latest,
    Pipeline(u64),
    Bridges(u64),
    TriggerJobs(u64),
    Jobs(u64),
    Job(u64),
    Log(u64),
    MergeRequests,
    MergeRequest(u64),
    MergeRequestPipelines(u64),
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
    let mut desk = Desk { world, asked, place, role: Role::Nobody, broken, query };
    let mut reply = dispatch(&mut desk).unwrap_or_else(|refusal| refusal);
    // Grape, which serves the API, answers HEAD wherever GET is answered.
    if asked.method == "HEAD" && reply.status == 302 {
        reply.status = 303;
    }
    (reply, desk.broken)
}

/// Answers a request to the storage, likewise.
pub fn answer_storage(world: &mut World, place: &mut Place, asked: &Asked) -> (Reply, Vec<String>) {
    let (role, query) = (Role::Nobody, Vec::new());
    let mut desk = Desk { world, asked, place, role, broken: Vec::new(), query };
    let reply = store::storage(&mut desk).unwrap_or_else(|refusal| refusal);
    (reply, desk.broken)
}

/// Notes of what no request may do, whatever its route.
fn manners(world: &World, asked: &Asked) -> Vec<String> {
    let mut broken = Vec::new();
    if asked.header("host").is_none() {
        broken.push("no Host header".to_owned());
    }
    if asked.header("private-token").is_some() && asked.header("job-token").is_some() {
        broken.push("both tokens sent".to_owned());
    }
    for name in ["authorization", "cookie"] {
        let by_curl = name == "authorization" && bearer_of_curl(asked).is_some();
        if asked.header(name).is_some() && !by_curl {
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

/// The answers of what stands before GitLab, and the pages beside the API.
fn before_the_api(desk: &mut Desk<'_>) -> Option<Reply> {
    let path = desk.asked.path();
    let redirect = desk.world.setting("https_redirect").as_u64();
    if let Some(status) = redirect.filter(|_| desk.asked.header("x-forwarded-proto").is_none()) {
        let host = desk.asked.header("host").unwrap_or_default();
        let origin = desk.place.https.clone().unwrap_or_else(|| format!("https://{host}"));
        let status = u16::try_from(status).unwrap();
        return Some(nginx(status).header("Location", format!("{origin}{}", desk.asked.target)));
    }
    if path.contains("%2F") || path.contains("%2f") {
        match desk.world.setting("encoded_slash").as_str() {
            Some("apache") => return Some(apache_404()),
            Some("nginx") => return Some(nginx(404)),
            Some("decoded") => return Some(Reply::error(404, "404 Not Found")),
            _ => {}
        }
    }
    let root = desk.world.setting("root").as_str().unwrap_or_default();
    (path == format!("{root}/users/sign_in")).then(|| SignIn::Plain.reply())
}

fn dispatch(desk: &mut Desk<'_>) -> Answer {
    let unknown = || Reply::error(404, "404 Not Found");
    if let Some(reply) = before_the_api(desk) {
        return Err(reply);
    }
    let root = format!("{}/api/v4/", desk.world.setting("root").as_str().unwrap_or_default());
    let head = desk.asked.method == "HEAD";
    if head {
        desk.broken("HEAD shows nothing that the first bytes of a GET do not");
    }
    let method = if head { "GET" } else { desk.asked.method.as_str() };
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
    admit(desk.world, &caller, needs(&what), project.as_ref())?;
    let project = project.unwrap_or(Value::Null);
    desk.role = caller.role(&project);
    hand_over(desk, &caller, &project, what)
}

/// The project with this id or path; one addressed by an old path is told where it went.
fn project(desk: &Desk<'_>, key: &str) -> Result<Option<Value>, Reply> {
    let moved = |project: &&Value| {
        project["hidden"] != true && list(project, "old_paths").any(|path| path == key)
    };
    if let Some(project) = desk.world.projects().find(moved) {
        if !["GET", "HEAD"].contains(&desk.asked.method.as_str()) {
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
    Ok(desk.world.projects().filter(|project| project["hidden"] != true).find(wanted).cloned())
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
        ("GET", ["repository", "branches", name]) => What::Branch((*name).to_owned()),
        ("GET", ["merge_requests"]) => What::MergeRequests,
        ("GET", ["merge_requests", iid]) => What::MergeRequest(id(iid)?),
        ("GET", ["merge_requests", iid, "pipelines"]) => What::MergeRequestPipelines(id(iid)?),
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
        What::Pipelines => &[
            "ref", "sha", "status", "scope", "source", "name", "order_by", "sort", "page",
            "per_page",
        ],
        What::Latest => &["ref"],
        What::Bridges(_) | What::TriggerJobs(_) => &["page", "per_page"],
        What::MergeRequestPipelines(_) => &["page", "per_page"],
        What::MergeRequests => {
            &["source_branch", "state", "iids[]", "order_by", "sort", "page", "per_page"]
        }
        What::Jobs(_) => &["include_retried", "scope[]", "page", "per_page"],
        What::RefFile(..) => &["job", "search_recent_successful_pipelines"],
        // Older servers take these as well, and do as if they had not been asked.
        What::RefArchive(_) => &["job", "search_recent_successful_pipelines", "download_mode"],
        What::Archive(_) => &["file_type", "download_mode"],
        What::Tree(_) => &["path", "recursive", "page", "per_page"],
        _ => &[],
    }
}

/// Returns true if a server of this version has the route.
fn served(world: &World, what: &What) -> bool {
    match what {
        What::Bridges(_) => world.setting("bridges") == true,
        What::TriggerJobs(_) => world.setting("trigger_jobs") == true,
        What::Tree(_) => world.setting("tree") == true,
        _ => true,
    }
}

/// The door of a route, and the permissions that fine-grained tokens need there.
fn needs(what: &What) -> Needs {
    use Door::{Anybody, Deleter, JobToken, JobTokenIfNew, Own, Person, Writer};
    let (door, job_permission, permission) = match what {
        What::Archive(_) | What::File(..) | What::Tree(_) => {
            (JobToken, "read_jobs", "download_job_artifact")
        }
        What::RefArchive(_) | What::RefFile(..) => (JobToken, "read_jobs", "download_job_artifact"),
        What::Pipelines | What::Pipeline(_) => (JobTokenIfNew, "read_pipelines", "read_pipeline"),
        What::Bridges(_) | What::TriggerJobs(_) => {
            (JobTokenIfNew, "read_pipelines", "read_pipeline_bridge")
        }
        What::Jobs(_) => (JobTokenIfNew, "read_jobs", "read_pipeline_job"),
        What::Job(_) | What::Log(_) => (Person, "", "read_job"),
        What::Retry(_) => (Writer, "", "retry_pipeline"),
        What::Cancel(_) => (Writer, "", "cancel_pipeline"),
        What::Play(_) => (Writer, "", "play_job"),
        What::Keep(_) => (Writer, "", "preserve_job_artifact"),
        What::Delete(_) => (Deleter, "", "delete_job_artifact"),
        What::DeleteAll => (Deleter, "", "delete_artifact"),
        What::Create => (Writer, "", "create_pipeline"),
        What::Trigger => (Own, "", ""),
        What::Latest => (Anybody, "", "read_pipeline"),
        What::Commit(_) => (Anybody, "", "read_commit"),
        What::Branch(_) => (Anybody, "", "read_branch"),
        What::MergeRequests | What::MergeRequest(_) | What::MergeRequestPipelines(_) => {
            (Anybody, "", "read_merge_request")
        }
        What::ThisJob | What::Project => (Anybody, "", "read_project"),
    };
    Needs { door, job_permission, permission }
}

fn hand_over(desk: &mut Desk<'_>, caller: &Caller, project: &Value, what: What) -> Answer {
    match what {
        What::ThisJob => read::this_job(desk, caller),
        What::Project => read::project(desk, project),
        What::Commit(name) => read::commit(desk, project, &name),
        What::Branch(name) => read::branch(desk, project, &name),
        What::Pipelines => read::pipelines(desk, project),
        What::Latest => read::latest(desk, project),
        What::Pipeline(id) => read::pipeline(desk, project, id),
        What::Bridges(id) | What::TriggerJobs(id) => read::bridges(desk, project, id),
        What::Jobs(id) => read::jobs(desk, project, id),
        What::Job(id) => read::job(desk, project, id),
        What::Log(id) => read::log(desk, project, id),
        What::MergeRequests => merge_request::list_of(desk, project),
        What::MergeRequest(iid) => merge_request::one(desk, project, iid),
        What::MergeRequestPipelines(iid) => merge_request::pipelines(desk, project, iid),
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

//! Callers by their tokens, and what GitLab lets them see. The bodies are those of `fixtures/api/errors.json`.

use serde_json::Value;

use super::denial::{self, error_case};
use super::http::{Asked, Reply};
use super::world::{World, list};

/// The caller, by the token sent.
#[derive(Debug, Clone)]
pub enum Caller {
    Nobody,
    /// A private token.
    Person(Value),
    /// The token of a running job.
    Job(Value),
}

/// The role of the user behind a token in all projects of the world; maintainer if not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Nobody,
    Guest,
    Reporter,
    Developer,
    Maintainer,
    Owner,
}

impl Caller {
    /// The role in a project; a person's token that is for other projects has none.
    pub fn role(&self, project: &Value) -> Role {
        let (Caller::Person(token) | Caller::Job(token)) = self else { return Role::Nobody };
        let elsewhere = matches!(self, Caller::Person(_)) && !is_member(token, project);
        match token["role"].as_str() {
            _ if token.is_null() || elsewhere => Role::Nobody,
            Some("guest") => Role::Guest,
            Some("reporter") => Role::Reporter,
            Some("developer") => Role::Developer,
            None | Some("maintainer") => Role::Maintainer,
            Some("owner") => Role::Owner,
            Some(other) => panic!("no such role: {other}"),
        }
    }
}

/// Returns true if a private token is good for this project; without a list it is for all.
fn is_member(token: &Value, project: &Value) -> bool {
    token["projects"].is_null() || list(token, "projects").any(|id| *id == project["id"])
}

/// How a route treats those who are not persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Takes job tokens on every server.
    JobToken,
    /// Takes job tokens on newer servers; older ones ignore them.
    JobTokenIfNew,
    /// Ignores job tokens; public projects answer to anybody.
    Anybody,
    /// Wants a person, whatever the project.
    Person,
    /// Wants a person who may write: a developer, as GitLab's roles go.
    Writer,
    /// Wants a person who may delete: a maintainer.
    Deleter,
    /// Looks for its own token in the body.
    Own,
}

impl Door {
    /// Returns true if something is changed behind it.
    pub fn changes(self) -> bool {
        matches!(self, Door::Writer | Door::Deleter | Door::Own)
    }
}

/// The requirements of a route.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    pub door: Door,
    /// The permission of fine-grained job tokens; empty where there is none.
    pub job_permission: &'static str,
    /// The permission of fine-grained private tokens.
    pub permission: &'static str,
}

/// Returns the bearer token that curl sends. It drops that header at a redirect to another host, and
/// no other one with a token. The program itself sends none.
pub fn bearer_of_curl(asked: &Asked) -> Option<&str> {
    let by_curl = asked.header("user-agent").is_some_and(|agent| agent.starts_with("curl/"));
    asked.header("authorization").filter(|_| by_curl)?.strip_prefix("Bearer ")
}

/// Returns the caller; an unknown, expired or revoked token is refused at once, wherever it is used.
pub fn caller(world: &World, asked: &Asked) -> Result<Caller, Reply> {
    let token = |kind: &str, secret: &str| {
        let mut all = world.tokens().map(|(_, token)| token);
        all.find(|token| token[kind] == secret).cloned()
    };
    // GitLab takes either kind of token as a bearer token, too.
    let bearer = bearer_of_curl(asked);
    let job_bearer = bearer.filter(|secret| token("job", secret).is_some());
    let private_bearer = bearer.filter(|_| job_bearer.is_none());
    if let Some(secret) = asked.header("private-token").or(private_bearer) {
        let Some(token) = token("private", secret) else {
            if secret.starts_with("glcbt-") {
                return Ok(Caller::Nobody);
            }
            return Err(error_case("bad or expired-by-time PAT unknown to the server"));
        };
        if token["expired"] == true {
            return Err(error_case("expired PAT"));
        }
        if token["revoked"] == true {
            return Err(error_case("revoked PAT"));
        }
        if token["dpop"] == true {
            return Err(denial::dpop());
        }
        return Ok(Caller::Person(token));
    }
    Ok(match asked.header("job-token").or(job_bearer) {
        None => Caller::Nobody,
        Some(secret) => match token("job", secret) {
            Some(token) if token["finished"] != true && token["expired"] != true => {
                Caller::Job(token)
            }
            // Unknown or finished: refused where job tokens are looked at, ignored elsewhere.
            _ => Caller::Job(Value::Null),
        },
    })
}

/// Lets the caller through a door to a project, or says what GitLab says.
pub fn admit(
    world: &World,
    caller: &Caller,
    needs: Needs,
    project: Option<&Value>,
) -> Result<(), Reply> {
    let Needs { door, job_permission, permission } = needs;
    let missing = || error_case("project missing or invisible");
    let anonymous = || Reply::message(401, "401 Unauthorized");
    let forbidden = || error_case("no permission (role, artifacts:access, CI visibility)");
    let lists = world.setting("job_token_lists");
    let takes_job_token = match door {
        Door::JobToken => true,
        // The lists of jobs came a few versions before those of pipelines.
        Door::JobTokenIfNew => {
            *lists == true || (*lists == "jobs" && job_permission == "read_jobs")
        }
        _ => false,
    };
    let archived = project.is_some_and(|project| project["archived"] == true);
    match caller {
        _ if door == Door::Own && archived => Err(denial::archived()),
        _ if door == Door::Own => Ok(()),
        Caller::Person(token) => {
            let scopes: Vec<&str> = list(token, "scopes").filter_map(Value::as_str).collect();
            let enough = token["scopes"].is_null()
                || scopes.contains(&"api")
                || (!door.changes() && scopes.contains(&"read_api"));
            if !enough {
                return Err(error_case("PAT lacks scope"));
            }
            let project = project.ok_or_else(missing)?;
            match (is_member(token, project), project["public"] == true) {
                (true, _) => {}
                (false, true) if !door.changes() => {}
                (false, true) => return Err(forbidden()),
                (false, false) => return Err(missing()),
            }
            let granted = &token["permissions"];
            let classic = granted.is_null() && project["fine_grained_only"] != true;
            if !classic && !list(token, "permissions").any(|granted| granted == permission) {
                return Err(denial::granular(&[permission]));
            }
            if door.changes() && archived {
                return Err(denial::archived());
            }
            let least = match door {
                Door::Writer => Role::Developer,
                Door::Deleter => Role::Maintainer,
                _ => Role::Nobody,
            };
            if caller.role(project) < least { Err(forbidden()) } else { Ok(()) }
        }
        Caller::Job(token) if takes_job_token => {
            if token.is_null() {
                return Err(error_case("JOB-TOKEN of a finished job on a job-token route"));
            }
            allowlisted(world, token, project.ok_or_else(missing)?, job_permission)
        }
        Caller::Nobody | Caller::Job(_) => match door {
            Door::Person | Door::Writer | Door::Deleter => Err(anonymous()),
            _ if project.is_some_and(|project| project["public"] == true) => Ok(()),
            _ => Err(missing()),
        },
    }
}

/// Returns an error unless the project admits the tokens of the calling project's jobs.
fn allowlisted(
    world: &World,
    token: &Value,
    project: &Value,
    permission: &str,
) -> Result<(), Reply> {
    let home =
        if token["project"].is_null() { &world.here()["project"] } else { &token["project"] };
    if *home == project["id"] || project["public"] == true {
        return Ok(());
    }
    if !list(project, "job_token_allowlist").any(|id| id == home) {
        if world.setting("allowlist_errors") == "old" {
            return Err(error_case("job token, project not on allowlist (old servers)"));
        }
        let caller = world.projects().find(|project| project["id"] == *home);
        let path = caller.and_then(|caller| caller["path"].as_str()).unwrap_or_default();
        let (from, to) = match world.setting("allowlist_errors") == "path" {
            true => (path, project["path"].as_str().unwrap_or_default().to_owned()),
            false => {
                (path.rsplit('/').next().unwrap_or_default(), format!("project #{}", project["id"]))
            }
        };
        return Err(denial::forbidden(&format!(
            "Authentication by CI/CD job token not allowed from {from} to {to}."
        )));
    }
    let some = &project["job_token_permissions"];
    if some.is_null() || list(project, "job_token_permissions").any(|p| p == permission) {
        return Ok(());
    }
    let path = project["path"].as_str().unwrap_or_default();
    let number = format!("#{}", project["id"]);
    let both = ["read_pipelines", "read_jobs"];
    Err(match world.setting("permission_errors").as_str() {
        Some("path") => denial::job_permissions(path, &[permission]),
        Some("plural") => denial::job_permissions(&number, &both),
        Some("plural-path") => denial::job_permissions(path, &both),
        Some("unpoliced") => denial::unpoliced(),
        _ => denial::job_permissions(&number, &[permission]),
    })
}

//! Authentication and permissions. The bodies are those of `fixtures/api/errors.json`.

use serde_json::Value;

use super::error_case;
use super::http::{Asked, Reply};
use super::world::{World, list};

/// The caller, identified by the token of the request.
#[derive(Debug, Clone)]
pub enum Caller {
    Nobody,
    /// A private token.
    Person(Value),
    /// The token of a running job.
    Job(Value),
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
    /// Wants a person who may write.
    Writer,
    /// Looks for its own token in the body.
    Own,
}

/// Identifies the caller; an unknown, expired or revoked token is refused on every route.
pub fn caller(world: &World, asked: &Asked) -> Result<Caller, Reply> {
    let token = |kind: &str, secret: &str| {
        let mut all = world.tokens().map(|(_, token)| token);
        all.find(|token| token[kind] == secret).cloned()
    };
    if let Some(secret) = asked.header("private-token") {
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
        return Ok(Caller::Person(token));
    }
    Ok(match asked.header("job-token") {
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
    door: Door,
    project: Option<&Value>,
    permission: &str,
) -> Result<(), Reply> {
    let missing = || error_case("project missing or invisible");
    let anonymous = || Reply::message(401, "401 Unauthorized");
    let takes_job_token = match door {
        Door::JobToken => true,
        Door::JobTokenIfNew => world.setting("job_token_lists") == true,
        _ => false,
    };
    match caller {
        _ if door == Door::Own => Ok(()),
        Caller::Person(token) => {
            let scopes: Vec<&str> = list(token, "scopes").filter_map(Value::as_str).collect();
            let enough = token["scopes"].is_null()
                || scopes.contains(&"api")
                || (door != Door::Writer && scopes.contains(&"read_api"));
            if !enough {
                return Err(error_case("PAT lacks scope"));
            }
            let project = project.ok_or_else(missing)?;
            let member = token["projects"].is_null()
                || list(token, "projects").any(|id| *id == project["id"]);
            match (member, project["public"] == true) {
                (true, _) => Ok(()),
                (false, true) if door != Door::Writer => Ok(()),
                (false, true) => {
                    Err(error_case("no permission (role, artifacts:access, CI visibility)"))
                }
                (false, false) => Err(missing()),
            }
        }
        Caller::Job(token) if takes_job_token => {
            if token.is_null() {
                return Err(error_case("JOB-TOKEN of a finished job on a job-token route"));
            }
            allowlisted(world, token, project.ok_or_else(missing)?, permission)
        }
        Caller::Nobody | Caller::Job(_) => match door {
            Door::Person | Door::Writer => Err(anonymous()),
            _ if project.is_some_and(|project| project["public"] == true) => Ok(()),
            _ => Err(missing()),
        },
    }
}

/// Returns if the project's allowlist admits job tokens of the calling project.
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
        let name = path.rsplit('/').next().unwrap_or_default();
        return Err(Reply::message(
            403,
            format!(
                "403 Forbidden - Authentication by CI/CD job token not allowed from {name} to project #{}.",
                project["id"]
            ),
        ));
    }
    let some = &project["job_token_permissions"];
    if some.is_null() || list(project, "job_token_permissions").any(|p| p == permission) {
        return Ok(());
    }
    Err(Reply::message(
        403,
        format!(
            "403 Forbidden - Insufficient permissions to access this resource in project #{}. \
         The following token permission is required: {permission}.",
            project["id"]
        ),
    ))
}

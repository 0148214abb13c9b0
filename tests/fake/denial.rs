//! The wordings of refusals: those of `fixtures/api/errors.json`, and those that depend on who
//! asked for what. Sources: GitLab's `lib/api/helpers.rb` and `lib/api/api_guard.rb`.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::fault::Fault;
use super::http::Reply;
use super::world::fixtures;

/// The answer of `fixtures/api/errors.json` with this case.
pub fn error_case(case: &str) -> Reply {
    static CASES: OnceLock<Value> = OnceLock::new();
    let cases = CASES.get_or_init(|| {
        let text = std::fs::read_to_string(fixtures().join("api/errors.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    let found = cases.as_array().into_iter().flatten().find(|one| one["case"] == case);
    let found = found.unwrap_or_else(|| panic!("errors.json has no case {case:?}"));
    let body = match &found["body"] {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    let status = found["status"].as_u64().and_then(|s| u16::try_from(s).ok()).unwrap();
    let mut reply = Reply::new(status, "", body);
    for (name, value) in found["headers"].as_object().into_iter().flatten() {
        reply = reply.header(name, value.as_str().unwrap_or_default());
    }
    reply
}

/// 403 with GitLab's reason behind a dash.
pub fn forbidden(reason: &str) -> Reply {
    Reply::message(403, format!("403 Forbidden - {reason}"))
}

/// A job token without these permissions; the project as `#93` or as a path.
pub fn job_permissions(project: &str, permissions: &[&str]) -> Reply {
    let required = match permissions {
        [one] => format!("The following token permission is required: {one}."),
        [first @ .., last] => format!(
            "The following token permissions are required: {} and {last}.",
            first.join(", ")
        ),
        [] => return unpoliced(),
    };
    forbidden(&format!(
        "Insufficient permissions to access this resource in project {project}. {required}"
    ))
}

/// A job token at a route that admits none of them, whatever its permissions.
pub fn unpoliced() -> Reply {
    forbidden("This action is unauthorized for CI/CD job tokens.")
}

/// A private token without these fine-grained permissions, such as `download_job_artifact`.
pub fn granular(permissions: &[&str]) -> Reply {
    let mut titles: Vec<String> = permissions.iter().map(|name| assignable(name)).collect();
    titles.sort();
    titles.dedup();
    Reply::json(
        403,
        &json!({
            "error": "insufficient_granular_scope",
            "error_description": format!(
                "Access denied: This operation requires a fine-grained personal access token with \
                 the following project permissions: [{}].",
                titles.join(", ")
            ),
        }),
    )
}

/// The permission that is chosen when a token is created, `Job Artifact: Read`, for one that a route
/// needs, `download_job_artifact`. GitLab groups some of the latter.
fn assignable(permission: &str) -> String {
    let permission = match permission {
        "download_job_artifact" => "read_job_artifact",
        "preserve_job_artifact" => "update_job_artifact",
        "read_pipeline_bridge" | "read_pipeline_job" => "read_pipeline",
        "retry_pipeline" | "cancel_pipeline" => "update_pipeline",
        "play_job" => "run_job",
        "read_merge_request_pipeline" => "read_merge_request",
        other => other,
    };
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    let (action, resource) = permission.split_once('_').unwrap_or((permission, ""));
    let resource: Vec<String> = resource.split('_').map(capital).collect();
    format!("{}: {}", resource.join(" "), capital(action))
}

/// 401: the server wants a proof of possession beside the token.
pub fn dpop() -> Reply {
    Reply::json(401, &json!({"error": "dpop_error", "error_description": "DPoP header is missing"}))
}

/// 403 to every change of an archived project.
pub fn archived() -> Reply {
    forbidden("Project is archived")
}

/// Refusals, scripted for single requests.
impl Fault {
    /// The answer of `fixtures/api/errors.json` with this case.
    pub fn case(self, case: &str) -> Fault {
        self.reply(error_case(case))
    }

    /// 403 with a reason: `403 Forbidden - REASON`.
    pub fn forbidden(self, reason: &str) -> Fault {
        self.reply(forbidden(reason))
    }

    /// 403 for a job token without these permissions; the project as `#93` or as a path.
    pub fn job_permissions(self, project: &str, permissions: &[&str]) -> Fault {
        self.reply(job_permissions(project, permissions))
    }

    /// 403 for a job token at a route that admits none of them.
    pub fn unpoliced(self) -> Fault {
        self.reply(unpoliced())
    }

    /// 403 `insufficient_granular_scope`, with the names of the permissions.
    pub fn granular(self, permissions: &[&str]) -> Fault {
        self.reply(granular(permissions))
    }

    /// 403 `insufficient_scope`.
    pub fn scope(self) -> Fault {
        self.case("PAT lacks scope")
    }

    /// 401 `dpop_error`.
    pub fn dpop(self) -> Fault {
        self.reply(dpop())
    }

    /// 403 of an archived project.
    pub fn archived(self) -> Fault {
        self.reply(archived())
    }

    /// 409: something else works on the same pipeline or job.
    pub fn locked(self) -> Fault {
        self.case("resource lock")
    }
}

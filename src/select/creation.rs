//! The reason why a pipeline exists but has no jobs: GitLab could not create it as it should.

use crate::model::{Pipeline, Status};

/// Returns true if a list without jobs has a reason that GitLab can tell: it creates no pipeline
/// without jobs, unless their creation fails.
pub fn may_have_reason(pipeline: &Pipeline, jobs: usize) -> bool {
    jobs == 0 && pipeline.status == Status::Failed
}

/// Returns GitLab's reason in one line: the `failure_reason` of the bridge, and the errors in the
/// configuration of the pipeline.
pub fn reason(bridge: Option<&str>, yaml_errors: Option<&str>) -> Option<String> {
    let lines = yaml_errors.unwrap_or_default().lines().map(str::trim);
    let yaml_errors = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    match (bridge, yaml_errors.as_str()) {
        (None, "") => None,
        (Some(bridge), "") => Some(bridge.to_owned()),
        (None, errors) => Some(errors.to_owned()),
        (Some(bridge), errors) => Some(format!("{bridge}: {errors}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_that_of_the_bridge_and_that_of_the_configuration() {
        for (bridge, errors, expect) in [
            (None, None, None),
            (None, Some(" \n"), None),
            (Some("creation_failed"), None, Some("creation_failed")),
            (None, Some("no job\n\n  no stage\n"), Some("no job; no stage")),
            (Some("creation_failed"), Some("no job"), Some("creation_failed: no job")),
        ] {
            assert_eq!(reason(bridge, errors).as_deref(), expect, "{bridge:?} {errors:?}");
        }
    }

    #[test]
    fn only_a_failed_pipeline_without_jobs_has_one() {
        for (status, jobs, expect) in [
            ("failed", 0, true),
            ("failed", 1, false),
            ("success", 0, false),
            ("running", 0, false),
        ] {
            let json = format!(r#"{{"id": 1, "status": "{status}"}}"#);
            let pipeline: Pipeline = serde_json::from_str(&json).unwrap();
            assert_eq!(may_have_reason(&pipeline, jobs), expect, "{status} {jobs}");
        }
    }
}

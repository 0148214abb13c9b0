//! The advice for each reason why GitLab created no downstream pipeline.
//!
//! Source: `app/models/concerns/enums/ci/commit_status.rs` and the services that start downstream
//! pipelines.

/// Returns the advice for a `failure_reason` of a bridge, if it is a known one.
pub(super) fn hint(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "downstream_bridge_project_not_found" => {
            "check `trigger: project:`, and that the user who ran the upstream pipeline may see that project"
        }
        "insufficient_bridge_permissions" | "insufficient_upstream_permissions" => {
            "the user who ran the upstream pipeline may not start pipelines in that project or on that branch"
        }
        "invalid_bridge_trigger" => "check `trigger:` of that bridge",
        "downstream_pipeline_creation_failed" => {
            "GitLab could not create the pipeline: check its configuration and its rules, and run the bridge again"
        }
        "pipeline_loop_detected" => "the pipelines would trigger each other for ever",
        "reached_max_descendant_pipelines_depth" => {
            "GitLab allows two levels of child pipelines below a pipeline"
        }
        "reached_max_pipeline_hierarchy_size" => {
            "the pipelines that one pipeline triggered are too many for this GitLab"
        }
        "reached_downstream_pipeline_trigger_rate_limit" => {
            "too many pipelines were triggered within a minute: run the bridge again later"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_reason_has_advice_of_its_own() {
        for (reason, advice) in [
            ("downstream_bridge_project_not_found", "`trigger: project:`"),
            ("insufficient_bridge_permissions", "may not start pipelines"),
            ("insufficient_upstream_permissions", "may not start pipelines"),
            ("invalid_bridge_trigger", "check `trigger:` of that bridge"),
            ("downstream_pipeline_creation_failed", "its configuration and its rules"),
            ("pipeline_loop_detected", "trigger each other"),
            ("reached_max_descendant_pipelines_depth", "two levels"),
            ("reached_max_pipeline_hierarchy_size", "too many for this GitLab"),
            ("reached_downstream_pipeline_trigger_rate_limit", "within a minute"),
        ] {
            assert!(hint(reason).is_some_and(|hint| hint.contains(advice)), "{reason}");
        }
        assert_eq!(hint("script_failure"), None);
    }
}

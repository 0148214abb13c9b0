//! `--from any`: whether a job that no downstream pipeline has is looked for in the pipeline itself.

use crate::refusal::{Refusal, UntriggeredBridge};
use crate::select::outcome::Attempts;

/// Returns true if a job is in none of the downstream pipelines, so that the pipeline itself is
/// searched. A downstream job that failed is not passed over, nor is a bridge that was asked for and
/// does not exist. While waiting, a bridge that may still trigger a pipeline comes first.
pub fn looks_in_pipeline_itself(refusal: &Refusal, attempts: Attempts) -> bool {
    let pending = |bridges: &[UntriggeredBridge]| {
        attempts == Attempts::UntilTimeout && bridges.iter().any(UntriggeredBridge::may_trigger)
    };
    match refusal {
        Refusal::NoBridges { .. } => true,
        Refusal::NotTriggered { bridges } => !pending(bridges),
        Refusal::NoJob { untriggered, .. } => !pending(untriggered),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Attempts::{One, UntilTimeout};
    use super::*;
    use crate::model::{JobId, PipelineAt, PipelineId, ProjectRef, Status};
    use crate::refusal::JobName;

    #[test]
    fn only_a_job_that_is_in_no_downstream_pipeline_is_looked_for_elsewhere() {
        let bridge = |status| UntriggeredBridge {
            name: "b".to_owned(),
            status,
            reason: None,
            may_fail: false,
        };
        let no_job = |untriggered| Refusal::NoJob {
            wanted: vec!["build".to_owned()],
            seen: Vec::new(),
            pipelines: Vec::new(),
            untriggered,
        };
        let upstream = PipelineAt { project: ProjectRef::Id(1), id: PipelineId(10) };
        let failed = Refusal::Unsuccessful {
            job: JobName { name: "build".to_owned(), id: JobId(1) },
            status: Status::Failed,
            reason: None,
            may_be_retried: false,
        };
        let no_bridge = Refusal::NoBridge { wanted: Vec::new(), seen: Vec::new(), ended: None };
        let not_triggered = |status| Refusal::NotTriggered { bridges: vec![bridge(status)] };
        for (refusal, once, waiting) in [
            (Refusal::NoBridges { upstream, ended: None }, true, true),
            (not_triggered(Status::Manual), true, true),
            (not_triggered(Status::Created), true, false),
            (no_job(Vec::new()), true, true),
            (no_job(vec![bridge(Status::Failed)]), true, true),
            (no_job(vec![bridge(Status::Pending)]), true, false),
            (no_bridge, false, false),
            (failed, false, false),
        ] {
            let looks = [One, UntilTimeout].map(|it| looks_in_pipeline_itself(&refusal, it));
            assert_eq!(looks, [once, waiting], "{refusal:?}");
        }
    }
}

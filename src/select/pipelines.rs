//! The end of `wait`: the check that all pipelines have ended, or that one ended badly.

use crate::model::Status;
use crate::refusal::{PipelineStatus, Refusal, UntriggeredBridge};

/// A pipeline that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwaitedPipeline {
    pub status: PipelineStatus,
    /// GitLab counts its failure as a warning, and so does `wait`.
    pub may_fail: bool,
}

impl AwaitedPipeline {
    /// Returns true if the pipeline stays as it is, and neither succeeded nor may fail.
    fn stopped(&self) -> bool {
        let status = &self.status.status;
        !status.may_move() && *status != Status::Success && !self.failed_as_it_may()
    }

    /// Returns true if the pipeline ended without success and GitLab counts that as a warning.
    pub fn failed_as_it_may(&self) -> bool {
        self.may_fail && self.status.status.is_final() && self.status.status != Status::Success
    }
}

/// Returns `Ok` if all pipelines ended, or at least one ended without success.
///
/// `named`: the bridges were asked for by name. Otherwise, a bridge in status `created` is not
/// waited for, because it may depend on the very job that runs this command, and one with
/// `allow_failure` may fail.
///
/// # Errors
/// [`Refusal::NotEnded`] as long as waiting makes sense, or [`Refusal::NotTriggered`].
pub fn ended(
    pipelines: &[AwaitedPipeline],
    untriggered: &[UntriggeredBridge],
    named: bool,
) -> Result<(), Refusal> {
    let is_stuck = |bridge: &&UntriggeredBridge| match bridge.status {
        Status::Failed | Status::Canceled | Status::Canceling => named || !bridge.may_fail,
        Status::Skipped | Status::Manual => named,
        _ => false,
    };
    let stuck: Vec<UntriggeredBridge> = untriggered.iter().filter(is_stuck).cloned().collect();
    if !stuck.is_empty() {
        return Err(Refusal::NotTriggered { bridges: stuck });
    }
    if pipelines.iter().any(AwaitedPipeline::stopped) {
        return Ok(());
    }
    let may_trigger = |bridge: &&UntriggeredBridge| {
        bridge.may_trigger() && (named || bridge.status != Status::Created)
    };
    let statuses = pipelines.iter().map(|pipeline| &pipeline.status);
    let running: Vec<PipelineStatus> =
        statuses.filter(|pipeline| pipeline.status.may_move()).cloned().collect();
    let pending: Vec<UntriggeredBridge> = untriggered.iter().filter(may_trigger).cloned().collect();
    if running.is_empty() && pending.is_empty() {
        return Ok(());
    }
    Err(Refusal::NotEnded { pipelines: running, untriggered: pending })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PipelineId, ProjectRef};

    /// `may_fail` holds for all pipelines and bridges.
    fn result(pipelines: &[Status], bridges: &[Status], named: bool, may_fail: bool) -> String {
        let pipeline = |status: &Status| AwaitedPipeline {
            status: PipelineStatus {
                pipeline: PipelineId(20),
                project: ProjectRef::Id(2),
                status: status.clone(),
                reason: None,
            },
            may_fail,
        };
        let bridge = |status: &Status| UntriggeredBridge {
            name: "b".to_owned(),
            status: status.clone(),
            reason: None,
            may_fail,
        };
        let pipelines: Vec<AwaitedPipeline> = pipelines.iter().map(pipeline).collect();
        let untriggered: Vec<UntriggeredBridge> = bridges.iter().map(bridge).collect();
        match ended(&pipelines, &untriggered, named) {
            Ok(()) => "ended".to_owned(),
            Err(refusal) if refusal.may_change() => "going".to_owned(),
            Err(refusal) => refusal.to_string(),
        }
    }

    fn check(pipelines: &[Status], bridges: &[Status], named: bool, expect: &str) {
        let result = result(pipelines, bridges, named, false);
        assert_eq!(result, expect, "{pipelines:?} {bridges:?} {named}");
    }

    #[test]
    fn all_have_ended_or_one_ended_badly() {
        use Status::{Canceled, Failed, Manual, Running, Skipped, Success};
        check(&[Success, Success], &[], false, "ended");
        check(&[Success, Running], &[], false, "going");
        for bad in [Failed, Canceled, Skipped, Manual] {
            check(&[bad, Running], &[], false, "ended");
        }
        check(&[Status::Other("pondering".to_owned())], &[], false, "going");
    }

    #[test]
    fn a_bridge_that_has_not_begun_is_waited_for_only_by_name() {
        use Status::{Canceling, Created, Failed, Manual, Pending, Skipped, Success};
        check(&[Success], &[Created], false, "ended");
        check(&[Success], &[Created], true, "going");
        check(&[Success], &[Pending], false, "going");
        check(&[Success], &[Manual, Skipped], false, "ended");
        check(&[Success], &[Manual], true, "no downstream pipeline: bridge `b` is manual");
        check(&[Success], &[Failed], false, "no downstream pipeline: bridge `b` is failed");
        check(&[Success], &[Canceling], false, "no downstream pipeline: bridge `b` is canceling");
    }

    #[test]
    fn a_failure_that_is_allowed_ends_nothing() {
        use Status::{Canceled, Failed, Manual, Running, Success};
        for (pipelines, bridges, named, expect) in [
            (&[Failed, Success][..], &[][..], false, "ended"),
            // It is passed over: the other pipeline is waited for.
            (&[Failed, Running], &[], false, "going"),
            (&[Canceled, Running], &[], false, "going"),
            (&[Manual, Running], &[], false, "ended"),
            (&[Success], &[Failed], false, "ended"),
            (&[Running], &[Failed, Canceled], false, "going"),
            (&[Success], &[Failed], true, "no downstream pipeline: bridge `b` is failed"),
        ] {
            let result = result(pipelines, bridges, named, true);
            assert_eq!(result, expect, "{pipelines:?} {bridges:?} {named}");
        }
    }
}

//! The end of `wait`: the check that all pipelines have ended, or that one ended badly.

use crate::model::Status;
use crate::refusal::{PipelineStatus, Refusal, UntriggeredBridge};

/// Returns `Ok` if all pipelines ended with success, or at least one ended without.
///
/// `named`: the bridges were asked for by name. Otherwise, a bridge in status `created` is not
/// waited for, because it may depend on the very job that runs this command.
///
/// # Errors
/// [`Refusal::NotEnded`] as long as waiting makes sense, or [`Refusal::NotTriggered`].
pub fn ended(
    pipelines: &[PipelineStatus],
    untriggered: &[UntriggeredBridge],
    named: bool,
) -> Result<(), Refusal> {
    let is_stuck = |bridge: &&UntriggeredBridge| match bridge.status {
        Status::Failed | Status::Canceled => true,
        Status::Skipped | Status::Manual => named,
        _ => false,
    };
    let stuck: Vec<UntriggeredBridge> = untriggered.iter().filter(is_stuck).cloned().collect();
    if !stuck.is_empty() {
        return Err(Refusal::NotTriggered { bridges: stuck });
    }
    let stopped = |pipeline: &PipelineStatus| {
        !pipeline.status.may_move() && pipeline.status != Status::Success
    };
    if pipelines.iter().any(stopped) {
        return Ok(());
    }
    let may_trigger = |bridge: &&UntriggeredBridge| {
        bridge.status.may_move() && (named || bridge.status != Status::Created)
    };
    let running: Vec<PipelineStatus> =
        pipelines.iter().filter(|pipeline| pipeline.status.may_move()).cloned().collect();
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

    fn check(pipelines: &[Status], bridges: &[Status], named: bool, expect: &str) {
        let pipeline = |status: &Status| PipelineStatus {
            pipeline: PipelineId(20),
            project: ProjectRef::Id(2),
            status: status.clone(),
        };
        let bridge = |status: &Status| UntriggeredBridge {
            name: "b".to_owned(),
            status: status.clone(),
            reason: None,
        };
        let pipelines: Vec<PipelineStatus> = pipelines.iter().map(pipeline).collect();
        let untriggered: Vec<UntriggeredBridge> = bridges.iter().map(bridge).collect();
        let result = match ended(&pipelines, &untriggered, named) {
            Ok(()) => "ended".to_owned(),
            Err(refusal) if refusal.may_change() => "going".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
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
        use Status::{Created, Failed, Manual, Pending, Skipped, Success};
        check(&[Success], &[Created], false, "ended");
        check(&[Success], &[Created], true, "going");
        check(&[Success], &[Pending], false, "going");
        check(&[Success], &[Manual, Skipped], false, "ended");
        check(&[Success], &[Manual], true, "no downstream pipeline: bridge `b` is manual");
        check(&[Success], &[Failed], false, "no downstream pipeline: bridge `b` is failed");
    }
}

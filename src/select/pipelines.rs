//! Whether pipelines that are waited for have ended.

use crate::model::Status;
use crate::refusal::{PipelineStatus, Refusal, UntriggeredBridge};

/// Nothing more is to come: all of them ended with success, or one did not.
///
/// `named` says that the bridges were asked for by name. Otherwise a bridge that has not begun
/// is not waited for: it may stand behind the very job that waits.
pub fn ended(
    places: &[PipelineStatus],
    idle: &[UntriggeredBridge],
    named: bool,
) -> Result<(), Refusal> {
    let bad = |idle: &&UntriggeredBridge| match idle.status {
        Status::Failed | Status::Canceled => true,
        Status::Skipped | Status::Manual => named,
        _ => false,
    };
    let bad: Vec<UntriggeredBridge> = idle.iter().filter(bad).cloned().collect();
    if !bad.is_empty() {
        return Err(Refusal::NotTriggered { bridges: bad });
    }
    let stopped =
        |place: &PipelineStatus| !place.status.may_move() && place.status != Status::Success;
    if places.iter().any(stopped) {
        return Ok(());
    }
    let coming = |idle: &&UntriggeredBridge| {
        idle.status.may_move() && (named || idle.status != Status::Created)
    };
    let going: Vec<PipelineStatus> =
        places.iter().filter(|place| place.status.may_move()).cloned().collect();
    let coming: Vec<UntriggeredBridge> = idle.iter().filter(coming).cloned().collect();
    if going.is_empty() && coming.is_empty() {
        return Ok(());
    }
    Err(Refusal::Going { places: going, idle: coming })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PipelineId, ProjectRef};

    fn check(pipelines: &[Status], bridges: &[Status], named: bool, expect: &str) {
        let place = |status: &Status| PipelineStatus {
            pipeline: PipelineId(20),
            project: ProjectRef::Id(2),
            status: status.clone(),
        };
        let idle = |status: &Status| UntriggeredBridge {
            name: "b".to_owned(),
            status: status.clone(),
            reason: None,
        };
        let places: Vec<PipelineStatus> = pipelines.iter().map(place).collect();
        let idle: Vec<UntriggeredBridge> = bridges.iter().map(idle).collect();
        let result = match ended(&places, &idle, named) {
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

//! Tables of answers 404 and their consequences. The table of [`refusal`] is in `job/tests.rs`.

use serde_json::json;

use super::*;
use crate::model::{JobId, PipelineBy, ProjectRef, Status};

const NOW: &str = "2026-03-02T10:00:00Z";

fn by_id() -> ArchiveAt {
    ArchiveAt::Job { project: ProjectRef::Id(1), id: JobId(7) }
}

fn by_ref() -> ArchiveAt {
    ArchiveAt::Ref {
        project: ProjectRef::Id(1),
        ref_: "main".to_owned(),
        job: "a".to_owned(),
        recent: false,
    }
}

fn job() -> Job {
    serde_json::from_value(json!({"id": 7, "name": "a", "status": "success", "artifacts": []}))
        .unwrap()
}

fn no_pipeline() -> Refusal {
    let by = PipelineBy::Commit { project: ProjectRef::Id(1), sha: "abc".to_owned() };
    Refusal::NoPipeline { by, by_job_token: false }
}

#[test]
fn an_answer_404_is_explained_by_the_job_or_the_lists_or_not_at_all() {
    use ListSearch::{Found, NotAsked, Refused, Unreadable};
    let listed = || MissingArchive::Refused(refusal(&job(), NOW.parse().unwrap()));
    let not_there = || MissingArchive::Refused(Refusal::NotThere { label: "a (7)".to_owned() });
    let strict = (Attempts::One, OnMissing::Refuse);
    let waiting = (Attempts::UntilTimeout, OnMissing::Refuse);
    let lenient = (Attempts::One, OnMissing::Report);
    let both = (Attempts::UntilTimeout, OnMissing::Report);
    for (at, job, lists, rules, expect) in [
        (by_id(), Some(job()), NotAsked, strict, listed()),
        (by_id(), Some(job()), NotAsked, waiting, listed()),
        (by_id(), Some(job()), NotAsked, lenient, listed()),
        (by_id(), None, NotAsked, strict, MissingArchive::KeepError),
        (by_id(), None, NotAsked, waiting, not_there()),
        (by_id(), None, NotAsked, lenient, not_there()),
        (by_id(), None, NotAsked, both, not_there()),
        (by_ref(), None, NotAsked, strict, MissingArchive::SearchLists),
        (by_ref(), Some(job()), NotAsked, both, MissingArchive::SearchLists),
        (by_ref(), None, Found("b"), strict, MissingArchive::Instead("b")),
        (by_ref(), None, Found("b"), both, MissingArchive::Instead("b")),
        (by_ref(), None, Refused(no_pipeline()), strict, MissingArchive::Refused(no_pipeline())),
        (by_ref(), None, Refused(no_pipeline()), both, MissingArchive::Refused(no_pipeline())),
        (by_ref(), None, Unreadable, strict, MissingArchive::KeepError),
        (by_ref(), None, Unreadable, waiting, not_there()),
        (by_ref(), None, Unreadable, lenient, not_there()),
    ] {
        let label = format!("{at:?} {job:?} {lists:?} {rules:?}");
        let now = NOW.parse().unwrap();
        assert_eq!(classify(&at, job.as_ref(), "a (7)", lists, rules, now), expect, "{label}");
    }
}

#[test]
fn a_missing_archive_ends_the_lookup_or_is_left_out_or_reported() {
    use Consequence::{End, LeaveOut, Report};
    let name = || JobName { name: "a".to_owned(), id: JobId(7) };
    let running = Refusal::Unfinished { job: name(), status: Status::Running };
    let expired = Refusal::Expired { job: name(), at: NOW.to_owned() };
    for (refusal, named, attempts, on_missing, expect) in [
        (&running, true, Attempts::UntilTimeout, OnMissing::Refuse, End),
        (&running, true, Attempts::UntilTimeout, OnMissing::Report, End),
        (&running, false, Attempts::UntilTimeout, OnMissing::Refuse, End),
        (&running, false, Attempts::UntilTimeout, OnMissing::Report, End),
        (&running, false, Attempts::One, OnMissing::Refuse, LeaveOut),
        (&running, true, Attempts::One, OnMissing::Refuse, End),
        (&running, true, Attempts::One, OnMissing::Report, Report),
        (&expired, true, Attempts::UntilTimeout, OnMissing::Refuse, End),
        (&expired, true, Attempts::UntilTimeout, OnMissing::Report, Report),
        (&expired, false, Attempts::UntilTimeout, OnMissing::Refuse, LeaveOut),
        (&expired, false, Attempts::One, OnMissing::Report, LeaveOut),
    ] {
        let label = format!("{refusal:?} {named} {attempts:?} {on_missing:?}");
        assert_eq!(consequence(refusal, named, attempts, on_missing), expect, "{label}");
    }
}

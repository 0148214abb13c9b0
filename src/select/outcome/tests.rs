//! Tables of final results and of further attempts.

use super::*;
use crate::model::Status;
use crate::refusal::JobName;

fn job(id: u64) -> JobName {
    JobName { name: format!("job{id}"), id: JobId(id) }
}

fn unfinished(id: u64, status: Status) -> Refusal {
    Refusal::Unfinished { job: job(id), status }
}

fn no_archive(id: u64, just_ended: bool) -> Refusal {
    Refusal::NoArchive { job: job(id), reports: false, just_ended }
}

#[test]
fn a_result_is_final_if_no_refusal_counts() {
    use Attempts::{One, UntilTimeout};
    use JobCount::{Any, AtMostOne};
    use OnMissing::{Refuse, Report};
    // `may` can change, `no` cannot.
    let named = |text: &str| match text.strip_prefix("may") {
        Some(id) => unfinished(id.parse().unwrap(), Status::Running),
        None => no_archive(text.trim_start_matches("no").parse().unwrap(), false),
    };
    type Case<'a> = (usize, &'a [&'a str], JobCount, OnMissing, Attempts, Option<&'a str>);
    let cases: [Case<'_>; 18] = [
        (0, &[], Any, Refuse, One, None),
        (2, &[], Any, Refuse, UntilTimeout, None),
        (1, &[], AtMostOne, Refuse, One, None),
        (2, &[], AtMostOne, Refuse, One, Some("many")),
        (2, &["no1"], AtMostOne, Report, UntilTimeout, Some("many")),
        (1, &["no1"], Any, Refuse, One, Some("no1")),
        (1, &["may1"], Any, Refuse, One, Some("may1")),
        (1, &["may1"], Any, Refuse, UntilTimeout, Some("may1")),
        (1, &["may1", "no2"], Any, Refuse, One, Some("no2")),
        (1, &["may1", "no2"], Any, Refuse, UntilTimeout, Some("no2")),
        (1, &["no1", "no2"], Any, Refuse, UntilTimeout, Some("no1")),
        (1, &["no1"], Any, Report, One, None),
        (0, &["no1"], Any, Report, One, None),
        (1, &["may1"], Any, Report, One, None),
        (1, &["no1"], Any, Report, UntilTimeout, None),
        (1, &["may1"], Any, Report, UntilTimeout, Some("may1")),
        (1, &["no1", "may2", "may3"], Any, Report, UntilTimeout, Some("may2")),
        (1, &["no1", "may2"], AtMostOne, Report, UntilTimeout, Some("may2")),
    ];
    for (found, missing, count, on_missing, attempts, expect) in cases {
        let labels: Vec<String> = (0..found).map(|id| format!("job{id} ({id})")).collect();
        let missing: Vec<_> = missing.iter().map(|text| (String::new(), named(text))).collect();
        let expect = match expect {
            Some("many") => Err(Refusal::ManyJobs { seen: labels.clone() }),
            Some(refusal) => Err(named(refusal)),
            None => Ok(()),
        };
        let result = check(&labels, &missing, OutcomeRules { count, on_missing, attempts });
        assert_eq!(result, expect, "{found} {missing:?} {count:?} {on_missing:?} {attempts:?}");
    }
}

#[test]
fn an_archive_is_tried_again_only_after_its_job_was_seen_to_end() {
    let mut state = RetryState::default();
    assert!(!state.should_retry(&no_archive(1, false)), "never seen running");
    assert!(state.should_retry(&no_archive(1, true)), "the clocks say that it just ended");
    assert!(state.should_retry(&unfinished(1, Status::Running)));
    for attempt in 0..MAX_ATTEMPTS_AFTER_END {
        assert!(state.should_retry(&no_archive(1, true)), "not counted");
        assert!(state.should_retry(&no_archive(1, false)), "{attempt}");
        assert!(!state.should_retry(&no_archive(2, false)), "another job");
    }
    assert!(!state.should_retry(&no_archive(1, false)), "the attempts are used up");
    assert!(state.should_retry(&unfinished(1, Status::Pending)), "the job runs again");
    assert!(state.should_retry(&no_archive(1, false)));
    // A manual job waits for a person; once played, it may end between two attempts.
    assert!(!state.should_retry(&unfinished(3, Status::Manual)));
    assert!(state.should_retry(&no_archive(3, false)));
    assert!(state.should_retry(&Refusal::NotThere { label: "a".to_owned() }));
    assert!(!state.should_retry(&Refusal::ManyJobs { seen: Vec::new() }));
}

#[test]
fn a_job_that_may_be_retried_is_looked_at_once_more() {
    let failed = |id, may_be_retried| Refusal::Unsuccessful {
        job: job(id),
        status: Status::Failed,
        reason: None,
        may_be_retried,
    };
    let glob = |unusable| Refusal::NoneUsable { wanted: "*".to_owned(), unusable };
    let mut state = RetryState::default();
    for (refusal, expect) in [
        (failed(1, false), false),
        (failed(1, true), true),
        (failed(1, true), false),
        // The next attempt is a job of its own.
        (failed(2, true), true),
        (glob(vec![failed(1, true), failed(2, true)]), false),
        (glob(vec![failed(3, true), failed(4, true)]), true),
        (glob(vec![failed(4, true), failed(3, true)]), false),
        (glob(vec![failed(5, false)]), false),
    ] {
        assert_eq!(state.should_retry(&refusal), expect, "{refusal:?}");
    }
}

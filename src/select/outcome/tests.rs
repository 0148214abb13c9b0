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
    type Case<'a> = (usize, &'a [&'a str], JobCount, OnMissing, Attempts, &'a [&'a str]);
    let cases: [Case<'_>; 19] = [
        (0, &[], Any, Refuse, One, &[]),
        (2, &[], Any, Refuse, UntilTimeout, &[]),
        (1, &[], AtMostOne, Refuse, One, &[]),
        (2, &[], AtMostOne, Refuse, One, &["many"]),
        (2, &["no1"], AtMostOne, Report, UntilTimeout, &["many"]),
        (1, &["no1"], Any, Refuse, One, &["no1"]),
        (1, &["may1"], Any, Refuse, One, &["may1"]),
        (1, &["may1"], Any, Refuse, UntilTimeout, &["may1"]),
        (1, &["may1", "no2"], Any, Refuse, One, &["may1", "no2"]),
        (1, &["may1", "no2"], Any, Refuse, UntilTimeout, &["may1", "no2"]),
        (1, &["no1", "no2"], Any, Refuse, UntilTimeout, &["no1", "no2"]),
        (1, &["no1", "no1"], Any, Refuse, One, &["no1"]),
        (1, &["no1"], Any, Report, One, &[]),
        (0, &["no1"], Any, Report, One, &[]),
        (1, &["may1"], Any, Report, One, &[]),
        (1, &["no1"], Any, Report, UntilTimeout, &[]),
        (1, &["may1"], Any, Report, UntilTimeout, &["may1"]),
        (1, &["no1", "may2", "may3"], Any, Report, UntilTimeout, &["may2", "may3"]),
        (1, &["no1", "may2"], AtMostOne, Report, UntilTimeout, &["may2"]),
    ];
    for (found, missing, count, on_missing, attempts, expect) in cases {
        let labels: Vec<String> = (0..found).map(|id| format!("job{id} ({id})")).collect();
        let missing: Vec<_> = missing.iter().map(|text| (String::new(), named(text))).collect();
        let expect = match expect {
            [] => Ok(()),
            ["many"] => Err(Refusal::ManyJobs { seen: labels.clone() }),
            [one] => Err(named(one)),
            all => Err(Refusal::Several { refusals: all.iter().map(|it| named(it)).collect() }),
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

#[test]
fn several_missing_jobs_are_looked_at_again_while_all_of_them_may_come() {
    let several = |refusals: &[Refusal]| Refusal::Several { refusals: refusals.to_vec() };
    let running = |id| unfinished(id, Status::Running);
    let mut state = RetryState::default();
    assert!(state.should_retry(&several(&[running(1), running(2)])));
    // Both were seen before their end.
    assert!(state.should_retry(&several(&[no_archive(1, false), no_archive(2, false)])));
    assert!(!state.should_retry(&several(&[running(1), no_archive(3, false)])));
    assert!(!state.should_retry(&several(&[no_archive(3, false), running(4)])));
    assert!(state.should_retry(&no_archive(4, false)), "the one behind was noted as well");
}

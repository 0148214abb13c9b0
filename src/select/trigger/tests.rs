//! Tables of pipelines that are started or retried, and of manual jobs.

use super::*;

fn pipeline(status: &str, sha: &str) -> Pipeline {
    let json = serde_json::json!({ "id": 1, "status": status, "sha": sha });
    serde_json::from_value(json).unwrap()
}

#[test]
fn only_what_did_not_succeed_at_the_tip_is_retried() {
    for (last, tip, expect) in [
        (None, None, StartPlan::New),
        (Some("success"), None, StartPlan::New),
        (Some("success"), Some("abc"), StartPlan::New),
        (Some("failed"), None, StartPlan::NeedsTip),
        (Some("failed"), Some("abc"), StartPlan::Retry),
        (Some("failed"), Some("def"), StartPlan::New),
        (Some("canceled"), Some("abc"), StartPlan::Retry),
        (Some("skipped"), Some("abc"), StartPlan::Retry),
        (Some("manual"), Some("abc"), StartPlan::Retry),
        (Some("running"), Some("abc"), StartPlan::Retry),
        (Some("pondering"), Some("def"), StartPlan::New),
    ] {
        let last = last.map(|status| pipeline(status, "abc"));
        assert_eq!(start_plan(last.as_ref(), tip), expect, "{last:?} {tip:?}");
    }
    let mut unknown = pipeline("failed", "abc");
    unknown.sha = None;
    assert_eq!(start_plan(Some(&unknown), Some("abc")), StartPlan::New);
}

/// Reads jobs: `a` blocks, `a?` does not; `a=running` has that status, otherwise it is manual; `a!`
/// was played.
fn check(jobs: &str, rule: &str, expect: &str) {
    let mut played = HashSet::new();
    let mut all = Vec::new();
    for (id, word) in (1..).map(JobId).zip(jobs.split_whitespace()) {
        let (name, status) = word.split_once('=').unwrap_or((word, "manual"));
        if name.contains('!') {
            played.insert(id);
        }
        all.push(Playable {
            id,
            name: name.trim_end_matches(['?', '!']).to_owned(),
            stage: String::new(),
            status: Status::from(status.to_owned()),
            blocks: !name.contains('?'),
            web_url: None,
        });
    }
    let rule = match rule.split_once(' ').unwrap_or((rule, "")) {
        ("play", names) => OnManual::Play(names.split_whitespace().map(str::to_owned).collect()),
        ("pass", _) => OnManual::Pass,
        _ => OnManual::Fail,
    };
    let names = |names: Vec<String>| names.join(" ");
    let told = match manual(&all, &rule, &played) {
        Manual::Play(jobs) => {
            format!("play {}", names(jobs.into_iter().map(|job| job.name).collect()))
        }
        Manual::Pass => "pass".to_owned(),
        Manual::Wait => "wait".to_owned(),
        Manual::Stop(jobs) => {
            format!("stop {}", names(jobs.into_iter().map(|job| job.name).collect()))
        }
        Manual::NoneNamed { names: unknown, jobs } => {
            let jobs = names(jobs.into_iter().map(|job| job.name).collect());
            format!("no {}: {jobs}", names(unknown))
        }
    };
    assert_eq!(told.trim_end(), expect, "{jobs}: {rule:?}");
}

#[test]
fn without_being_told_a_manual_job_stops_the_run() {
    check("build=success a b?", "fail", "stop a");
    check("a? b?", "fail", "stop a b");
    check("build=success", "fail", "stop");
}

#[test]
fn pass_takes_the_pipeline_where_it_stands() {
    check("a b?", "pass", "pass");
    check("", "pass", "pass");
}

#[test]
fn play_starts_what_blocks() {
    check("build=success a b? c", "play", "play a c");
    check("a? b?", "play", "play a b");
    check("a=success b", "play", "play b");
    check("a!=success b", "play", "play b");
    // Optional jobs are not played after a blocking one.
    check("a!=success b?", "play", "stop b");
}

#[test]
fn the_named_jobs_are_played_together_and_in_their_order() {
    check("a b c", "play c a", "play c a");
    check("a? b", "play a", "play a");
    check("a b=created", "play a b", "play a");
    check("a!=success b", "play a b", "play b");
    check("a", "play other", "no other: a");
    check("a b=success", "play b other", "no b other: a");
    check("a!=success b", "play a other", "no other: b");
    check("a!=success b", "play a", "stop b");
}

#[test]
fn played_jobs_are_waited_for_and_never_played_again() {
    check("a!", "play", "wait");
    check("a!=pending", "play", "wait");
    check("a!=running b?", "play", "wait");
    check("a!=success", "play", "stop");
    check("a!=failed b?", "play", "stop b");
}

#[test]
fn bridges_can_be_played_too() {
    let job = |json: serde_json::Value| -> Job { serde_json::from_value(json).unwrap() };
    let jobs = [
        job(serde_json::json!({ "id": 3, "name": "a", "status": "manual" })),
        job(serde_json::json!({ "id": 1, "name": "a", "status": "failed" })),
    ];
    let bridge: Bridge = serde_json::from_value(serde_json::json!({
        "id": 2, "name": "b", "status": "manual", "allow_failure": true, "downstream_pipeline": null
    }))
    .unwrap();
    let all = playable(&jobs, &[bridge]);
    let told: Vec<_> = all.iter().map(|job| (job.id.0, &*job.name, job.blocks)).collect();
    assert_eq!(told, [(2, "b", false), (3, "a", true)]);
}

#[test]
fn logs_come_oldest_first_and_those_of_failures_last() {
    let job = |id: u64, name: &str, status: &str| -> Job {
        let json = serde_json::json!({ "id": id, "name": name, "status": status });
        serde_json::from_value(json).unwrap()
    };
    let jobs = [
        job(4, "d", "success"),
        job(3, "a", "failed"),
        job(2, "b", "failed"),
        job(1, "c", "success"),
        job(0, "b", "success"),
    ];
    let order: Vec<u64> = log_order(&jobs).iter().map(|job| job.id.0).collect();
    assert_eq!(order, [1, 4, 2, 3]);
}

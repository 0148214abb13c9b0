//! JSON responses of GitLab, and the decisions made from them.
#![no_main]

use std::collections::HashSet;

use downriver::gitlab::{ListedEntry, parse_error_body};
use downriver::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};
use downriver::model::{Bridge, Job, Pipeline, PipelineAt, ProjectRef};
use downriver::refusal::{Candidate, Refusal, UntriggeredBridge};
use downriver::select::downstream::{self, ListedBridge};
use downriver::select::job::{self, JobRules, Listing};
use downriver::select::job_pattern::Pattern;
use downriver::select::missing_archive;
use downriver::select::prune::prune;
use downriver::select::trigger::{self, Manual, OnManual};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    assert_harmless(&parse_error_body(bytes).message);
    let _ = serde_json::from_slice::<Vec<ListedEntry>>(bytes).map(|rows| {
        rows.iter().for_each(|row| {
            row.is_folder();
            row.mode();
        });
    });
    // Four lines: a pipeline, its bridges, its jobs, and the patterns of the query.
    let mut texts = bytes.split(|byte| *byte == b'\n');
    let mut next = || texts.next().unwrap_or_default();
    let pipeline: Option<Pipeline> = serde_json::from_slice(next()).ok();
    let bridges: Vec<Bridge> = serde_json::from_slice(next()).unwrap_or_default();
    let jobs: Vec<Job> = serde_json::from_slice(next()).unwrap_or_default();
    let words: Vec<String> =
        String::from_utf8_lossy(next()).split(' ').take(3).map(str::to_owned).collect();
    let Some(pipeline) = pipeline else { return };
    select(&pipeline, bridges, &jobs, &words);
});

fn select(pipeline: &Pipeline, bridges: Vec<Bridge>, jobs: &[Job], words: &[String]) {
    let at =
        PipelineAt { project: pipeline.project().unwrap_or(ProjectRef::Id(1)), id: pipeline.id };
    let patterns: Vec<Pattern> = words.iter().map(|word| Pattern::new(word)).collect();

    let bridges = downstream::latest(bridges);
    let met = |bridge: &Bridge| ListedBridge {
        bridge: bridge.clone(),
        of: at.clone(),
        above: Vec::new(),
        may_fail: bridge.id.0 % 2 == 0,
    };
    let met: Vec<ListedBridge> = bridges.iter().map(met).collect();
    let mut idle = Vec::new();
    for patterns in [&patterns[..], &[]] {
        for projects in [words, &[]] {
            match downstream::choose(&at, &met, patterns, projects) {
                Ok(branches) => {
                    assert!(!branches.chosen.is_empty());
                    assert!(branches.chosen.len() + branches.untriggered.len() <= met.len());
                    idle = branches.untriggered;
                }
                Err(refusal) => check_refusal(&refusal),
            }
            check_candidates(&downstream::candidates(&met, patterns, projects), met.len());
        }
    }
    prune_tree(&at, pipeline, &bridges, jobs, &patterns, words);
    select_jobs(&at, pipeline, jobs, &idle, &patterns);
    play_manual_jobs(pipeline, &bridges, jobs, words);
}

fn select_jobs(
    at: &PipelineAt,
    pipeline: &Pipeline,
    jobs: &[Job],
    idle: &[UntriggeredBridge],
    patterns: &[Pattern],
) {
    let listing = Listing {
        at: at.clone(),
        pipeline: pipeline.clone(),
        bridges: Vec::new(),
        jobs: jobs.to_vec(),
        reason: pipeline.sha.clone(),
    };
    let latest = job::latest(jobs);
    let names: HashSet<&str> = latest.iter().map(|job| &*job.name).collect();
    assert_eq!(names.len(), latest.len());
    let now = Timestamp::from_second(1_777_777_777).unwrap();
    for bits in 0..8 {
        let rules =
            JobRules {
                any_status: bits & 1 > 0,
                needs_archive: bits & 2 > 0,
                waits_for_all: bits & 4 > 0,
                now,
            };
        check_candidates(&job::candidates(&listing, patterns, rules), latest.len());
        for pattern in patterns {
            match job::choose(&[listing.clone(), listing.clone()], idle, pattern, rules) {
                Ok(choice) => {
                    assert!(!choice.jobs.is_empty());
                    for pick in &choice.jobs {
                        assert!(pick.listing < 2 && pattern.match_name(&pick.job.name).is_some());
                        assert!(job::usable(&pick.job, rules).is_ok());
                    }
                    choice.left_out.iter().for_each(check_refusal);
                }
                Err(refusal) => check_refusal(&refusal),
            }
        }
    }
    jobs.iter().for_each(|job| check_refusal(&missing_archive::refusal(job, now)));
}

fn prune_tree(
    at: &PipelineAt,
    pipeline: &Pipeline,
    bridges: &[Bridge],
    jobs: &[Job],
    patterns: &[Pattern],
    projects: &[String],
) {
    let tree = |bridge: &Bridge| {
        let downstream = bridge.downstream_pipeline.clone().map(|pipeline| {
            let at = PipelineAt { project: at.project.clone(), id: pipeline.id };
            PipelineTree::unread(at, pipeline, LeftOut::Met)
        });
        BridgeTree { bridge: bridge.clone(), downstream }
    };
    let below = SubTree { jobs: jobs.to_vec(), bridges: bridges.iter().map(tree).collect() };
    let mut tree = PipelineTree { at: at.clone(), pipeline: pipeline.clone(), below: Ok(below) };
    match prune(&mut tree, patterns, projects) {
        Ok(()) => assert!(tree.bridges().len() <= bridges.len()),
        Err(refusal) => check_refusal(&refusal),
    }
}

fn play_manual_jobs(pipeline: &Pipeline, bridges: &[Bridge], jobs: &[Job], names: &[String]) {
    let _ = trigger::start_plan(Some(pipeline), pipeline.sha.as_deref());
    assert_eq!(trigger::log_order(jobs).len(), job::latest(jobs).len());
    let all = trigger::playable(jobs, bridges);
    for rule in
        [OnManual::Pass, OnManual::Fail, OnManual::Play(Vec::new()), OnManual::Play(names.to_vec())]
    {
        let mut seen = HashSet::new();
        // Each round must play a new job, so that the loop ends.
        while let Manual::Play(jobs) = trigger::manual(&all, &rule, &seen) {
            let before = seen.len();
            seen.extend(jobs.iter().map(|job| job.id));
            assert!(seen.len() > before);
        }
    }
}

fn check_refusal(refusal: &Refusal) {
    assert_harmless(&refusal.to_string());
    refusal.hint().iter().for_each(|hint| assert_harmless(hint));
    refusal.candidates();
    let _ = (refusal.may_change(), refusal.exit(true), refusal.exit(false));
}

fn check_candidates(candidates: &[Candidate], count: usize) {
    assert_eq!(candidates.len(), count);
    candidates.iter().filter_map(|it| it.why_not.as_deref()).for_each(assert_harmless);
}

fn assert_harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

//! JSON as GitLab answers, and what is decided from it.
#![no_main]

use std::collections::HashSet;

use downriver::gitlab::{ListedEntry, parse_error_body};
use downriver::model::tree::{Below, BridgeTree, LeftOut, PipelineTree};
use downriver::model::{Bridge, Job, Pipeline, PipelineAt, ProjectRef};
use downriver::refusal::{Candidate, Idle, Refusal};
use downriver::select::downstream::{self, Met};
use downriver::select::job::{self, Listing, Rules};
use downriver::select::job_pattern::Pattern;
use downriver::select::prune::prune;
use downriver::select::trigger::{self, Manual, OnManual};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    harmless(&parse_error_body(bytes).message);
    let _ = serde_json::from_slice::<Vec<ListedEntry>>(bytes).map(|rows| {
        rows.iter().for_each(|row| {
            row.is_folder();
            row.mode();
        });
    });
    // A line each: a pipeline, its bridges, its jobs, and what is asked for.
    let mut texts = bytes.split(|byte| *byte == b'\n');
    let mut next = || texts.next().unwrap_or_default();
    let pipeline: Option<Pipeline> = serde_json::from_slice(next()).ok();
    let bridges: Vec<Bridge> = serde_json::from_slice(next()).unwrap_or_default();
    let jobs: Vec<Job> = serde_json::from_slice(next()).unwrap_or_default();
    let words: Vec<String> =
        String::from_utf8_lossy(next()).split(' ').take(3).map(str::to_owned).collect();
    let Some(pipeline) = pipeline else { return };
    decide(&pipeline, bridges, &jobs, &words);
});

fn decide(pipeline: &Pipeline, bridges: Vec<Bridge>, jobs: &[Job], words: &[String]) {
    let at =
        PipelineAt { project: pipeline.project().unwrap_or(ProjectRef::Id(1)), id: pipeline.id };
    let patterns: Vec<Pattern> = words.iter().map(|word| Pattern::new(word)).collect();

    let bridges = downstream::latest(bridges);
    let met = |bridge: &Bridge| Met { bridge: bridge.clone(), of: at.clone(), above: Vec::new() };
    let met: Vec<Met> = bridges.iter().map(met).collect();
    let mut idle = Vec::new();
    for patterns in [&patterns[..], &[]] {
        for projects in [words, &[]] {
            match downstream::downstream(&at, &met, patterns, projects) {
                Ok(branches) => {
                    assert!(!branches.chosen.is_empty());
                    assert!(branches.chosen.len() + branches.idle.len() <= met.len());
                    idle = branches.idle;
                }
                Err(refusal) => told(&refusal),
            }
            listed(&downstream::candidates(&met, patterns, projects), met.len());
        }
    }
    pruned(&at, pipeline, &bridges, jobs, &patterns, words);
    looked_through(&at, pipeline, jobs, &idle, &patterns);
    played(pipeline, &bridges, jobs, words);
}

fn looked_through(
    at: &PipelineAt,
    pipeline: &Pipeline,
    jobs: &[Job],
    idle: &[Idle],
    patterns: &[Pattern],
) {
    let listing =
        Listing { at: at.clone(), pipeline: pipeline.clone(), bridge: None, jobs: jobs.to_vec() };
    let latest = job::latest(jobs);
    let names: HashSet<&str> = latest.iter().map(|job| &*job.name).collect();
    assert_eq!(names.len(), latest.len());
    let now = Timestamp::from_second(1_777_777_777).unwrap();
    for bits in 0..8 {
        let rules =
            Rules { any_status: bits & 1 > 0, archive: bits & 2 > 0, patient: bits & 4 > 0, now };
        listed(&job::candidates(&listing, patterns, rules), latest.len());
        for pattern in patterns {
            match job::jobs(&[listing.clone(), listing.clone()], idle, pattern, rules) {
                Ok(choice) => {
                    assert!(!choice.picks.is_empty());
                    for pick in &choice.picks {
                        assert!(pick.listing < 2 && pattern.fit(&pick.job.name).is_some());
                        assert!(job::usable(&pick.job, rules).is_ok());
                    }
                    choice.left_out.iter().for_each(told);
                }
                Err(refusal) => told(&refusal),
            }
        }
    }
    jobs.iter().for_each(|job| told(&job::gone(job, now)));
}

fn pruned(
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
    let below = Below { jobs: jobs.to_vec(), bridges: bridges.iter().map(tree).collect() };
    let mut tree = PipelineTree { at: at.clone(), pipeline: pipeline.clone(), below: Ok(below) };
    match prune(&mut tree, patterns, projects) {
        Ok(()) => assert!(tree.bridges().len() <= bridges.len()),
        Err(refusal) => told(&refusal),
    }
}

fn played(pipeline: &Pipeline, bridges: &[Bridge], jobs: &[Job], names: &[String]) {
    let _ = trigger::course(Some(pipeline), pipeline.sha.as_deref());
    assert_eq!(trigger::log_order(jobs).len(), job::latest(jobs).len());
    let all = trigger::playable(jobs, bridges);
    for rule in
        [OnManual::Pass, OnManual::Fail, OnManual::Play(Vec::new()), OnManual::Play(names.to_vec())]
    {
        let mut seen = HashSet::new();
        // Each round plays something new, so it ends.
        while let Manual::Play(jobs) = trigger::manual(&all, &rule, &seen) {
            let before = seen.len();
            seen.extend(jobs.iter().map(|job| job.id));
            assert!(seen.len() > before);
        }
    }
}

fn told(refusal: &Refusal) {
    harmless(&refusal.to_string());
    refusal.hint().iter().for_each(|hint| harmless(hint));
    refusal.candidates();
    let _ = (refusal.may_change(), refusal.exit(true), refusal.exit(false));
}

fn listed(candidates: &[Candidate], count: usize) {
    assert_eq!(candidates.len(), count);
    candidates.iter().filter_map(|it| it.why_not.as_deref()).for_each(harmless);
}

fn harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}

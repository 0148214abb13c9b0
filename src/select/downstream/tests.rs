//! Tables of the downstream pipelines that are chosen.

use serde_json::json;

use super::*;
use crate::model::{JobId, PipelineId};

fn upstream() -> PipelineAt {
    PipelineAt { project: ProjectRef::Id(1), id: PipelineId(10) }
}

/// Reads `name>pipeline@project`, or `name=status` for a bridge without a pipeline; `a/b>…` is
/// below `a`.
fn listed(bridges: &[&str]) -> Vec<ListedBridge> {
    let one = |(number, text): (usize, &&str)| {
        let (path, target) = text.split_once(['>', '=']).unwrap();
        let mut above: Vec<String> = path.split('/').map(str::to_owned).collect();
        let name = above.pop().unwrap();
        let (status, pipeline) = match target.split_once('@') {
            Some((id, project)) => {
                let web_url = format!("https://gitlab.test/group/p{project}/-/pipelines/{id}");
                let id: u64 = id.parse().unwrap();
                let pipeline = json!({"id": id, "project_id": project.parse::<u64>().unwrap(), "status": "success", "web_url": web_url});
                ("success", pipeline)
            }
            None => (target, json!(null)),
        };
        let bridge =
            json!({"id": number, "name": name, "status": status, "downstream_pipeline": pipeline});
        let bridge = serde_json::from_value(bridge).unwrap();
        ListedBridge { bridge, of: upstream(), above, may_fail: false }
    };
    bridges.iter().enumerate().map(one).collect()
}

fn check(bridges: &[&str], names: &[&str], projects: &[&str], expect: &str) {
    let names: Vec<Pattern> = names.iter().map(|name| Pattern::new(name)).collect();
    let projects: Vec<String> = projects.iter().map(|&project| project.to_owned()).collect();
    let result = choose(&upstream(), &listed(bridges), &names, &projects);
    let found = match result {
        Ok(Downstreams { chosen, untriggered }) => {
            let mut names: Vec<String> =
                chosen.iter().map(|b| format!("{}>{}", b.bridge, b.at.id)).collect();
            names.extend(untriggered.iter().map(|it| format!("{}={}", it.name, it.status)));
            names.join(" ")
        }
        Err(refusal) => format!("refused: {refusal}"),
    };
    assert_eq!(found, expect, "{bridges:?} {names:?} {projects:?}");
}

#[test]
fn without_names_every_downstream_pipeline_is_looked_through() {
    check(&["a>20@2", "b>30@3", "c=created"], &[], &[], "a>20 b>30 c=created");
}

#[test]
fn bridges_are_chosen_by_name_base_name_or_glob() {
    check(&["a>20@2", "b>30@3"], &["b"], &[], "b>30");
    check(
        &["deploy: [x]>20@2", "deploy: [y]>30@3", "lint>40@4"],
        &["deploy"],
        &[],
        "deploy: [x]>20 deploy: [y]>30",
    );
    check(&["a1>20@2", "a2>30@3", "b>40@4"], &["a*", "b"], &[], "a1>20 a2>30 b>40");
}

#[test]
fn a_name_that_no_bridge_has_is_refused_with_what_there_is() {
    check(
        &["build>20@2", "b>30@3"],
        &["biuld"],
        &[],
        "refused: no bridge is called `biuld`; there are `build`, `b`",
    );
}

#[test]
fn names_are_listed_by_pipeline_and_in_the_order_of_their_creation() {
    let mut listed = listed(&["a=created", "b=created", "c=created", "d=created"]);
    listed.reverse();
    for below in &mut listed[2..] {
        below.of.id = PipelineId(20);
    }
    assert_eq!(names_in_order(&listed), ["c", "d", "a", "b"]);
}

#[test]
fn a_project_is_meant_by_its_id_or_its_path() {
    check(&["a>20@2", "b>30@3"], &[], &["3"], "b>30");
    check(&["a>20@2", "b>30@3"], &[], &["group/p2"], "a>20");
    check(
        &["a>20@2", "b>30@3"],
        &[],
        &["4"],
        "refused: no downstream pipeline is of project `4`; there are those of `group/p2 (2)`, `group/p3 (3)`",
    );
}

#[test]
fn bridges_without_a_pipeline_are_refused_with_their_status() {
    check(
        &["a=created", "b=failed"],
        &[],
        &[],
        "refused: no downstream pipeline: bridge `a` is created; bridge `b` is failed",
    );
    check(&[], &[], &[], "refused: pipeline 10 of project 1 has triggered no pipeline");
}

#[test]
fn a_wanted_bridge_includes_everything_below_it() {
    let bridges = ["outer>20@2", "outer/inner>30@3", "other>40@4", "other/inner>50@5"];
    check(&bridges, &["outer"], &[], "outer>20 inner>30");
    check(&bridges, &["inner"], &[], "inner>30 inner>50");
}

#[test]
fn of_retried_bridges_the_newest_counts() {
    let bridge = |id: u64, name: &str| -> Bridge {
        serde_json::from_value(json!({"id": id, "name": name, "status": "success"})).unwrap()
    };
    let ids = |bridges: Vec<Bridge>| {
        latest(bridges).into_iter().map(|bridge| bridge.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(vec![bridge(1, "a"), bridge(3, "a"), bridge(2, "b")]), [JobId(3), JobId(2)]);
}

#[test]
fn every_bridge_is_listed_with_the_reason_why_it_is_not_chosen() {
    let told = |names: &[&str], projects: &[&str]| {
        let names: Vec<Pattern> = names.iter().map(|name| Pattern::new(name)).collect();
        let projects: Vec<String> = projects.iter().map(|&project| project.to_owned()).collect();
        let candidates = candidates(&listed(&["a>20@2", "b>30@3", "c=manual"]), &names, &projects);
        let lines = candidates.into_iter().map(|c| match c.why_not {
            Some(why_not) => format!("{}: {why_not}", c.name),
            None => format!("{} chosen", c.name),
        });
        lines.collect::<Vec<_>>()
    };
    assert_eq!(
        told(&[], &["2"]),
        [
            "a chosen",
            "b: its pipeline is of project group/p3 (3)",
            "c: no downstream pipeline: bridge `c` is manual"
        ]
    );
    assert_eq!(
        told(&["b", "nothing"], &[]),
        ["a: its name is not asked for", "b chosen", "c: its name is not asked for"]
    );
}

//! Tables of the fields that can be absent from GitLab's answers.

use super::*;

fn pipeline(json: &str) -> Pipeline {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_status_never_heard_of_is_kept_and_is_not_final() {
    let pipeline = pipeline(r#"{"id": 10400000001, "status": "pondering"}"#);
    assert_eq!(pipeline.id, PipelineId(10_400_000_001));
    assert_eq!(pipeline.status.as_str(), "pondering");
    assert!(pipeline.status.may_move());
}

#[test]
fn a_pipeline_or_a_bridge_without_a_status_may_move() {
    assert!(pipeline(r#"{"id": 1, "project_id": 2}"#).status.may_move());
    let bridge = r#"{"id": 1, "name": "down", "downstream_pipeline": {"id": 2}}"#;
    assert!(serde_json::from_str::<Bridge>(bridge).unwrap().status.may_move());
}

#[test]
fn every_known_status_survives_the_round_trip() {
    for (name, status) in Status::NAMES {
        assert_eq!(Status::from(name.to_owned()), status);
        assert_eq!(status.as_str(), name);
    }
}

#[test]
fn without_a_project_id_the_web_address_tells_the_project() {
    let old =
        r#"{"id": 1, "status": "success", "web_url": "https://gitlab.test/a/b/c/-/pipelines/1"}"#;
    assert_eq!(pipeline(old).project(), Some(ProjectRef::Path("a/b/c".into())));
    let new = r#"{"id": 1, "status": "success", "project_id": 93, "web_url": "https://x/a/-/pipelines/1"}"#;
    let known = ProjectRef::Known { id: 93, path: "a".to_owned() };
    assert_eq!(pipeline(new).project(), Some(known));
    let bare = r#"{"id": 1, "status": "success", "project_id": 93}"#;
    assert_eq!(pipeline(bare).project(), Some(ProjectRef::Id(93)));
    assert_eq!(pipeline(r#"{"id": 1, "status": "success"}"#).project(), None);
}

#[test]
fn the_path_below_which_gitlab_is_installed_is_no_part_of_a_project() {
    for (root, path, expect) in [
        ("", "g/down", Some("g/down")),
        ("/gitlab", "gitlab/g/down", Some("g/down")),
        ("/a/b", "a/b/g/down", Some("g/down")),
        // A group may be called like the path, and begin like it.
        ("/gitlab", "gitlab/gitlab/down", Some("gitlab/down")),
        ("/gitlab", "gitlab-org/down", Some("gitlab-org/down")),
    ] {
        let web_url = format!("https://gitlab.test/{path}/-/pipelines/1");
        let mut pipeline = pipeline(&format!(r#"{{"id": 1, "web_url": "{web_url}"}}"#));
        root.clone_into(&mut pipeline.web_root);
        assert_eq!(pipeline.path(), expect, "{root} {path}");
    }
}

#[test]
fn an_expired_archive_that_is_still_listed_counts_as_there() {
    let job = |rest: &str| -> Job {
        serde_json::from_str(&format!(r#"{{"id": 1, "name": "a", "status": "success", {rest}}}"#))
            .unwrap()
    };
    let listed = job(r#""artifacts": [{"file_type": "archive", "size": 7, "filename": "a.zip"}]"#);
    assert_eq!((listed.has_archive(), listed.archive_size()), (true, Some(7)));
    let reports = job(r#""artifacts": [{"file_type": "junit", "size": 7, "filename": "a.gz"}]"#);
    assert_eq!((reports.has_archive(), reports.archive_size()), (false, None));
}

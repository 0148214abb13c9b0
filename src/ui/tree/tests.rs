//! Tests that render the same trees in all three formats.

use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::model::tree::{BridgeTree, LeftOut, PipelineTree, SubTree};
use crate::model::{Bridge, Pipeline, PipelineAt, ProjectRef};

fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

fn tree(pipeline: Value, below: Result<SubTree, LeftOut>) -> PipelineTree {
    let pipeline: Pipeline = serde_json::from_value(pipeline).unwrap();
    let project = pipeline.project().unwrap_or(ProjectRef::Id(1));
    PipelineTree { at: PipelineAt { project, id: pipeline.id }, pipeline, below }
}

fn below(jobs: Value, bridges: Vec<BridgeTree>) -> Result<SubTree, LeftOut> {
    Ok(SubTree { jobs: serde_json::from_value(jobs).unwrap(), bridges })
}

fn bridge(bridge: Value, downstream: Option<PipelineTree>) -> BridgeTree {
    let bridge: Bridge = serde_json::from_value(bridge).unwrap();
    BridgeTree { bridge, downstream }
}

fn plain(tree: &PipelineTree) -> String {
    picture(tree, PictureOptions { utf8: true, color: false, now: now() })
}

/// Two projects, with one of everything below them.
fn two_projects() -> PipelineTree {
    let child = tree(
        json!({ "id": 9100, "project_id": 93, "status": "failed", "ref": "master", "sha": "0badcafe98" }),
        below(json!([{ "id": 70200, "name": "docs", "status": "skipped" }]), vec![]),
    );
    let circle =
        tree(json!({ "id": 9001, "project_id": 70, "status": "running" }), Err(LeftOut::Met));
    let sharecode = tree(
        json!({ "id": 9002, "project_id": 93, "status": "success", "ref": "master",
                "sha": "0badcafe9876543210fedcba9876543210fedcba",
                "web_url": "https://gitlab.test/shop/radar-sharecode/-/pipelines/9002" }),
        below(
            json!([
                { "id": 70103, "name": "lint", "status": "failed", "failure_reason": "script_failure" },
                { "id": 70104, "name": "old", "status": "success", "artifacts_expire_at": "2026-02-01T00:00:00Z" },
                { "id": 70105, "name": "test: [linux, x64]", "status": "canceled", "erased_at": "2026-03-01T00:00:00Z" },
                { "id": 70108, "name": "build-repo", "status": "success",
                  "artifacts_file": { "filename": "artifacts.zip", "size": 1048576 },
                  "artifacts_expire_at": "2026-03-09T23:30:00.000-05:00" },
                { "id": 70109, "name": "forever", "status": "success",
                  "artifacts": [{ "file_type": "archive", "size": 5 }] },
            ]),
            vec![
                bridge(json!({ "id": 70111, "name": "child", "status": "failed" }), Some(child)),
                bridge(json!({ "id": 70112, "name": "back", "status": "pending" }), Some(circle)),
            ],
        ),
    );
    let hidden = tree(
        json!({ "id": 9003, "project_id": 94, "status": "created", "ref": "main", "sha": "feedbeef00" }),
        Err(LeftOut::Unreadable { status: 403 }),
    );
    let deeper =
        tree(json!({ "id": 9004, "project_id": 95, "status": "pondering" }), Err(LeftOut::Deeper));
    tree(
        json!({ "id": 9001, "project_id": 70, "status": "running", "ref": "main",
                "sha": "c0ffee1234567890abcdef1234567890abcdef12",
                "web_url": "https://gitlab.test/shop/linebot/-/pipelines/9001" }),
        below(
            json!([{ "id": 55500, "name": "lint", "status": "success" }]),
            vec![
                bridge(
                    json!({ "id": 55501, "name": "build-sharecode", "status": "success" }),
                    Some(sharecode),
                ),
                bridge(json!({ "id": 55502, "name": "hidden", "status": "success" }), Some(hidden)),
                bridge(json!({ "id": 55503, "name": "far", "status": "running" }), Some(deeper)),
                bridge(json!({ "id": 55504, "name": "deploy:later", "status": "manual" }), None),
            ],
        ),
    )
}

#[test]
fn the_picture_shows_everything_in_one_line_each() {
    expect![[r#"
        pipeline 9001 of project shop/linebot  main c0ffee12  running
        ├─ ✔ job lint (55500)
        ├─ ✔ bridge build-sharecode → pipeline 9002 of project shop/radar-sharecode  master 0badcafe  success
        │  ├─ ✘ job lint (70103)  failed: script_failure
        │  ├─ ✔ job old (70104)  archive expired 2026-02-01
        │  ├─ ⊘ job test: [linux, x64] (70105)  canceled  erased 2026-03-01
        │  ├─ ✔ job build-repo (70108)  1.0 MiB, expires 2026-03-10
        │  ├─ ✔ job forever (70109)  5 B
        │  ├─ ✘ bridge child  failed → pipeline 9100 of project 93  master 0badcafe  failed
        │  │  └─ » job docs (70200)  skipped
        │  └─ ◌ bridge back  pending → pipeline 9001 of project 70  running  see above
        ├─ ✔ bridge hidden → pipeline 9003 of project 94  main feedbeef  created  not readable (403)
        ├─ ● bridge far  running → pipeline 9004 of project 95  pondering  not looked into (--recursive does)
        └─ ○ bridge deploy:later  manual"#]].assert_eq(&plain(&two_projects()));
}

#[test]
fn without_utf8_the_picture_is_ascii_with_names_escaped() {
    let tree = tree(
        json!({ "id": 1, "project_id": 2, "status": "success" }),
        below(
            json!([{ "id": 3, "name": "bücher", "status": "success" }, { "id": 4, "name": "b", "status": "failed" }]),
            vec![bridge(
                json!({ "id": 5, "name": "c", "status": "scheduled" }),
                Some(two_projects()),
            )],
        ),
    );
    let text = picture(&tree, PictureOptions { utf8: false, color: false, now: now() });
    assert!(text.is_ascii());
    expect![[r#"
        pipeline 1 of project 2  success
        |- [ok] job b\u{fc}cher (3)
        |- [x]  job b (4)  failed
        `- [ ]  bridge c  scheduled -> pipeline 9001 of project shop/linebot  main c0ffee12  running
           |- [ok] job lint (55500)
           |- [ok] bridge build-sharecode -> pipeline 9002 of project shop/radar-sharecode  master 0badcafe  success
           |  |- [x]  job lint (70103)  failed: script_failure
           |  |- [ok] job old (70104)  archive expired 2026-02-01
           |  |- [-]  job test: [linux, x64] (70105)  canceled  erased 2026-03-01
           |  |- [ok] job build-repo (70108)  1.0 MiB, expires 2026-03-10
           |  |- [ok] job forever (70109)  5 B
           |  |- [x]  bridge child  failed -> pipeline 9100 of project 93  master 0badcafe  failed
           |  |  `- [>]  job docs (70200)  skipped
           |  `- [ ]  bridge back  pending -> pipeline 9001 of project 70  running  see above
           |- [ok] bridge hidden -> pipeline 9003 of project 94  main feedbeef  created  not readable (403)
           |- [..] bridge far  running -> pipeline 9004 of project 95  pondering  not looked into (--recursive does)
           `- [!]  bridge deploy:later  manual"#]].assert_eq(&text);
}

#[test]
fn colours_change_nothing_but_the_colour() {
    let colored = picture(&two_projects(), PictureOptions { utf8: true, color: true, now: now() });
    assert!(colored.contains("\u{1b}[31m✘\u{1b}[0m job lint"), "{colored:?}");
    let mut bare = String::new();
    for (i, part) in colored.split('\u{1b}').enumerate() {
        bare.push_str(if i == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(bare, plain(&two_projects()));
}

#[test]
fn a_pipeline_that_is_drawn_further_down_is_not_said_to_be_above() {
    let leaf = |below| tree(json!({ "id": 3, "project_id": 1, "status": "success" }), below);
    let first = tree(
        json!({ "id": 2, "project_id": 1, "status": "success" }),
        below(
            json!([]),
            vec![bridge(
                json!({ "id": 20, "name": "a", "status": "success" }),
                Some(leaf(Err(LeftOut::Met))),
            )],
        ),
    );
    let root = tree(
        json!({ "id": 1, "project_id": 1, "status": "success" }),
        below(
            json!([]),
            vec![
                bridge(json!({ "id": 10, "name": "b", "status": "success" }), Some(first)),
                bridge(
                    json!({ "id": 11, "name": "c", "status": "success" }),
                    Some(leaf(Ok(SubTree::default()))),
                ),
            ],
        ),
    );
    expect![[r#"
        pipeline 1 of project 1  success
        ├─ ✔ bridge b → pipeline 2 of project 1  success
        │  └─ ✔ bridge a → pipeline 3 of project 1  success  see below
        └─ ✔ bridge c → pipeline 3 of project 1  success  no jobs to be seen"#]]
    .assert_eq(&plain(&root));
}

#[test]
fn the_document_has_the_promised_shape_all_the_way_down() {
    let document = document(&two_projects());
    let root = &document["pipeline"];
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&document), ["pipeline"]);
    let shape = ["bridges", "id", "jobs", "project_id", "ref", "sha", "status", "web_url"];
    assert_eq!(keys(root), shape);
    assert_eq!(
        root["jobs"],
        json!([{ "id": 55500, "name": "lint", "status": "success", "artifacts": null }])
    );
    let bridges = root["bridges"].as_array().unwrap();
    assert_eq!(keys(&bridges[0]), ["downstream", "name", "status"]);
    assert_eq!(keys(&bridges[0]["downstream"]), shape);
    assert_eq!(bridges[0]["downstream"]["id"], 9002);
    assert_eq!(
        bridges[0]["downstream"]["jobs"][3],
        json!({
            "id": 70108, "name": "build-repo", "status": "success",
            "artifacts": { "size": 1_048_576, "expire_at": "2026-03-09T23:30:00.000-05:00" },
        })
    );
    assert_eq!(bridges[0]["downstream"]["jobs"][1]["artifacts"], Value::Null);
    assert_eq!(bridges[1]["downstream"]["left_out"], "not readable (403)");
    assert_eq!(bridges[1]["downstream"]["jobs"], json!([]));
    assert_eq!(bridges[2]["downstream"]["status"], "pondering");
    assert_eq!(bridges[3]["downstream"], Value::Null);
}

#[test]
fn the_diagram_has_a_box_for_each_pipeline_and_an_arrow_for_each_bridge() {
    expect![[r#"
        ```mermaid
        flowchart LR
          subgraph p9001["pipeline 9001 of project shop/linebot, main c0ffee12, running"]
          j55500["✔ lint"]:::good
          b55501["✔ build-sharecode"]:::good
          b55502["✔ hidden"]:::good
          b55503["● far, running"]:::moving
          b55504["○ deploy:later, manual"]:::still
          end
          subgraph p9002["pipeline 9002 of project shop/radar-sharecode, master 0badcafe, success"]
          j70103["✘ lint, failed: script_failure"]:::bad
          j70104["✔ old, archive expired 2026-02-01"]:::good
          j70105["⊘ test: #91;linux, x64#93;, canceled, erased 2026-03-01"]:::still
          j70108["✔ build-repo, 1.0 MiB, expires 2026-03-10"]:::good
          j70109["✔ forever, 5 B"]:::good
          b70111["✘ child, failed"]:::bad
          b70112["◌ back, pending"]:::moving
          end
          subgraph p9100["pipeline 9100 of project 93, master 0badcafe, failed"]
          j70200["» docs, skipped"]:::still
          end
          p9003["pipeline 9003 of project 94, main feedbeef, created, not readable (403)"]:::moving
          p9004["pipeline 9004 of project 95, pondering, not looked into (--recursive does)"]:::moving
          b55501 --> p9002
          b70111 --> p9100
          b70112 --> p9001
          b55502 --> p9003
          b55503 --> p9004
          classDef good fill:#d5f0dc,stroke:#217645,color:#111
          classDef bad fill:#fbdcd6,stroke:#b3260e,color:#111
          classDef moving fill:#d6e6fb,stroke:#1f5fae,color:#111
          classDef still fill:#ececef,stroke:#737278,color:#111
        ```"#]].assert_eq(&mermaid(&two_projects(), now()));
}

/// Names that try to get out of where they are put.
const HOSTILE: [&str; 12] = [
    "\u{1b}[2J\u{1b}]8;;https://evil.test\u{7}x",
    "a\"]\n  click j3 \"https://evil.test\"\n  x[\"b",
    "a\r\n```\n<script>alert(1)</script>",
    "```",
    "%%{init: {\"securityLevel\": \"loose\"}}%%",
    "<img src=x onerror=alert(1)>",
    "#quot;]; click a href \"x\"",
    "&quot;&lt;b&gt;",
    "\"`**md**`\"",
    "end; subgraph x",
    "a:::bad --> b | c {d} (e) ~~~ $$x$$ \\n",
    "\u{9b}31m\u{202e}gnp.exe",
];

fn hostile(name: &str) -> PipelineTree {
    tree(
        json!({ "id": 1, "status": name, "ref": name, "sha": name, "web_url": format!("https://gitlab.test/{name}/-/pipelines/1") }),
        below(
            json!([{ "id": 3, "name": name, "status": "failed", "failure_reason": name, "artifacts_expire_at": name,
                     "artifacts": [{ "file_type": "archive" }] },
                   { "id": 4, "name": name, "status": name, "erased_at": name }]),
            vec![bridge(
                json!({ "id": 5, "name": name, "status": "failed", "failure_reason": name }),
                None,
            )],
        ),
    )
}

#[test]
fn a_hostile_name_adds_no_line_and_no_control_to_the_picture() {
    for name in HOSTILE {
        for utf8 in [true, false] {
            let text = picture(&hostile(name), PictureOptions { utf8, color: false, now: now() });
            assert_eq!(text.lines().count(), 4, "{text}");
            assert!(
                !text.chars().any(|c| c != '\n' && (c.is_control() || c == '\u{202e}')),
                "{text:?}"
            );
        }
    }
}

#[test]
fn a_hostile_name_stays_inside_its_label_in_the_diagram() {
    let harmless = mermaid(&hostile("x"), now());
    let skeleton = |text: &str| -> Vec<String> {
        let outside = |line: &str| line.split('"').step_by(2).collect::<Vec<_>>().join("LABEL");
        text.lines().map(outside).collect()
    };
    for name in HOSTILE {
        let text = mermaid(&hostile(name), now());
        assert_eq!(skeleton(&text), skeleton(&harmless), "{text}");
        for label in text.lines().filter_map(|line| line.split('"').nth(1)) {
            let rest = label.split(';').map(|part| match part.rsplit_once('#') {
                Some((text, code)) => {
                    assert!(
                        code.bytes().all(|byte| byte.is_ascii_digit()) && !code.is_empty(),
                        "{label}"
                    );
                    text
                }
                None => part,
            });
            assert!(
                !rest.collect::<String>().contains(|c: char| "<>&\"'`[]{}#;%$|\\~*=".contains(c)),
                "{label}"
            );
        }
    }
}

#[test]
fn a_hostile_name_is_one_string_in_the_document() {
    for name in HOSTILE {
        let text = format!("{:#}", document(&hostile(name)));
        assert!(!text.contains('\u{1b}'));
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["pipeline"]["jobs"][0]["name"], name);
    }
}

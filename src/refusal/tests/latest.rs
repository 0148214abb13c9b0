//! The messages about a ref that has no pipeline.

use expect_test::expect;

use super::{check, names};
use crate::model::ProjectRef;
use crate::refusal::Refusal;

#[test]
fn refusals_of_the_latest_pipeline_of_a_ref() {
    let no_latest =
        |ref_: &str, pushed, default_branch: Option<&str>, seen: &[&str]| Refusal::NoLatest {
            project: ProjectRef::Id(1),
            ref_: ref_.to_owned(),
            pushed,
            default_branch: default_branch.map(str::to_owned),
            seen: names(seen),
        };
    check(
        no_latest("fix/it", Some(false), Some("main"), &["dev", "main"]),
        expect![[r#"
            no pipeline of ref `fix/it` in project 1, which GitLab does not know: it was never pushed, or is deleted; there are pipelines of `dev`, `main`
            hint: push the branch, or take the newest of the default branch with `--pipeline latest --ref main`
            3/3, may change"#]],
    );
    check(
        no_latest("docs", Some(true), Some("main"), &["a'b"]),
        expect![[r#"
            no pipeline of ref `docs` in project 1; there are pipelines of `a'b`
            hint: take the newest of another ref, as with `--pipeline latest --ref "a'b"`
            3/3, may change"#]],
    );
    check(
        no_latest("main", Some(true), Some("main"), &[]),
        expect![[r#"
        no pipeline of ref `main` in project 1; the project has no pipelines at all
        hint: `downriver list` shows the pipelines of the project
        3/3, may change"#]],
    );
    check(
        no_latest("x", None, None, &["dev"]),
        expect![[r#"
        no pipeline of ref `x` in project 1; there are pipelines of `dev`
        hint: take the newest of another ref, as with `--pipeline latest --ref dev`
        3/3, may change"#]],
    );
    check(
        no_latest("x", Some(false), Some("main"), &[]),
        expect![[r#"
        no pipeline of ref `x` in project 1, which GitLab does not know: it was never pushed, or is deleted; the project has no pipelines at all
        hint: push the branch
        3/3, may change"#]],
    );
}

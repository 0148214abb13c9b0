//! Tests of the web address among the arguments.

use super::{clone_of, env, env_in};
use crate::args::{ConnectArgs, LookupArgs};
use crate::env::Env;
use crate::settings::{SplitWords, WebUrlTarget, split_web_url};

const ROOT: &str = "https://a.test/g/p";

fn split(words: &[&str], env: &Env) -> Result<SplitWords, String> {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let (lookup, connect) = (LookupArgs::default(), ConnectArgs::default());
    split_web_url(&words, &lookup, &connect, env).map_err(|usage| usage.message)
}

/// Describes the target of an address.
fn target(url: &str) -> String {
    let split = split(&[url], &env("")).unwrap();
    let url = split.web_url.unwrap();
    assert_eq!(
        (url.project.to_string().as_str(), url.api.as_str()),
        ("g/p", "https://a.test/api/v4")
    );
    match url.target {
        WebUrlTarget::Project => "project".to_owned(),
        WebUrlTarget::Pipeline(id) => format!("pipeline {id}"),
        WebUrlTarget::Job(id) => format!("job {id}"),
        WebUrlTarget::Ref(ref_) => format!("ref {ref_}"),
        WebUrlTarget::JobOfRef { ref_, job } => format!("job {job} of ref {ref_}"),
        WebUrlTarget::Commit(sha) => format!("commit {sha}"),
        WebUrlTarget::MergeRequest(iid) => format!("merge request {iid}"),
    }
}

#[test]
fn every_page_that_people_paste_is_known() {
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let of_commit = format!("commit {sha}");
    for (path, expect) in [
        ("", "project"),
        ("/", "project"),
        (".git", "project"),
        ("/-/", "project"),
        ("?tab=readme#readme", "project"),
        ("/-/pipelines/123", "pipeline 123"),
        ("/-/pipelines/123/", "pipeline 123"),
        ("/-/pipelines/123/builds", "pipeline 123"),
        ("/-/pipelines/123/test_report?job_name=x", "pipeline 123"),
        ("/-/jobs/456", "job 456"),
        ("/-/jobs/456#L12", "job 456"),
        ("/-/jobs/456/raw", "job 456"),
        ("/-/jobs/456/artifacts/browse", "job 456"),
        ("/-/jobs/456/artifacts/browse/target/doc/", "job 456"),
        ("/-/jobs/456/artifacts/file/a/b.html", "job 456"),
        ("/-/jobs/456/artifacts/download?file_type=archive", "job 456"),
        ("/-/jobs/artifacts/main/download?job=build", "job build of ref main"),
        ("/-/jobs/artifacts/a/b/download?job=build%20it", "job build it of ref a/b"),
        ("/-/jobs/artifacts/main/browse?job=build+it", "job build it of ref main"),
        (
            "/-/jobs/artifacts/v1.0/raw/a/b.txt?inline=false&job=x:%20[a,%20b]",
            "job x: [a, b] of ref v1.0",
        ),
        ("/-/jobs/artifacts/main/file/index.html?job=docs", "job docs of ref main"),
        ("/-/tree/main", "ref main"),
        ("/-/tree/feature/x/y", "ref feature/x/y"),
        ("/-/tree/feature/x?ref_type=heads", "ref feature/x"),
        ("/-/tree/feature%2Fx/", "ref feature/x"),
        ("/-/tree/f%C3%BCr", "ref für"),
        ("/-/commits/main", "ref main"),
        ("/-/tags/v1.0", "ref v1.0"),
        ("/-/commit/0123456789abcdef0123456789abcdef01234567", of_commit.as_str()),
        ("/-/commit/0123456789ABCDEF0123456789abcdef01234567/pipelines?ref=x", of_commit.as_str()),
        ("/-/commit/0123456", "commit 0123456"),
        ("/-/merge_requests/7", "merge request 7"),
        ("/-/merge_requests/7/diffs?commit_id=1#note_9", "merge request 7"),
        ("/-/merge_requests/7/pipelines", "merge request 7"),
    ] {
        assert_eq!(target(&format!("{ROOT}{path}")), expect, "{path}");
    }
}

#[test]
fn addresses_of_other_pages_are_refused() {
    for path in [
        "/-/pipelines",
        "/-/pipelines?ref=main",
        "/-/pipelines/new",
        "/-/jobs",
        "/-/jobs/artifacts/main/download",
        "/-/jobs/artifacts/download?job=x",
        "/-/jobs/artifacts/main/download?job=",
        "/-/tree",
        "/-/tree/..",
        "/-/jobs/artifacts/../download?job=x",
        "/-/commit/main",
        "/-/merge_requests/new",
        "/-/issues/7",
        "/-/settings/ci_cd",
    ] {
        let error = split(&[&format!("{ROOT}{path}")], &env("")).unwrap_err();
        assert!(error.starts_with("the URL names no "), "{path}: {error}");
    }
}

#[test]
fn the_address_is_found_in_any_place_and_without_the_space_around_it() {
    let url = "https://a.test/g/p/-/pipelines/1";
    let padded = format!(" \t{url}\n");
    for (words, rest) in [
        (vec![url], vec![]),
        (vec![url, "build"], vec!["build"]),
        (vec!["build", url], vec!["build"]),
        (vec!["build", &padded, "test"], vec!["build", "test"]),
        (vec![&padded], vec![]),
    ] {
        let split = split(&words, &env("")).unwrap();
        assert!(split.web_url.is_some(), "{words:?}");
        assert_eq!(split.words, rest, "{words:?}");
    }
    let two = split(&[url, "build", url], &env("")).unwrap_err();
    assert!(two.starts_with("there are two URLs"), "{two}");
    // A matrix job can have a URL in its name.
    for name in ["deploy: [https://a.test/x]", "://", "a b://c"] {
        assert_eq!(split(&[name], &env("")).unwrap().web_url, None, "{name}");
    }
}

#[test]
fn the_scheme_may_be_missing_where_the_server_is_known() {
    let folder = clone_of("git@git.test:g/p.git");
    let in_checkout = env_in(folder.path(), "");
    let nowhere = env("");
    let ported = env("CI_API_V4_URL=http://127.0.0.1:8080/api/v4");
    let named = env("GITLAB_HOST=gitlab.test");
    let page = |host: &str| format!("{host}/g/p/-/jobs/4");
    for (env, words, api) in [
        (&named, vec![page("gitlab.test")], Some("https://gitlab.test/api/v4")),
        (&named, vec!["x".into(), page("gitlab.test")], Some("https://gitlab.test/api/v4")),
        (&named, vec![format!(" {} ", page("GitLab.test"))], Some("https://gitlab.test/api/v4")),
        (&named, vec!["gitlab.test/g/p".into(), "x".into()], Some("https://gitlab.test/api/v4")),
        (&named, vec![page("gitlab.com")], Some("https://gitlab.com/api/v4")),
        (&ported, vec![page("127.0.0.1:8080")], Some("http://127.0.0.1:8080/api/v4")),
        (&ported, vec![page("127.0.0.1")], None),
        (&in_checkout, vec![page("git.test")], Some("https://git.test/api/v4")),
        (&nowhere, vec![page("gitlab.com")], Some("https://gitlab.com/api/v4")),
        (&nowhere, vec![page("git.test")], None),
        // Words that look like it: a path in an archive, names of jobs.
        (&named, vec!["job".into(), "gitlab.test/g/p".into()], None),
        (&named, vec!["gitlab.test".into()], None),
        (&named, vec!["gitlab.test/x".into()], None),
        (&named, vec!["build/gitlab.test/x/-/jobs/4".into()], None),
        (&named, vec!["gitlab.testing/g/p/-/jobs/4".into()], None),
        (&named, vec!["".into(), "/".into(), "//".into(), "a/b".into()], None),
    ] {
        let list: Vec<&str> = words.iter().map(String::as_str).collect();
        let found = split(&list, env).unwrap().web_url;
        assert_eq!(found.as_ref().map(|url| url.api.as_str()), api, "{words:?}");
    }
}

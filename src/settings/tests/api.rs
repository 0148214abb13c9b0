//! Tests of the API root.

use super::{clone_of, env, env_in, parse_args};
use crate::env::Env;
use crate::settings;

/// Returns the API root and its source, or the error.
fn api(flags: &str, env: &Env) -> String {
    let args = parse_args(flags);
    let found = settings::split_web_url(&args.words, &args.lookup, &args.connect, env)
        .and_then(|split| settings::api(&args.connect, &args.lookup, split.web_url.as_ref(), env));
    match found {
        Ok(api) => format!("{} from {}", api.value, api.source),
        Err(usage) => usage.message,
    }
}

#[test]
fn the_api_root_comes_from_the_first_source_in_order() {
    let url = "https://url.test/group/project/-/pipelines/1";
    let all = "CI_API_V4_URL=https://ci.test/api/v4 GITLAB_HOST=host.test CI_SERVER_URL=https://server.test";
    let some = "GITLAB_HOST=host.test CI_SERVER_URL=https://server.test";
    for (flags, variables, expect) in [
        ("--api-url https://flag.test/api/v4", all, "https://flag.test/api/v4 from --api-url"),
        (url, all, "https://url.test/api/v4 from the given URL"),
        ("", all, "https://ci.test/api/v4 from CI_API_V4_URL"),
        ("", some, "https://host.test/api/v4 from GITLAB_HOST"),
        (
            "",
            "CI_SERVER_URL=https://server.test:8443",
            "https://server.test:8443/api/v4 from CI_SERVER_URL",
        ),
        // The variables of glab and python-gitlab.
        (
            "",
            "GITLAB_URI=https://uri.test GL_HOST=gl.test",
            "https://uri.test/api/v4 from GITLAB_URI",
        ),
        ("", "GL_HOST=gl.test GITLAB_URL=https://url.test", "https://gl.test/api/v4 from GL_HOST"),
        ("", "GITLAB_URL=https://url.test/api/v4/", "https://url.test/api/v4 from GITLAB_URL"),
        (
            "",
            "GITLAB_URL=https://url.test/gitlab",
            "https://url.test/gitlab/api/v4 from GITLAB_URL",
        ),
        ("", "CI_API_V4_URL= GITLAB_HOST=", "https://gitlab.com/api/v4 from default"),
    ] {
        assert_eq!(api(flags, &env(variables)), expect, "{flags} {variables}");
    }
}

#[test]
fn the_git_remote_is_a_fallback_for_the_api_root() {
    let folder = clone_of("git@gitlab.example.com:group/project.git");
    for (flags, variables, expect) in [
        ("", "", "https://gitlab.example.com/api/v4 from git remote origin"),
        ("", "GITLAB_HOST=host.test", "https://host.test/api/v4 from GITLAB_HOST"),
        ("--api-url http://flag.test", "", "http://flag.test/ from --api-url"),
        ("--project other/project", "", "https://gitlab.com/api/v4 from default"),
        ("", "CI=true", "https://gitlab.com/api/v4 from default"),
        ("", "GITLAB_CI=true", "https://gitlab.com/api/v4 from default"),
    ] {
        assert_eq!(api(flags, &env_in(folder.path(), variables)), expect, "{flags} {variables}");
    }
}

#[test]
fn common_spellings_of_the_address_are_accepted() {
    for (flags, variables, expect) in [
        ("--api-url https://a.test/api/v4/", "", "https://a.test/api/v4"),
        ("--api-url https://a.test/api/v4/projects", "", "https://a.test/api/v4"),
        ("--api-url https://a.test/api/v4/projects/", "", "https://a.test/api/v4"),
        ("--api-url https://a.test/gitlab/api/v4", "", "https://a.test/gitlab/api/v4"),
        ("", "GITLAB_HOST=https://a.test/", "https://a.test/api/v4"),
        ("", "GITLAB_HOST=http://a.test:8080", "http://a.test:8080/api/v4"),
        ("", "GITLAB_HOST=a.test/gitlab", "https://a.test/gitlab/api/v4"),
        ("", "CI_SERVER_URL=https://a.test/gitlab", "https://a.test/gitlab/api/v4"),
    ] {
        let actual = api(flags, &env(variables));
        assert_eq!(actual.split(" from ").next(), Some(expect), "{flags} {variables}");
    }
}

#[test]
fn an_unusable_address_is_reported_without_its_text() {
    for (flags, variables, expect) in [
        ("--api-url gitlab.test", "", "from --api-url, is not a web address"),
        ("--api-url ftp://gitlab.test", "", "from --api-url, is neither http nor https"),
        (
            "--api-url https://me:s3cr3t@gitlab.test/api/v4",
            "",
            "from --api-url, contains a user name or a password, which is not allowed",
        ),
        (
            "",
            "GITLAB_HOST=me:s3cr3t@gitlab.test",
            "from GITLAB_HOST, contains a user name or a password, which is not allowed",
        ),
    ] {
        let actual = api(flags, &env(variables));
        assert_eq!(actual, format!("the address of GitLab's API, {expect}"));
    }
}

#[test]
fn a_flag_and_a_url_of_different_servers_contradict_each_other() {
    let url = "https://a.test/group/project/-/pipelines/1";
    let actual = api(&format!("--api-url https://b.test/api/v4 {url}"), &env(""));
    assert_eq!(actual, "--api-url and the URL name different servers");
    let actual = api(&format!("--api-url https://a.test/api/v4 {url}"), &env(""));
    assert_eq!(actual, "https://a.test/api/v4 from --api-url");
}

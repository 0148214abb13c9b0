//! Tests of the choice of the token and its warnings.

use super::{clone_of, env, env_in, parse_args, write};
use crate::env::Env;
use crate::settings::{self, ChosenToken};

/// Returns the header, the token and its source, or the error; then the warnings.
fn token(flags: &str, env: &mut Env) -> (String, Vec<String>) {
    let connect = parse_args(flags).connect;
    let api = settings::api(&connect, &Default::default(), None, env).unwrap();
    match settings::token(&connect, &api, env) {
        Ok(ChosenToken { token: None, warnings, .. }) => ("none".to_owned(), warnings),
        Ok(ChosenToken { token: Some(token), warnings, .. }) => {
            let (header, secret) = (token.value.kind().header(), token.value.reveal());
            (format!("{header} {secret} from {}", token.source), warnings)
        }
        Err(error) => (format!("error: {error}"), Vec::new()),
    }
}

#[test]
fn a_flag_wins_over_the_variables_and_a_private_token_over_a_job_token() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("secret"), "file\n");
    let home = "CI=true CI_API_V4_URL=https://gitlab.test/api/v4 CI_JOB_TOKEN=job";
    let three = "GITLAB_TOKEN=one GITLAB_PRIVATE_TOKEN=two PRIVATE_TOKEN=three";
    for (flags, variables, expect) in [
        ("--private-token flag", three, "PRIVATE-TOKEN flag from --private-token"),
        ("--job-token flag", three, "JOB-TOKEN flag from --job-token"),
        ("--token-file secret", three, "PRIVATE-TOKEN file from --token-file"),
        ("", three, "PRIVATE-TOKEN one from GITLAB_TOKEN"),
        (
            "",
            "GITLAB_TOKEN= GITLAB_PRIVATE_TOKEN=two PRIVATE_TOKEN=three",
            "PRIVATE-TOKEN two from GITLAB_PRIVATE_TOKEN",
        ),
        // The variables of glab; the last one only if it cannot be meant for another service.
        ("", "GITLAB_ACCESS_TOKEN=a PRIVATE_TOKEN=b", "PRIVATE-TOKEN a from GITLAB_ACCESS_TOKEN"),
        ("", "OAUTH_TOKEN=glpat-a", "PRIVATE-TOKEN glpat-a from OAUTH_TOKEN"),
        ("", "OAUTH_TOKEN=gho_a", "JOB-TOKEN job from CI_JOB_TOKEN"),
        ("", "PRIVATE_TOKEN=three", "PRIVATE-TOKEN three from PRIVATE_TOKEN"),
        ("", "", "JOB-TOKEN job from CI_JOB_TOKEN"),
        // The prefix identifies a job token in any setting.
        ("", "GITLAB_TOKEN=glcbt-64_x", "JOB-TOKEN glcbt-64_x from GITLAB_TOKEN"),
        ("--private-token glcbt-1", "", "JOB-TOKEN glcbt-1 from --private-token"),
    ] {
        let mut env = env_in(folder.path(), &format!("{home} {variables}"));
        let actual = token(flags, &mut env);
        assert_eq!(actual, (expect.to_owned(), Vec::new()), "{flags} {variables}");
    }
}

#[test]
fn a_token_file_can_be_standard_input() {
    let mut env = env("");
    env.stdin = Box::new("piped\r\n".as_bytes());
    assert_eq!(token("--token-file -", &mut env).0, "PRIVATE-TOKEN piped from --token-file");
}

#[cfg(unix)]
#[test]
fn a_token_file_that_others_can_read_is_used_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    write(&file, "s3cr3t");
    for (mode, warned) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
        super::mode(&file, mode);
        let (actual, warnings) = token("--token-file secret", &mut env_in(folder.path(), ""));
        assert_eq!(actual, "PRIVATE-TOKEN s3cr3t from --token-file");
        let file = file.display();
        let expect =
            format!("{file} holds a token and is open to others; `chmod 600 {file}` closes it");
        assert_eq!(warnings, if warned { vec![expect] } else { Vec::new() }, "{mode:o}");
    }
}

#[test]
fn an_invalid_token_is_refused_without_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("two-lines", b"s3cr3t\ns3cr3t\n");
    write("empty", b"\n");
    write("binary", b"s3cr3t\xff");
    let refused = [
        ("--private-token \"s3cr3t\"", "from --private-token contains a character"),
        ("--job-token s3cr3té", "from --job-token contains a character"),
        ("--private-token=", "from --private-token is empty"),
        ("--token-file two-lines", "from --token-file contains a line break"),
        ("--token-file empty", "from --token-file is empty"),
    ];
    for (flags, expect) in refused {
        let (actual, _) = token(flags, &mut env_in(folder.path(), ""));
        assert!(actual.starts_with(&format!("error: the token {expect}")), "{flags}: {actual}");
        assert!(!actual.contains("s3cr3t"), "{actual}");
    }
    let (actual, _) = token("--token-file binary", &mut env_in(folder.path(), ""));
    assert_eq!(actual, "error: the file of --token-file holds no text");
    let (actual, _) = token("--token-file gone", &mut env_in(folder.path(), ""));
    assert!(actual.starts_with("error: cannot read ") && actual.contains("gone: "), "{actual}");
    for name in ["GITLAB_TOKEN", "GITLAB_PRIVATE_TOKEN", "PRIVATE_TOKEN"] {
        let mut env = env("");
        env.vars.insert(name.to_owned(), "s3cr3t s3cr3t".to_owned());
        let (actual, _) = token("", &mut env);
        assert!(actual.starts_with(&format!("error: the token from {name} contains")), "{actual}");
        assert!(!actual.contains("s3cr3t"), "{actual}");
    }
}

#[test]
fn the_job_token_of_ci_goes_to_its_own_gitlab_alone() {
    let home = "https://gitlab.test/api/v4";
    for (flags, variables, sent) in [
        ("--api-url https://gitlab.test/api/v4", format!("CI_API_V4_URL={home}"), true),
        ("--api-url https://gitlab.test:443/api/v4", format!("CI_API_V4_URL={home}"), true),
        ("", "CI_SERVER_URL=https://gitlab.test".to_owned(), true),
        ("--api-url https://other.test/api/v4", format!("CI_API_V4_URL={home}"), false),
        ("--api-url http://gitlab.test/api/v4", format!("CI_API_V4_URL={home}"), false),
        ("--api-url https://gitlab.test:8443/api/v4", format!("CI_API_V4_URL={home}"), false),
        ("--api-url https://gitlab.test/api/v4", "CI_API_V4_URL=nonsense".to_owned(), false),
        // Set by hand, for the server given by hand.
        ("--api-url https://gitlab.test/api/v4", String::new(), true),
    ] {
        let mut env = env(&format!("CI=true CI_JOB_TOKEN=s3cr3t {variables}"));
        let (actual, warnings) = token(flags, &mut env);
        let expect = if sent { "JOB-TOKEN s3cr3t from CI_JOB_TOKEN" } else { "none" };
        assert_eq!(actual, expect, "{flags} {variables}");
        assert_eq!(warnings.len(), usize::from(!sent), "{warnings:?}");
        assert!(warnings.iter().all(|it| it.contains("not sent") && !it.contains("s3cr3t")));
    }
    // A token given by a flag is not bound to the GitLab of the runner.
    let mut env = env(&format!("CI=true CI_API_V4_URL={home} CI_JOB_TOKEN=s3cr3t"));
    let flags = "--api-url https://other.test/api/v4 --job-token typed";
    assert_eq!(token(flags, &mut env).0, "JOB-TOKEN typed from --job-token");
}

#[test]
fn no_token_goes_to_a_server_that_only_a_git_remote_names() {
    let folder = clone_of("https://evil.test/group/project.git");
    let stays = "is not sent to https://evil.test, which only the git remote origin names";
    let (actual, warnings) = token("", &mut env_in(folder.path(), "GITLAB_TOKEN=s3cr3t"));
    assert_eq!(actual, "none");
    let allow = "to send it there set GITLAB_HOST=https://evil.test, or pass --api-url https://evil.test/api/v4";
    assert_eq!(warnings, [format!("GITLAB_TOKEN {stays}; {allow}")]);
    let (actual, _) = token("--private-token s3cr3t", &mut env_in(folder.path(), ""));
    assert_eq!(actual, format!("error: the token from --private-token {stays}"));
    // The server is also named by a variable, a flag, or stored credentials.
    let named = "GITLAB_TOKEN=t GITLAB_HOST=evil.test";
    assert_eq!(token("", &mut env_in(folder.path(), named)).0, "PRIVATE-TOKEN t from GITLAB_TOKEN");
    let flags = "--api-url https://evil.test/api/v4 --private-token t";
    assert_eq!(
        token(flags, &mut env_in(folder.path(), "")).0,
        "PRIVATE-TOKEN t from --private-token"
    );
    write(
        &folder.path().join("glab/config.yml"),
        "hosts:\n  evil.test:\n    user: me\n    use_keyring: \"true\"\n",
    );
    let known = "GITLAB_TOKEN=t GLAB_CONFIG_DIR=glab";
    assert_eq!(token("", &mut env_in(folder.path(), known)).0, "PRIVATE-TOKEN t from GITLAB_TOKEN");
    // GitLab.com is always trusted.
    let folder = clone_of("git@gitlab.com:group/project.git");
    let mut env = env_in(folder.path(), "GITLAB_TOKEN=t");
    assert_eq!(token("", &mut env).0, "PRIVATE-TOKEN t from GITLAB_TOKEN");
}

#[test]
fn stored_credentials_come_last_and_never_in_ci() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.yml");
    write(&file, "hosts:\n  gitlab.com:\n    token: kept\n");
    let kept = format!("PRIVATE-TOKEN kept from {}", file.display());
    for (flags, variables, expect) in [
        ("", "", kept.as_str()),
        ("", "GITLAB_TOKEN=t", "PRIVATE-TOKEN t from GITLAB_TOKEN"),
        ("--private-token t", "", "PRIVATE-TOKEN t from --private-token"),
        ("--api-url https://gitlab.test/api/v4", "", "none"),
        ("", "CI=true", "none"),
        ("", "GITLAB_CI=true", "none"),
    ] {
        let mut env = env_in(folder.path(), variables);
        let glab = folder.path().to_str().unwrap().to_owned();
        env.vars.insert("GLAB_CONFIG_DIR".to_owned(), glab);
        let actual = token(flags, &mut env);
        assert_eq!(actual, (expect.to_owned(), Vec::new()), "{flags} {variables}");
    }
}

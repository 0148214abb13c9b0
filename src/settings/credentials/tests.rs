//! Tests of the credentials files: the tokens found for each server, and the warnings.

use std::path::Path;

use super::*;
use crate::settings::tests::{env_in, write};

const HERE: &str = "https://gitlab.test/api/v4";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// Describes the entry that a file has for an API.
fn describe(find_entry: FindEntry, text: &str, api: &str) -> String {
    match find_entry(text, &address(api)) {
        Ok(None) => "nothing".to_owned(),
        Ok(Some(CredentialEntry::Token(kind, text))) => format!("{} {text}", kind.header()),
        Ok(Some(CredentialEntry::Unused(why))) => why,
        Err(MalformedFile) => "malformed".to_owned(),
    }
}

#[test]
fn glab_stores_a_token_for_each_host() {
    let file = "\
# What protocol to use when performing Git operations.
git_protocol: ssh
editor: vim
hosts:
    gitlab.com:
        # Your GitLab access token.
        token:
        api_host: gitlab.com
    # glab tags what it writes into an empty place like this.
    gitlab.test:
        token: !!null glpat-here
        api_protocol: https
        user: me
    port.test:8443:
        token: \"glpat-port\"
        git_protocol: https
    plain.test: {api_protocol: http, token: glpat-plain}
    ssh.test:
        api_host: api.test
        token: glpat-api
    job.test:
        job_token: jobby
    both.test: {token: ~, job_token: jobby}
custom:
    - hosts: {gitlab.com: {token: glpat-wrong}}
";
    for (api, expect) in [
        (HERE, "PRIVATE-TOKEN glpat-here"),
        ("https://gitlab.test:443/api/v4", "PRIVATE-TOKEN glpat-here"),
        ("https://gitlab.test/below/api/v4", "PRIVATE-TOKEN glpat-here"),
        ("https://GITLAB.test/api/v4", "PRIVATE-TOKEN glpat-here"),
        ("http://gitlab.test/api/v4", "nothing"),
        ("https://gitlab.test:8443/api/v4", "nothing"),
        ("https://gitlab.test.evil/api/v4", "nothing"),
        ("https://sub.gitlab.test/api/v4", "nothing"),
        ("https://port.test:8443/api/v4", "PRIVATE-TOKEN glpat-port"),
        ("https://port.test/api/v4", "nothing"),
        ("http://plain.test/api/v4", "PRIVATE-TOKEN glpat-plain"),
        ("https://plain.test/api/v4", "nothing"),
        ("https://api.test/api/v4", "PRIVATE-TOKEN glpat-api"),
        ("https://ssh.test/api/v4", "nothing"),
        ("https://job.test/api/v4", "JOB-TOKEN jobby"),
        ("https://both.test/api/v4", "JOB-TOKEN jobby"),
        ("https://gitlab.com/api/v4", "nothing"),
    ] {
        assert_eq!(describe(glab::find_entry, file, api), expect, "{api}");
    }
}

#[test]
fn glab_tokens_in_the_keyring_or_of_oauth_are_explained() {
    for (host, expect) in [
        ("{token: oauth, is_oauth2: \"true\"}", "it is of a sign-in by browser"),
        ("{token: oauth, is_oauth2: true}", "it is of a sign-in by browser"),
        ("{use_keyring: true, user: me, is_oauth2: true}", "it is of a sign-in by browser"),
        ("{token: glpat-1, is_oauth2: \"false\"}", "PRIVATE-TOKEN glpat-1"),
        ("{use_keyring: \"true\", user: me}", "glab keeps it in the keyring of the system"),
        ("{token: \"\", user: me}", "glab keeps it in the keyring of the system"),
        ("{token: \"\", use_keyring: \"false\"}", "nothing"),
        ("{}", "nothing"),
        ("[token, glpat-1]", "nothing"),
        ("&a {token: *a}", "nothing"),
        ("{[a, b]: c, token: glpat-1}", "PRIVATE-TOKEN glpat-1"),
        ("{token: {deeper: glpat-1}}", "nothing"),
        ("{token: glpat-1, token: glpat-2}", "PRIVATE-TOKEN glpat-1"),
    ] {
        let file = format!("hosts:\n  gitlab.test: {host}\n");
        let entry = describe(glab::find_entry, &file, HERE);
        assert!(entry.starts_with(expect), "{host}: {entry}");
    }
    for (file, expect) in [
        ("", "nothing"),
        ("hosts:\n", "nothing"),
        ("just words", "nothing"),
        ("- hosts:\n    gitlab.test: {token: t}\n", "nothing"),
        ("hosts: {gitlab.test: {token: t}", "malformed"),
        ("hosts:\n\t- [", "malformed"),
    ] {
        assert_eq!(describe(glab::find_entry, file, HERE), expect, "{file}");
    }
}

#[test]
fn python_gitlab_stores_a_token_for_each_section() {
    let file = "\
[global]
default = Other
ssl_verify = true

; two of one server: the default one counts
[mine]
url = https://gitlab.test
private_token = glpat-mine
[Other]
url: https://gitlab.test/
private_token: glpat-other
api_version = 4

[job]
url = http://job.test:8080/below
job_token = jobby
[oauth]
url = https://oauth.test
oauth_token = s3cr3t
[helper]
url = https://helper.test
private_token = helper: /usr/bin/pass show s3cr3t
[empty]
url = https://empty.test
private_token =
[userinfo]
url = https://me:s3cr3t@userinfo.test
private_token = glpat-x
[nowhere]
private_token = glpat-nowhere
";
    for (api, expect) in [
        (HERE, "PRIVATE-TOKEN glpat-other"),
        ("http://gitlab.test/api/v4", "nothing"),
        ("https://gitlab.test:444/api/v4", "nothing"),
        ("http://job.test:8080/below/api/v4", "JOB-TOKEN jobby"),
        ("https://job.test:8080/below/api/v4", "nothing"),
        (
            "https://oauth.test/api/v4",
            "it is an OAuth token; set GITLAB_TOKEN to a personal access token",
        ),
        (
            "https://helper.test/api/v4",
            "a command would have to be run to get it; set GITLAB_TOKEN to what it prints",
        ),
        ("https://empty.test/api/v4", "nothing"),
        ("https://userinfo.test/api/v4", "nothing"),
    ] {
        assert_eq!(describe(python_gitlab::find_entry, file, api), expect, "{api}");
    }
    assert_eq!(
        describe(python_gitlab::find_entry, "[broken\nurl = https://gitlab.test", HERE),
        "malformed"
    );
    assert_eq!(describe(python_gitlab::find_entry, "", HERE), "nothing");
}

/// Returns the token with its source, and the warnings, all with paths relative to the folder.
fn found(folder: &Path, variables: &str) -> (String, Vec<String>) {
    let slashes = |text: String| text.replace('\\', "/");
    let root = slashes(folder.display().to_string()) + "/";
    let stored = find_token(&address(HERE), &env_in(folder, &variables.replace("~", &root)));
    let token = stored.token.map(|it| format!("{} from {}", it.value.reveal(), it.source));
    let short = |text: String| slashes(text).replace(&root, "");
    (short(token.unwrap_or_default()), stored.warnings.into_iter().map(short).collect())
}

const GLAB: &str = "hosts: {gitlab.test: {token: glab}}";
const PYTHON: &str = "[a]\nurl = https://gitlab.test\nprivate_token = python\n";

#[test]
fn only_the_file_that_glab_reads_is_read() {
    for (files, variables, expect) in [
        (
            &["own/config.yml", "h/.config/glab-cli/config.yml"][..],
            "GLAB_CONFIG_DIR=own HOME=~h",
            "own/config.yml",
        ),
        (&["h/.config/glab-cli/config.yml"], "GLAB_CONFIG_DIR=own HOME=~h", ""),
        (
            &["h/.config/glab-cli/config.yml", "x/glab-cli/config.yml"],
            "HOME=~h XDG_CONFIG_HOME=~x",
            "h/.config/glab-cli/config.yml",
        ),
        (&["x/glab-cli/config.yml"], "HOME=~h XDG_CONFIG_HOME=~x", "x/glab-cli/config.yml"),
        (
            &["h/Library/Application Support/glab-cli/config.yml"],
            "HOME=~h",
            "h/Library/Application Support/glab-cli/config.yml",
        ),
        (&["h/.config/glab-cli/config.yml"], "USERPROFILE=~h", "h/.config/glab-cli/config.yml"),
        (
            &["l/glab-cli/config.yml", "a/glab-cli/config.yml"],
            "LOCALAPPDATA=~l APPDATA=~a",
            "l/glab-cli/config.yml",
        ),
        (&["a/glab-cli/config.yml"], "LOCALAPPDATA=~l APPDATA=~a", "a/glab-cli/config.yml"),
        (&["h/.netrc"], "HOME=~h", ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            write(&folder.path().join(file), GLAB);
        }
        let expect = if expect.is_empty() { String::new() } else { format!("glab from {expect}") };
        assert_eq!(found(folder.path(), variables), (expect, Vec::new()), "{variables}");
    }
}

#[test]
fn glab_takes_precedence_over_python_gitlab() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(&root.join("h/.python-gitlab.cfg"), PYTHON);
    let home = |expect: &str| assert_eq!(found(root, "HOME=~h"), (expect.to_owned(), Vec::new()));
    home("python from h/.python-gitlab.cfg");
    write(&root.join("other.cfg"), &PYTHON.replace("python", "other"));
    let named = found(root, "HOME=~h PYTHON_GITLAB_CFG=other.cfg");
    assert_eq!(named.0, "other from other.cfg");
    write(&root.join("h/.config/glab-cli/config.yml"), GLAB);
    home("glab from h/.config/glab-cli/config.yml");
}

#[test]
fn malformed_files_are_skipped_with_a_warning_that_quotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let glab = root.join("h/.config/glab-cli/config.yml");
    let name = "h/.config/glab-cli/config.yml";
    write(&root.join("h/.python-gitlab.cfg"), PYTHON);
    for (text, warning) in [
        ("hosts: {gitlab.test: [s3cr3t", format!("{name} is skipped: it cannot be understood")),
        (
            "hosts: {gitlab.test: {token: s3cr3t s3cr3t}}",
            format!(
                "the token for https://gitlab.test in {name} contains a character that no token \
                 has (a blank or a quote, perhaps); it is not used"
            ),
        ),
        (
            "hosts: {gitlab.test: {token: s3cr3t, is_oauth2: \"true\"}}",
            format!(
                "the token for https://gitlab.test in {name} is not used: it is of a sign-in by \
                 browser, which glab alone can renew; set GITLAB_TOKEN to a personal access token"
            ),
        ),
        (
            "hosts: {gitlab.test: {use_keyring: true}}",
            format!(
                "the token for https://gitlab.test in {name} is not used: glab keeps it in the \
                 keyring of the system; set GITLAB_TOKEN to what `glab config get token --host \
                 gitlab.test` prints"
            ),
        ),
    ] {
        write(&glab, text);
        let expect = ("python from h/.python-gitlab.cfg".to_owned(), vec![warning]);
        assert_eq!(found(root, "HOME=~h"), expect, "{text}");
    }
    std::fs::write(&glab, b"hosts: \xff").unwrap();
    assert_eq!(found(root, "HOME=~h").1, [format!("{name} is skipped: it cannot be understood")]);
    std::fs::remove_file(&glab).unwrap();
    std::fs::create_dir(&glab).unwrap();
    let warnings = found(root, "HOME=~h").1;
    assert!(warnings[0].starts_with(&format!("{name} is skipped: it cannot be read: ")));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_used_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("h/.python-gitlab.cfg");
    write(&file, PYTHON);
    crate::settings::tests::mode(&file, 0o644);
    let (token, warnings) = found(folder.path(), "HOME=~h");
    assert_eq!(token, "python from h/.python-gitlab.cfg");
    assert_eq!(
        warnings,
        ["h/.python-gitlab.cfg holds a token and is open to others; \
          `chmod 600 h/.python-gitlab.cfg` closes it"]
    );
}

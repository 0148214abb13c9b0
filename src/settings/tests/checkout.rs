//! Tests of git checkouts and remotes.

use std::fs;

use super::{clone_of, env_in, parse_args, write};
use crate::gitlab::Address;
use crate::settings;
use crate::settings::checkout::{Checkout, Head};
use crate::settings::git_remote::GitRemote;

/// Returns the name of the branch that is checked out.
fn branch_of(checkout: &Checkout) -> Option<&str> {
    match &checkout.head {
        Head::Branch { name, .. } => Some(name),
        Head::Detached { .. } => None,
    }
}

#[test]
fn all_forms_of_remote_urls_are_parsed_without_userinfo() {
    for (url, api, project) in [
        ("git@gitlab.test:group/sub/project.git", "https://gitlab.test", "group/sub/project"),
        ("gitlab.test:group/project", "https://gitlab.test", "group/project"),
        ("git@gitlab.test:/group/project.git/", "https://gitlab.test", "group/project"),
        ("ssh://git@gitlab.test/group/project.git", "https://gitlab.test", "group/project"),
        ("ssh://git@gitlab.test:2222/group/project.git", "https://gitlab.test", "group/project"),
        ("ssh://git@[::1]:2222/group/project.git", "https://[::1]", "group/project"),
        ("https://gitlab.test/group/project.git", "https://gitlab.test", "group/project"),
        ("https://me@gitlab.test/group/project", "https://gitlab.test", "group/project"),
        ("https://me:s3cr3t@gitlab.test/group/project", "https://gitlab.test", "group/project"),
        ("https://me:s3c@r3t@gitlab.test/group/project", "https://gitlab.test", "group/project"),
        ("http://gitlab.test:8080/group/project.git", "http://gitlab.test:8080", "group/project"),
    ] {
        let remote = GitRemote::parse("origin", url).unwrap();
        assert_eq!(remote.api.to_url(), format!("{api}/api/v4"), "{url}");
        assert_eq!(remote.project(&remote.api), project, "{url}");
        assert!(!format!("{remote:?}").contains(['@', '3']), "{remote:?}");
    }
}

#[test]
fn urls_that_no_gitlab_serves_are_ignored() {
    for url in [
        "/srv/git/project.git",
        "../group/project",
        "./with:colon/project",
        "file:///srv/git/group/project.git",
        "git://gitlab.test/group/project.git",
        "C:/Users/me/project",
        "C:\\Users\\me\\project",
        "git@gitlab.test:project.git",
        "git@gitlab.test:../../group/project.git",
        "https://gitlab.test/group//project",
        "https://gitlab.test/group/project.git?a=b",
        "https://gitlab.test",
        "https://:80/group/project",
        "git@git lab.test:group/project",
        "",
    ] {
        assert_eq!(GitRemote::parse("origin", url), None, "{url}");
    }
}

#[test]
fn the_relative_url_is_removed_from_web_urls_only() {
    let below = Address::parse("https://a.test/git/api/v4").unwrap();
    for (url, project) in [
        ("https://a.test/git/group/project.git", "group/project"),
        ("https://a.test/gitter/project.git", "gitter/project"),
        ("git@a.test:git/project.git", "git/project"),
    ] {
        assert_eq!(GitRemote::parse("origin", url).unwrap().project(&below), project);
    }
}

#[test]
fn the_remote_of_the_branch_wins_over_origin_and_that_over_the_only_one() {
    let remote = |name: &str| format!("[remote \"{name}\"]\n\turl = git@{name}.test:a/b.git\n");
    let branch = |of: &str| format!("[branch \"feature/#1\"]\n\tremote = {of}\n\tmerge = x\n");
    let (origin, fork) = (remote("origin"), remote("fork"));
    for (config, expect) in [
        (format!("{origin}{fork}{}", branch("fork")), Some("fork")),
        (format!("{origin}{fork}{}", branch("origin")), Some("origin")),
        (format!("{origin}{fork}{}", branch("gone")), Some("origin")),
        (format!("{origin}{fork}{}", branch(".")), Some("origin")),
        (format!("{origin}{fork}"), Some("origin")),
        (fork.clone(), Some("fork")),
        (format!("{fork}{}", remote("other")), None),
        ("[core]\n\tbare\n".to_owned(), None),
        ("[remote \"origin\"\nurl".to_owned(), None),
        ("# url = x\n[remote \"origin\"]\n\tURL\n\tpushurl = git@p.test:a/b\n".to_owned(), None),
        (
            format!("[Remote \"x\"]\n\turl = y\n{}", remote("quoted").replace("git@", "\"git@")),
            Some("quoted"),
        ),
    ] {
        let folder = clone_of("");
        write(&folder.path().join(".git/HEAD"), "ref: refs/heads/feature/#1\n");
        write(&folder.path().join(".git/config"), &config);
        let checkout = Checkout::discover(folder.path()).unwrap();
        assert_eq!(branch_of(&checkout), Some("feature/#1"));
        let name = checkout.remote.as_ref().map(|remote| remote.name.as_str());
        assert_eq!(name, expect, "{config}");
        assert!(checkout.remote.is_none_or(|it| it.api.host() == format!("{}.test", it.name)));
    }
}

#[test]
fn a_checkout_is_found_from_below_and_through_the_files_of_worktrees_and_submodules() {
    let folder = clone_of("git@gitlab.test:group/project.git");
    let root = folder.path();
    fs::create_dir_all(root.join("src/deep")).unwrap();
    // A worktree has its own HEAD and shares the configuration.
    write(&root.join("tree/.git"), &format!("gitdir: {}/.git/worktrees/tree\n", root.display()));
    write(&root.join(".git/worktrees/tree/HEAD"), "ref: refs/heads/other\n");
    write(&root.join(".git/worktrees/tree/commondir"), "../..\n");
    // A submodule shares nothing.
    write(&root.join("sub/.git"), "gitdir: ../.git/modules/sub\n");
    write(&root.join(".git/modules/sub/HEAD"), "0123456789abcdef0123456789abcdef01234567\n");
    let config = "[remote \"origin\"]\n\turl = https://gitlab.test/group/sub\n";
    write(&root.join(".git/modules/sub/config"), config);
    for (below, branch, project) in [
        ("", Some("main"), "group/project"),
        ("src/deep", Some("main"), "group/project"),
        ("tree", Some("other"), "group/project"),
        ("sub", None, "group/sub"),
    ] {
        let checkout = Checkout::discover(&root.join(below)).unwrap();
        assert_eq!(branch_of(&checkout), branch, "{below}");
        let remote = checkout.remote.unwrap();
        assert_eq!(remote.project(&remote.api), project, "{below}");
    }
}

#[test]
fn the_branch_on_the_server_is_the_tracked_one_unless_it_was_pushed_by_its_own_name() {
    let remote = "[remote \"origin\"]\n\turl = git@a.test:g/p.git\n";
    let tracks = |remote: &str, merge: &str| {
        format!("[branch \"fix\"]\n\tremote = {remote}\n\tmerge = {merge}\n")
    };
    for (config, file, text, expect) in [
        (String::new(), "x", "", "fix"),
        (tracks("origin", "refs/heads/fix"), "x", "", "fix"),
        (tracks("origin", "refs/heads/feature/1"), "x", "", "feature/1"),
        (tracks("origin", "refs/heads/main"), "refs/remotes/origin/fix", "c0ffee\n", "fix"),
        (tracks("origin", "refs/heads/main"), "refs/remotes/origin/fix/2", "c0ffee\n", "main"),
        (
            tracks("origin", "refs/heads/main"),
            "packed-refs",
            "# pack-refs with: peeled\nc0ffee refs/remotes/origin/fix\n",
            "fix",
        ),
        (
            tracks("origin", "refs/heads/main"),
            "packed-refs",
            "c0ffee refs/remotes/other/fix\nc0ffee refs/heads/fix\n",
            "main",
        ),
        // Another local branch, a tag, a merge request.
        (tracks(".", "refs/heads/main"), "x", "", "fix"),
        (tracks("origin", "refs/tags/v1"), "x", "", "fix"),
        (tracks("origin", "refs/merge-requests/7/head"), "x", "", "fix"),
    ] {
        let folder = clone_of("");
        let git = folder.path().join(".git");
        write(&git.join("HEAD"), "ref: refs/heads/fix\n");
        write(&git.join("config"), &format!("{remote}{config}"));
        write(&git.join(file), text);
        let Head::Branch { name, on_server } = Checkout::discover(folder.path()).unwrap().head
        else {
            panic!("a branch is checked out")
        };
        assert_eq!((name.as_str(), on_server.as_str()), ("fix", expect), "{config} {file}");
    }
}

#[test]
fn the_api_of_a_git_host_is_where_glab_asks_for_it() {
    for (remote, hosts, api, project) in [
        (
            "git@git.test:group/project.git",
            "  git.test:\n    api_host: api.test\n    token: t\n",
            "https://api.test/api/v4",
            "group/project",
        ),
        (
            "https://git.test:8443/group/project.git",
            "  git.test:8443:\n    api_host: api.test:8443/gitlab\n    api_protocol: http\n",
            "http://api.test:8443/gitlab/api/v4",
            "group/project",
        ),
        (
            "https://git.test/gitlab/group/project.git",
            "  git.test:\n    api_host: git.test/gitlab\n",
            "https://git.test/gitlab/api/v4",
            "group/project",
        ),
        // Another host has no say.
        (
            "git@git.test:group/project.git",
            "  other.test:\n    api_host: api.test\n",
            "https://git.test/api/v4",
            "group/project",
        ),
    ] {
        let folder = clone_of(remote);
        write(&folder.path().join("glab/config.yml"), &format!("hosts:\n{hosts}"));
        let env = env_in(folder.path(), "GLAB_CONFIG_DIR=glab");
        let args = parse_args("--pipeline 7");
        let found = settings::api(&args.connect, &args.lookup, None, &env).unwrap();
        assert_eq!(found.value.to_url(), api, "{remote}");
        let place = settings::project(&args.lookup, &args.connect, None, &env).unwrap();
        assert_eq!(place.to_string(), project, "{remote}");
    }
}

#[test]
fn a_pasted_address_is_below_the_path_that_another_tool_keeps() {
    for (web, glab, python, api) in [
        (
            "https://git.test/gitlab/g/p/-/pipelines/7",
            "  git.test:\n    api_host: git.test/gitlab\n",
            "",
            "https://git.test/gitlab/api/v4",
        ),
        (
            "https://git.test/gitlab/g/p/-/pipelines/7",
            "",
            "[here]\nurl = https://git.test/gitlab/\nprivate_token = t\n",
            "https://git.test/gitlab/api/v4",
        ),
        (
            "https://git.test/g/p/-/pipelines/7",
            "  git.test:\n    api_host: api.test\n",
            "",
            "https://api.test/api/v4",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("glab/config.yml"), &format!("hosts:\n{glab}"));
        write(&folder.path().join("python.cfg"), python);
        let env = env_in(folder.path(), "GLAB_CONFIG_DIR=glab PYTHON_GITLAB_CFG=python.cfg");
        let args = parse_args("");
        let words = [web.to_owned()];
        let url = settings::split_web_url(&words, &args.lookup, &args.connect, &env).unwrap();
        let url = url.web_url.unwrap();
        assert_eq!((url.api.as_str(), url.project.to_string().as_str()), (api, "g/p"), "{web}");
    }
}

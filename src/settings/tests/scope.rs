//! Tests of the scope of the lookup.

use super::{clone_of, env, env_in, parse_args};
use crate::env::Env;
use crate::lookup::Scope;
use crate::model::{LatestOf, PipelineBy};
use crate::settings;

const CI: &str =
    "CI=true CI_API_V4_URL=https://gitlab.test/api/v4 CI_PROJECT_ID=1 CI_PIPELINE_ID=10";

/// Describes the scope, or the error with its hint.
fn scope(flags: &str, env: &Env) -> Result<String, String> {
    let args = parse_args(flags);
    let web_url = settings::split_web_url(&args.words, &args.lookup, &args.connect, env)
        .map_err(|usage| usage.message)?
        .web_url;
    let resolved = settings::scope(&args.lookup, &args.connect, web_url.as_ref(), env);
    match resolved.map(|resolved| resolved.scope) {
        Ok(Scope::Below(by)) => Ok(format!("below {}", describe(&by))),
        Ok(Scope::In(by)) => Ok(format!("in {}", describe(&by))),
        Ok(Scope::Any(by)) => Ok(format!("any {}", describe(&by))),
        Ok(Scope::Jobs { project, ids }) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            Ok(format!("job {} of {project}", ids.join(" and ")))
        }
        Err(usage) => Err(format!("{}; {}", usage.message, usage.hint.unwrap_or_default())),
    }
}

fn describe(by: &PipelineBy) -> String {
    match by {
        PipelineBy::Id(at) => format!("{} of {}", at.id, at.project),
        PipelineBy::OfJob { project, id } => format!("that of job {id} of {project}"),
        PipelineBy::Ref { project, ref_, recent: true } => {
            format!("ref {ref_} of {project} or earlier")
        }
        PipelineBy::Ref { project, ref_, .. } => format!("ref {ref_} of {project}"),
        PipelineBy::MergeRequest { project, iid } => format!("!{iid} of {project}"),
        PipelineBy::Commit { project, sha } => format!("{} of {project}", &sha[..4]),
        PipelineBy::Latest { project, of: LatestOf::Ref(ref_) } => {
            format!("latest of {ref_} of {project}")
        }
        PipelineBy::Latest { project, of: LatestOf::Commit(sha) } => {
            format!("latest of commit {} of {project}", &sha[..4])
        }
        PipelineBy::Latest { project, of: LatestOf::DefaultBranch } => {
            format!("latest of the default branch of {project}")
        }
    }
}

#[test]
fn flags_win_over_the_variables_of_ci() {
    let sha = "--commit ABCDEF0123456789abcdef0123456789abcdef01";
    for (flags, expect) in [
        ("", "below 10 of 1"),
        ("--pipeline 20", "below 20 of 1"),
        ("--project group/other --pipeline 20", "below 20 of group/other"),
        ("--project /group/other/", "below 10 of group/other"),
        ("-R 2", "below 10 of 2"),
        ("--repo 2", "below 10 of 2"),
        ("--from pipeline", "in 10 of 1"),
        ("--from downstream --pipeline 20", "below 20 of 1"),
        ("--ref main", "in ref main of 1"),
        ("--ref main --search-recent", "in ref main of 1 or earlier"),
        ("--ref main --from pipeline", "in ref main of 1"),
        ("--ref main --from downstream --project 2", "below ref main of 2"),
        ("--mr 7", "in !7 of 1"),
        ("--mr 7 --from downstream", "below !7 of 1"),
        (sha, "in abcd of 1"),
        ("--job-id 99", "job 99 of 1"),
        ("--job-id 99 --project group/other", "job 99 of group/other"),
        ("--job-id 99 --job-id 7 --job-id 99", "job 99 and 7 of 1"),
        ("--from any", "any 10 of 1"),
        ("--ref main --from any", "any ref main of 1"),
        ("--pipeline latest", "below latest of the default branch of 1"),
        ("--pipeline latest --ref a/b", "below latest of a/b of 1"),
        ("--pipeline latest --ref main --from pipeline", "in latest of main of 1"),
        ("--pipeline latest --ref main --from any", "any latest of main of 1"),
        ("--commit abc123", "in abc1 of 1"),
        ("--commit ABC123 --from downstream", "below abc1 of 1"),
        ("-R https://gitlab.test/a/b --ref main", "in ref main of a/b"),
        ("--repo https://gitlab.test/a/b.git", "below 10 of a/b"),
    ] {
        assert_eq!(scope(flags, &env(CI)).as_deref(), Ok(expect), "{flags}");
    }
}

#[test]
fn the_upstream_project_and_pipeline_come_from_one_pair() {
    let new = "CI_UPSTREAM_PROJECT_ID=3 CI_UPSTREAM_PIPELINE_ID=30 CI_UPSTREAM_JOB_ID=33";
    let old = "PARENT_PROJECT_ID=4 PARENT_PIPELINE_ID=40 PARENT_JOB_ID=44";
    let child = "CI_PIPELINE_SOURCE=parent_pipeline PARENT_PIPELINE_ID=40";
    for (flags, variables, expect) in [
        ("", format!("{new} {old}"), "in 30 of 3"),
        ("", old.to_owned(), "in 40 of 4"),
        ("", child.to_owned(), "in 40 of 1"),
        ("", "PARENT_PIPELINE_ID=40".to_owned(), "in 40 of 1"),
        ("", "PARENT_PROJECT_ID=4 PARENT_JOB_ID=44".to_owned(), "in that of job 44 of 4"),
        // Variables of different pairs are not combined.
        ("", format!("CI_UPSTREAM_PROJECT_ID=3 {old}"), "in 40 of 4"),
        ("--project 5 --pipeline 50", format!("{new} {old}"), "in 50 of 5"),
        ("--pipeline 50", new.to_owned(), "in 50 of 3"),
        ("--project group/up", old.to_owned(), "in 40 of group/up"),
    ] {
        let env = env(&format!("{CI} {variables}"));
        let flags = format!("--from upstream {flags}");
        assert_eq!(scope(&flags, &env).as_deref(), Ok(expect), "{flags} {variables}");
    }
    for variables in [
        "",
        "CI_PIPELINE_SOURCE=pipeline PARENT_PIPELINE_ID=40",
        "PARENT_PROJECT_ID=4",
        "CI_PIPELINE_SOURCE=pipeline CI_UPSTREAM_PROJECT_ID=3 PARENT_PIPELINE_ID=40",
    ] {
        let described = scope("--from upstream", &env(&format!("{CI} {variables}"))).unwrap_err();
        for name in [
            "CI_UPSTREAM_PROJECT_ID",
            "CI_UPSTREAM_PIPELINE_ID",
            "PARENT_PROJECT_ID",
            "PARENT_PIPELINE_ID",
        ] {
            assert!(described.contains(name), "{variables}: {described}");
        }
    }
}

#[test]
fn a_web_url_determines_the_scope() {
    for (flags, variables, expect) in [
        ("https://a.test/group/sub/project/-/pipelines/123", CI, "below 123 of group/sub/project"),
        ("https://a.test/g/p/-/pipelines/123/builds?x=1#y --from pipeline", "", "in 123 of g/p"),
        ("https://a.test/g/p/-/jobs/456", CI, "job 456 of g/p"),
        ("https://a.test/g/p/-/jobs/456/artifacts/browse", "", "job 456 of g/p"),
        ("https://a.test/g/caf%C3%A9/-/jobs/456", "", "job 456 of g/café"),
        // A GitLab under a relative URL, known from a variable or a flag.
        ("https://a.test/git/g/p/-/jobs/4", "CI_SERVER_URL=https://a.test/git", "job 4 of g/p"),
        ("https://a.test/git/g/p/-/jobs/4", "GITLAB_HOST=https://a.test/git/", "job 4 of g/p"),
        (
            "https://a.test/git/g/p/-/jobs/4",
            "CI_API_V4_URL=https://a.test/git/api/v4",
            "job 4 of g/p",
        ),
        ("--api-url https://a.test/git/api/v4 https://a.test/git/g/p/-/jobs/4", "", "job 4 of g/p"),
        // The relative URL of another server is ignored.
        ("https://a.test/git/p/-/jobs/4", "CI_SERVER_URL=https://b.test/git", "job 4 of git/p"),
    ] {
        assert_eq!(scope(flags, &env(variables)).as_deref(), Ok(expect), "{flags} {variables}");
    }
}

#[test]
fn contradicting_arguments_are_refused() {
    let pipeline = "https://a.test/g/p/-/pipelines/123";
    let job = "https://a.test/g/p/-/jobs/456";
    for (flags, expect) in [
        (format!("{pipeline} --project 1"), "the URL names the project and the pipeline already"),
        (format!("{pipeline} --pipeline 1"), "the URL names the project and the pipeline already"),
        (format!("{pipeline} --ref main"), "the URL names the project and the pipeline already"),
        (format!("{pipeline} --mr 1"), "the URL names the project and the pipeline already"),
        (format!("{pipeline} --job-id 1"), "--job-id and a URL both say where to look"),
        (format!("{job} --from pipeline"), "the URL names a job itself"),
        (
            format!("{pipeline} --from upstream"),
            "GitLab's API does not tell which pipeline triggered the one of the URL",
        ),
        ("--ref main --from upstream".to_owned(), "--from upstream takes the pipeline that"),
        (format!("{pipeline} {job}"), "there are two URLs"),
        (format!("{pipeline} -R https://a.test/g/p"), "there are two URLs"),
        (format!("-R {job} --ref main"), "the URL of --project names more than a project"),
        ("-R https://a.test/p --ref main".to_owned(), "--project: the URL names no project"),
        ("https://a.test/g/p --project 1".to_owned(), "the URL names the project and"),
        ("--ref main --pipeline 1".to_owned(), "--ref and --pipeline ID both name a pipeline"),
        ("--ref= --pipeline latest".to_owned(), "--ref is empty"),
        ("--ref a/../b --pipeline latest".to_owned(), "--ref is `a/../b`"),
        ("--pipeline latest --from upstream".to_owned(), "--from upstream takes the pipeline that"),
        ("--commit HEAD".to_owned(), "--commit is `HEAD`, which is no SHA, and there is no git"),
        ("--commit abc".to_owned(), "--commit is `abc`, which is no SHA"),
        ("https://a.test/g/p/-/tree/a/../b".to_owned(), "the URL names no branch"),
        ("https://a.test/g/p/-/tree/".to_owned(), "the URL names no pipeline and no job"),
        ("https://a.test/g/p/-/commit/main".to_owned(), "the URL names no pipeline and no job"),
        ("https://a.test/group".to_owned(), "the URL names no project"),
        ("https://a.test/".to_owned(), "the URL names no project"),
        ("https://a.test/g/p/-/pipelines/new".to_owned(), "the URL names no pipeline and no job"),
        ("https://me:s3cr3t@a.test/g/p/-/jobs/1".to_owned(), "the URL contains a user name"),
        ("ssh://a.test/g/p/-/jobs/1".to_owned(), "the URL is neither http nor https"),
        ("--project= --pipeline 1".to_owned(), "--project is empty"),
        ("--ref=".to_owned(), "--ref is empty"),
    ] {
        for variables in ["CI_PROJECT_ID=1", ""] {
            let described = scope(&flags, &env(variables)).unwrap_err();
            assert!(described.starts_with(expect), "{flags} {variables}: {described}");
            assert!(!described.contains("s3cr3t"), "{described}");
        }
    }
}

#[test]
fn clap_itself_refuses_two_ways_to_name_a_pipeline() {
    use clap::Parser;
    for flags in [
        "--ref main --mr 1",
        "--pipeline newest",
        "--pipeline latest --mr 1",
        "--pipeline latest --commit HEAD",
        "--pipeline latest --job-id 1",
        "--pipeline latest --ref main --search-recent",
        "--mr 1 --pipeline 1",
        "--commit 0123456789abcdef0123456789abcdef01234567 --pipeline 1",
        "--job-id 1 --pipeline 1",
        "--job-id 1 --ref main",
        "--job-id 1 --from pipeline",
        "--search-recent",
        "--search-recent --mr 1",
        "--search-recent --job-id 1",
    ] {
        let words = ["downriver"].into_iter().chain(flags.split(' '));
        assert!(super::TestArgs::try_parse_from(words).is_err(), "{flags}");
    }
}

#[test]
fn missing_values_are_named() {
    for (flags, variables, expect) in [
        ("--pipeline 1", "", "no project is given; name it with --project"),
        ("--ref main", "", "no project is given; name it with --project"),
        ("--job-id 1", "", "no project is given; name it with --project"),
        ("--project 1", "", "no pipeline is given; name it with --pipeline ID, --pipeline latest"),
        ("", "CI_PROJECT_ID=1 CI_PIPELINE_ID=", "no pipeline is given"),
        (
            "",
            "CI_PROJECT_ID=1 CI_PIPELINE_ID=1\u{1b}0",
            "CI_PIPELINE_ID is `1\\u{1b}0`, which is no number of a pipeline",
        ),
    ] {
        let described = scope(flags, &env(variables)).unwrap_err();
        assert!(described.starts_with(expect), "{flags} {variables}: {described}");
    }
}

#[test]
fn the_git_remote_is_a_fallback_for_the_project() {
    let ssh = clone_of("git@gitlab.test:group/sub/project.git");
    let web = clone_of("https://me:s3cr3t@gitlab.test/git/group/project.git");
    for (folder, flags, variables, expect) in [
        (&ssh, "--ref main", "", "in ref main of group/sub/project"),
        (&ssh, "--pipeline 5", "", "below 5 of group/sub/project"),
        (&ssh, "--job-id 5", "", "job 5 of group/sub/project"),
        (&ssh, "--ref main --project 2", "", "in ref main of 2"),
        (&ssh, "--ref main", "CI_PROJECT_ID=3", "in ref main of 3"),
        (&ssh, "--ref main", "GITLAB_HOST=gitlab.test:8443", "in ref main of group/sub/project"),
        (&ssh, "https://a.test/g/p/-/jobs/456", "", "job 456 of g/p"),
        (&web, "--ref main", "", "in ref main of git/group/project"),
        // A GitLab under a relative URL, known from the variable only.
        (&web, "--ref main", "GITLAB_HOST=gitlab.test/git", "in ref main of group/project"),
    ] {
        let env = env_in(folder.path(), variables);
        assert_eq!(scope(flags, &env).as_deref(), Ok(expect), "{flags} {variables}");
    }
    let described = scope("--ref main", &env_in(ssh.path(), "CI=1")).unwrap_err();
    assert!(described.starts_with("no project is given; "), "{described}");
}

#[test]
fn a_git_remote_of_another_server_names_no_project() {
    let folder = clone_of("https://me:s3cr3t@github.test/group/project.git");
    let env = env_in(folder.path(), "GITLAB_HOST=gitlab.test");
    let described = scope("--ref main", &env).unwrap_err();
    let expect = "no project is given: git remote origin is of github.test, but GITLAB_HOST names \
                  gitlab.test; name it with --project ID or --project GROUP/NAME";
    assert_eq!(described, expect);
}

#[test]
fn in_a_checkout_the_latest_pipeline_of_the_branch_is_the_default() {
    let folder = clone_of("git@gitlab.test:group/project.git");
    for (flags, variables, expect) in [
        ("", "", "any latest of main of group/project"),
        ("--from downstream", "", "below latest of main of group/project"),
        ("--from pipeline", "", "in latest of main of group/project"),
        ("--pipeline latest", "", "below latest of main of group/project"),
        ("--pipeline latest --ref x", "", "below latest of x of group/project"),
        ("--project 7", "", "any latest of main of 7"),
        ("--project group/Project", "", "any latest of main of group/Project"),
        // The branch that is checked out here is none of another project.
        ("--project group/other", "", "any latest of the default branch of group/other"),
        (
            "https://gitlab.test/group/project",
            "",
            "below latest of the default branch of group/project",
        ),
        ("-R https://gitlab.test/group/project", "", "any latest of main of group/project"),
        ("", "CI_PROJECT_ID=3", "any latest of main of 3"),
        ("", "CI_PROJECT_ID=3 CI_PIPELINE_ID=30", "below 30 of 3"),
        ("--pipeline latest", "CI=1 CI_PROJECT_ID=3", "below latest of the default branch of 3"),
        (
            "--pipeline latest",
            "CI=1 CI_PROJECT_ID=3 CI_DEFAULT_BRANCH=dev",
            "below latest of dev of 3",
        ),
        (
            "--pipeline latest -R 4",
            "CI=1 CI_PROJECT_ID=3 CI_DEFAULT_BRANCH=dev",
            "below latest of the default branch of 4",
        ),
    ] {
        let env = env_in(folder.path(), variables);
        assert_eq!(scope(flags, &env).as_deref(), Ok(expect), "{flags} {variables}");
    }
    let described = scope("", &env_in(folder.path(), "CI=1 CI_PROJECT_ID=3")).unwrap_err();
    assert!(described.starts_with("no pipeline is given; "), "{described}");
    super::write(&folder.path().join(".git/HEAD"), "0123456789abcdef0123456789abcdef01234567\n");
    let described = scope("", &env_in(folder.path(), ""));
    assert_eq!(described.as_deref(), Ok("any latest of commit 0123 of group/project"));
}

#[test]
fn every_setting_is_listed_with_its_source() {
    let folder = clone_of("git@gitlab.test:group/project.git");
    let old = "CI=true CI_PROJECT_ID=1 CI_UPSTREAM_PROJECT_ID=3 PARENT_PROJECT_ID=4 PARENT_PIPELINE_ID=40";
    for (flags, variables, expect) in [
        ("", CI, "project 1 from CI_PROJECT_ID, pipeline 10 from CI_PIPELINE_ID"),
        (
            "--project a/b --pipeline 2",
            CI,
            "project a/b from --project, pipeline 2 from --pipeline",
        ),
        (
            "--from upstream",
            old,
            "project 4 from PARENT_PROJECT_ID, pipeline 40 from PARENT_PIPELINE_ID",
        ),
        ("--ref main", "", "project group/project from git remote origin, ref main from --ref"),
        ("--mr 7", CI, "project 1 from CI_PROJECT_ID, merge request 7 from --mr"),
        ("--job-id 9", CI, "project 1 from CI_PROJECT_ID, job 9 from --job-id"),
        (
            "",
            "",
            "project group/project from git remote origin, pipeline latest from git checkout, ref main from git checkout",
        ),
        (
            "-R https://gitlab.test/g/p --pipeline latest --ref x",
            "",
            "project g/p from --project, pipeline latest from --pipeline, ref x from --ref",
        ),
        (
            "https://a.test/g/p/-/tree/x",
            CI,
            "project g/p from the given URL, ref x from the given URL",
        ),
        (
            "https://a.test/g/p/-/jobs/4",
            CI,
            "project g/p from the given URL, job 4 from the given URL",
        ),
        (
            "https://a.test/g/p/-/pipelines/4",
            CI,
            "project g/p from the given URL, pipeline 4 from the given URL",
        ),
    ] {
        let (args, env) = (parse_args(flags), env_in(folder.path(), variables));
        let web_url = settings::split_web_url(&args.words, &args.lookup, &args.connect, &env)
            .unwrap()
            .web_url;
        let resolved =
            settings::scope(&args.lookup, &args.connect, web_url.as_ref(), &env).unwrap();
        let described = resolved
            .settings
            .iter()
            .map(|it| format!("{} {} from {}", it.name, it.value, it.source));
        assert_eq!(described.collect::<Vec<_>>().join(", "), expect, "{flags} {variables}");
    }
}

//! The list of refusals in `docs/troubleshooting.md`: each with its message, hint, exit codes and
//! reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::expect_file;

use super::{idle, job, names, place};
use crate::model::{JobId, Method, PipelineAt, PipelineBy, PipelineId, ProjectRef, Status};
use crate::refusal::{ArchiveRefusal, Elsewhere, FailedJob, Refusal, StartFailure};

const BEGIN: &str = "<!-- refusals -->\n";
const END: &str = "<!-- /refusals -->\n";

/// A refusal with the reason that the page gives.
type Row = (&'static str, Refusal);

fn upstream() -> PipelineAt {
    PipelineAt { project: ProjectRef::Path("shop/linebot".to_owned()), id: PipelineId(10) }
}

fn lookups() -> Vec<Row> {
    let ended = None;
    let by =
        PipelineBy::Ref { project: upstream().project, ref_: "main".to_owned(), recent: false };
    let commit = PipelineBy::MergeRequest { project: upstream().project, iid: 7 };
    vec![
        (
            "The project exists, and the pipeline is not in it. Often the number is that of the project's own count, or the pipeline is in another project: check `--project`.",
            Refusal::NoSuchPipeline { at: upstream(), seen: names(&["9003", "9001"]) },
        ),
        (
            "By ref, GitLab takes only pipelines that succeeded. One that still runs, failed or waits for a manual job does not count. The ref is a branch or a tag, and no SHA.",
            Refusal::NoPipeline { by, by_job_token: false },
        ),
        (
            "`--pipeline latest`, or a checkout without an id, found no pipeline of the branch. GitLab creates none for a branch that was not pushed, or whose `rules` leave no job.",
            Refusal::NoLatest {
                project: upstream().project,
                ref_: "fix/it".to_owned(),
                pushed: Some(false),
                default_branch: Some("main".to_owned()),
                seen: names(&["main", "dev"]),
            },
        ),
        (
            "The merge request or commit has no pipeline, or only child pipelines, which GitLab does not list.",
            Refusal::NoPipeline { by: commit, by_job_token: false },
        ),
        (
            "The list of bridges is empty. The trigger job may not have been created yet (`--wait`), the pipeline may have been started through the API, or the token may not see its jobs.",
            Refusal::NoBridges { upstream: upstream(), ended },
        ),
        (
            "`--bridge` matches none of the trigger jobs. It is the name of the trigger job, and not that of the project or of the job in it.",
            Refusal::NoBridge {
                wanted: names(&["build-sharcode"]),
                seen: names(&["build-sharecode"]),
                ended: None,
            },
        ),
        (
            "The trigger job has not started its pipeline: it waits for an earlier stage or for a person, was skipped, or failed. GitLab's reason is in parentheses.",
            Refusal::NotTriggered { bridges: vec![idle(Status::Created)] },
        ),
        (
            "`--downstream` names a project in which none of the downstream pipelines runs.",
            Refusal::NoDownstream {
                wanted: names(&["4"]),
                seen: names(&["shop/radar-sharecode (93)"]),
                ended: None,
            },
        ),
        (
            "The job has another name, is in another pipeline (see `--from`, `--recursive`), or was left out of this one by its `rules`. `tree` shows what there is.",
            Refusal::NoJob {
                wanted: names(&["biuld-repo"]),
                seen: names(&["build-repo", "lint"]),
                pipelines: vec![place(Status::Success)],
                untriggered: Vec::new(),
            },
        ),
        (
            "Several jobs are missing for different reasons, and the message names all of them.",
            Refusal::Several {
                refusals: vec![
                    Refusal::Unfinished { job: job(), status: Status::Running },
                    Refusal::NotThere { label: "build-repo (70108)".to_owned() },
                ],
            },
        ),
        (
            "The job was refused in one place, as the message says, and is in another one, as the hint says.",
            Refusal::Elsewhere {
                refusal: Box::new(Refusal::NoBridges {
                    upstream: upstream(),
                    ended: Some(Status::Success),
                }),
                place: Elsewhere::Pipeline,
            },
        ),
    ]
}

fn jobs() -> Vec<Row> {
    let unsuccessful = || Refusal::Unsuccessful {
        job: job(),
        status: Status::Failed,
        reason: Some("script_failure".to_owned()),
        may_be_retried: false,
    };
    vec![
        (
            "The glob matches jobs, and none of them succeeded with an archive. Each reason is listed.",
            Refusal::NoneUsable { wanted: "pack*".to_owned(), unusable: vec![unsuccessful()] },
        ),
        (
            "`--one`, `cat` or another command that takes one job found several.",
            Refusal::ManyJobs { seen: names(&["build 1/2 (7)", "build 2/2 (8)"]) },
        ),
        (
            "With `--separate`, the names of these jobs give the same folder, after characters that no file name may hold were replaced.",
            Refusal::SameFolder {
                folder: "build".to_owned(),
                jobs: names(&["build (7)", "build (8)"]),
            },
        ),
        (
            "The job is waiting or running. A job in state `manual` waits for a person, and `--wait` does not help.",
            Refusal::Unfinished { job: job(), status: Status::Running },
        ),
        (
            "The job failed, was canceled or skipped. Its artifacts can exist all the same (`artifacts: when: always`).",
            unsuccessful(),
        ),
        (
            "The job has no `artifacts: paths:`, its patterns matched no file, or `artifacts: when:` excluded its result.",
            Refusal::NoArchive { job: job(), reports: false, just_ended: false },
        ),
        (
            "The job lists files only under `artifacts: reports:`, which make no archive.",
            Refusal::NoArchive { job: job(), reports: true, just_ended: false },
        ),
        (
            "GitLab answered 404, and the token may not ask for the reason. The job has no archive, has not ended, or its archive expired.",
            Refusal::NotThere { label: "build-repo (70108)".to_owned() },
        ),
        (
            "The database of GitLab knows the archive, and the object storage does not have it.",
            Refusal::Lost {
                label: "build-repo (70108)".to_owned(),
                storage: "https://store.example.com answered 404: NoSuchKey".to_owned(),
            },
        ),
        (
            "`artifacts: expire_in:` of the job, or the default of the server, is over.",
            Refusal::Expired { job: job(), at: "2026-02-01T00:00:00Z".to_owned() },
        ),
        (
            "Somebody erased the job in GitLab.",
            Refusal::Erased { job: job(), at: "2026-02-01T00:00:00Z".to_owned() },
        ),
        (
            "`--path`, `--exclude` or the path of `cat` match nothing in the archive. Paths begin at the root of the project that made them; `ls` lists them.",
            Refusal::NoFile {
                wanted: names(&["doc/*.md"]),
                seen: names(&["docs/readme.md", "run"]),
            },
        ),
        (
            "`--report` names a type that the job did not upload.",
            Refusal::NoReport {
                job: job(),
                wanted: "unit".to_owned(),
                seen: names(&["dotenv", "junit"]),
            },
        ),
        (
            "The server is older than GitLab 19.4.",
            Refusal::ReportsUnknown { job: "test (7)".to_owned(), wanted: "junit".to_owned() },
        ),
    ]
}

fn waits() -> Vec<Row> {
    let failed = |name: &str| FailedJob { name: name.to_owned(), id: JobId(7), web_url: None };
    let not_started = |why| Refusal::NotStarted { project: ProjectRef::Id(93), why };
    let ref_ = || "mian".to_owned();
    vec![
        (
            "The pipelines still run. If `--wait-timeout` is over, the message begins with the time that was waited, and the exit code is 7.",
            Refusal::NotEnded { pipelines: vec![place(Status::Running)], untriggered: Vec::new() },
        ),
        (
            "The pipeline failed, was canceled or skipped. The failed jobs are listed with their pages.",
            Refusal::EndedBadly {
                pipelines: vec![place(Status::Failed)],
                failed: vec![failed("lint")],
                blocking: Vec::new(),
            },
        ),
        (
            "A manual job without `allow_failure` stops the pipeline.",
            Refusal::Blocked { pipeline: place(Status::Manual), jobs: vec![failed("deploy")] },
        ),
        (
            "`--jobs` names jobs that are not there, or that are not manual, or have been played.",
            Refusal::NoManualJob {
                pipeline: place(Status::Manual),
                names: names(&["deploi"]),
                jobs: vec![failed("deploy")],
            },
        ),
        (
            "`--ref` is no branch or tag of that project.",
            not_started(StartFailure::UnknownRef {
                ref_: ref_(),
                message: "Reference not found".to_owned(),
            }),
        ),
        (
            "The repository is empty, or its default branch was deleted.",
            not_started(StartFailure::NoDefaultBranch),
        ),
        (
            "The YAML of that project is not valid, its rules leave no job, or it does not take these variables or inputs. The words are GitLab's.",
            not_started(StartFailure::Rejected {
                ref_: "main".to_owned(),
                message: "jobs:a config is empty".to_owned(),
            }),
        ),
        (
            "`--dotenv` writes lines of `NAME=value`. A ref with a line break would write a second variable.",
            Refusal::LineBreak { name: "REF" },
        ),
    ]
}

fn archives() -> Vec<Row> {
    let entry = || "docs/a.txt".to_owned();
    let rows: Vec<(&'static str, ArchiveRefusal)> = vec![
        (
            "A name such as `../x` or `/etc/x` would write outside of DIR. No program of GitLab makes such an archive.",
            ArchiveRefusal::Leaves { entry: "../x".to_owned() },
        ),
        (
            "The name cannot exist on this system. On [Windows](windows.md) many names cannot that Linux allows.",
            ArchiveRefusal::Name {
                entry: "docs/notes.".to_owned(),
                why: "has a name that ends with a dot or a space, which Windows drops",
            },
        ),
        (
            "The archive was made on a system that distinguishes these names, and this one does not.",
            ArchiveRefusal::Collision { first: "README".to_owned(), second: "readme".to_owned() },
        ),
        (
            "One of the two would be lost, and which one depends on the program that extracts.",
            ArchiveRefusal::Double { entry: entry() },
        ),
        (
            "Files of one name in different folders of the archive become one file.",
            ArchiveRefusal::SamePath { path: "a.txt".to_owned() },
        ),
        ("The archive contradicts itself.", ArchiveRefusal::FileAndFolder { entry: entry() }),
        ("The archive contradicts itself.", ArchiveRefusal::FolderWithContent { entry: entry() }),
        (
            "The file would be written to wherever the symlink points.",
            ArchiveRefusal::BelowLink { entry: "a/b".to_owned(), link: "a".to_owned() },
        ),
        (
            "The symlink points to a file outside of DIR, such as one of the machine that made it.",
            ArchiveRefusal::LinkLeaves {
                entry: "current".to_owned(),
                target: "/opt/app".to_owned(),
            },
        ),
        (
            "Another archive could put a symlink at `lib`, and then `..` would be the folder above its target.",
            ArchiveRefusal::LinkCouldLeave {
                entry: "current".to_owned(),
                target: "lib/../app".to_owned(),
            },
        ),
        (
            "The symlink is empty, or points to itself over others.",
            ArchiveRefusal::LinkTarget { entry: "current".to_owned(), why: "has no target" },
        ),
        (
            "A limit protects the disk from archives that unpack to far more than their size.",
            ArchiveRefusal::TooLarge { size: 80 << 30, most: 64 << 30 },
        ),
        (
            "A limit protects the file system from archives of very many files.",
            ArchiveRefusal::TooMany { entries: 1_200_000, most: 1_000_000 },
        ),
        (
            "The same limit counts the folders that the names of entries imply.",
            ArchiveRefusal::TooManyFolders { most: 1_000_000 },
        ),
        (
            "Stored, deflated and Zstandard entries can be read. GitLab's runner writes no others.",
            ArchiveRefusal::Unreadable { entry: entry(), method: Method::Other(12) },
        ),
    ];
    rows.into_iter().map(|(reason, refusal)| (reason, Refusal::Archive(refusal))).collect()
}

fn sections() -> [(&'static str, Vec<Row>); 4] {
    [
        ("Pipelines, bridges and jobs that are not found", lookups()),
        ("Jobs without usable artifacts", jobs()),
        ("Waiting and starting pipelines", waits()),
        ("Archives that are refused", archives()),
    ]
}

fn document() -> String {
    let mut text = String::new();
    for (heading, rows) in sections() {
        let usual = rows[0].1.exit(false).code();
        let _ = writeln!(text, "\n## {heading}\n\nExit code {usual}, where no other is named.");
        for (reason, refusal) in rows {
            let hint = refusal.hint().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
            let (exit, waited) = (refusal.exit(false).code(), refusal.exit(true).code());
            let own = if exit == usual { String::new() } else { format!(" Exit code {exit}.") };
            let after = match exit == waited {
                true => String::new(),
                false => format!(" Exit code {waited} after `--wait`."),
            };
            let wait = if refusal.may_change() { " `--wait` waits for it." } else { "" };
            let _ = writeln!(
                text,
                "\n```text\nerror: {refusal}\n{hint}```\n\n{reason}{own}{after}{wait}"
            );
        }
    }
    text + "\n"
}

#[test]
fn the_page_about_troubleshooting_has_every_refusal() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/troubleshooting.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let page = format!("{before}{BEGIN}{}{END}{after}", document());
    expect_file![path].assert_eq(&page);
}

/// Returns the names of the variants of an enum.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let body = source.split_once(&format!("pub enum {name} {{\n")).unwrap().1;
    let body = body.split_once("\n}").unwrap().0;
    let names = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(char::is_uppercase));
    names.map(|line| line.split([' ', '(', ',']).next().unwrap().to_owned()).collect()
}

#[test]
fn no_refusal_is_without_a_row() {
    let debug = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let name = |text: String| text.split([' ', '(']).next().unwrap().to_owned();
    let rows: Vec<Refusal> =
        sections().into_iter().flat_map(|(_, rows)| rows).map(|(_, refusal)| refusal).collect();
    let listed: BTreeSet<String> = rows.iter().map(|refusal| name(debug(refusal))).collect();
    assert_eq!(listed, variants(include_str!("../variants.rs"), "Refusal"));
    let archives = rows.iter().filter_map(|refusal| match refusal {
        Refusal::Archive(refusal) => Some(name(debug(refusal))),
        _ => None,
    });
    let archives: BTreeSet<String> = archives.collect();
    assert_eq!(archives, variants(include_str!("../archive.rs"), "ArchiveRefusal"));
    let failures = rows.iter().filter_map(|refusal| match refusal {
        Refusal::NotStarted { why, .. } => Some(name(debug(why))),
        _ => None,
    });
    let failures: BTreeSet<String> = failures.collect();
    assert_eq!(failures, variants(include_str!("../start_failure.rs"), "StartFailure"));
}

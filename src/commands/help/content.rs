//! The examples, variables and files that the help describes.

/// The variables that are read, each group with its meaning and the flag that wins over it.
pub const VARIABLES: [(&str, &str); 19] = [
    (
        "`CI_API_V4_URL`; else `GITLAB_HOST`, `GITLAB_URI`, `GL_HOST`, `GITLAB_URL` or `CI_SERVER_URL`, with `/api/v4`",
        "the API; without any of them, that of the git remote, else of gitlab.com (`--api-url`)",
    ),
    (
        "`CI_PROJECT_ID`, `CI_PIPELINE_ID`",
        "the upstream pipeline (`--project`, `--pipeline`); with `CI_PROJECT_PATH`, the project that a job token may always read",
    ),
    ("`CI_DEFAULT_BRANCH`", "the branch of `--pipeline latest` in a CI job without a checkout"),
    ("`CI_JOB_ID`, `CI_JOB_NAME`", "the job that downriver runs in, for which it does not wait"),
    (
        "`CI_UPSTREAM_PROJECT_ID`, `CI_UPSTREAM_PIPELINE_ID`; else `PARENT_PROJECT_ID`, `PARENT_PIPELINE_ID`, `PARENT_JOB_ID`",
        "the pipeline that triggered this one, for `--from upstream`; of a child pipeline (`CI_PIPELINE_SOURCE`), the project may be left out. `CI_UPSTREAM_JOB_ID` alone does not suffice: it is the id of a bridge",
    ),
    (
        "`GITLAB_TOKEN`, `GITLAB_ACCESS_TOKEN`, `GITLAB_PRIVATE_TOKEN`, `PRIVATE_TOKEN`; `OAUTH_TOKEN` if it begins with `glpat-`",
        "a private token (`--private-token`, `--token-file`)",
    ),
    ("`CI_JOB_TOKEN`", "the job token, only for the GitLab of the job (`--job-token`)"),
    ("`DOWNRIVER_PIPELINE_TOKEN`", "the token of a trigger, for `trigger` (`--pipeline-token`)"),
    (
        "`DOWNRIVER_CACHE`, `DOWNRIVER_CACHE_SIZE`",
        "the folder of the cache and its size limit (`--cache`, `--cache-size`)",
    ),
    ("`DOWNRIVER_NO_INPUT`", "ask no question, if it is not empty (`--no-input`)"),
    (
        "`CI`, `GITLAB_CI`",
        "this is a CI job: the git checkout and the files of other tools are not used, and no question is asked",
    ),
    (
        "`GLAB_CONFIG_DIR`, `XDG_CONFIG_HOME`, `LOCALAPPDATA`, `APPDATA`, `HOME`, `USERPROFILE`; `PYTHON_GITLAB_CFG`",
        "the folders of the files of glab and python-gitlab",
    ),
    (
        "`CI_SERVER_TLS_CA_FILE`, else `CURL_CA_BUNDLE`",
        "more certificate authorities (`--cacert`); the link `trigger` also reads `REQUESTS_CA_BUNDLE`",
    ),
    ("`SSL_CERT_FILE`, `SSL_CERT_DIR`", "replace the certificate authorities of the system"),
    (
        "`CI_SERVER_TLS_CERT_FILE`, `CI_SERVER_TLS_KEY_FILE`",
        "a client certificate and its key (`--cert`, `--key`)",
    ),
    (
        "`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`",
        "the proxy for each scheme; names in lower case win. `NO_PROXY` is a list with commas or blanks: a host name (its subdomains included), an address, a network like `10.0.0.0/8`, each with an optional `:PORT`, or `*`",
    ),
    ("`TMPDIR`; on Windows `TMP`", "the folder of temporary archives"),
    ("`NO_COLOR`, `TERM=dumb`", "no colours (`--color`)"),
    ("`LC_ALL`, `LC_CTYPE`, `LANG`", "the character set, for the lines that `tree` draws"),
];

/// The files that are read or written besides those that flags name.
pub const FILES: [(&str, &str); 5] = [
    ("`.git/`", "outside CI: the remote, the branch, and names for completion"),
    (
        "`~/.config/glab-cli/config.yml`, `~/.python-gitlab.cfg`, `/etc/python-gitlab.cfg`",
        "outside CI: tokens that other tools keep, used if no token is given",
    ),
    (
        "`~/.cache/downriver/names/`",
        "written outside CI: names of the last lookup of each checkout, for completion (below `XDG_CACHE_HOME` or `LOCALAPPDATA`, if set)",
    ),
    (
        "`.downriver-*` in the destination",
        "files before they are put in place; removed at the end, or by the next run",
    ),
    (
        "`DOWNRIVER_CACHE`",
        "whole archives for the next run; removed when the size limit is reached",
    ),
];

/// Returns examples of a command, each with its meaning. The name of the program itself is empty.
pub fn examples(command: &str) -> &'static [(&'static str, &'static str)] {
    match command {
        "" => &[
            ("downriver fetch build-repo -D vendor", "the files of a downstream job, into vendor"),
            ("downriver tree", "the pipeline, what it triggered, and all jobs"),
            ("downriver explain build-repo", "the lookup step by step, without a download"),
        ],
        "fetch" => &[
            ("downriver fetch build-repo -D vendor", "the files of a downstream job, into vendor"),
            (
                "downriver fetch 'build-*' --wait --separate",
                "several jobs once they have finished, each into a folder of its own",
            ),
            (
                "downriver fetch build --ref main --path 'bin/**'",
                "some files from the latest successful pipeline of a branch",
            ),
        ],
        "ls" => &[
            ("downriver ls build-repo", "the files of a downstream job"),
            ("downriver ls build --from pipeline", "the files of a job of the pipeline itself"),
            (
                "downriver ls build --ref main --json",
                "as JSON, from the latest successful pipeline of a branch",
            ),
        ],
        "cat" => &[
            ("downriver cat build-repo version.txt", "one file of a downstream job"),
            ("downriver cat build report.xml --ref main > report.xml", "into a file"),
            ("downriver cat version.txt --job-id 456 -R shop/radar", "of a job by its id"),
        ],
        "explain" => &[
            ("downriver explain build-repo", "what fetch would do with the same words"),
            ("downriver explain build --ref main", "the same for a branch"),
            ("downriver explain build-repo --json", "as JSON"),
        ],
        "wait" => &[
            ("downriver wait build-repo --wait-timeout 30m", "until a job has finished"),
            ("downriver wait", "until every downstream pipeline has finished"),
            ("downriver wait --bridge build-sharecode", "until one of them has"),
        ],
        "list" => &[
            ("downriver list", "the newest pipelines of the project"),
            ("downriver list --ref main --status failed", "those of a branch that failed"),
            ("downriver list --limit 100 --json", "a hundred of them, as JSON"),
        ],
        "tree" => &[
            ("downriver tree", "the pipeline and what it triggered"),
            ("downriver tree --depth 1", "without the pipelines that those triggered"),
            ("downriver tree --json", "as JSON"),
        ],
        "trigger" => &[
            ("downriver trigger shop/radar --ref main", "start a pipeline and wait for it"),
            (
                "downriver trigger shop/radar -e MODE=full --fetch build -D vendor",
                "with a variable, and take the files of a job",
            ),
            ("downriver trigger shop/radar --detach --json", "start one and do not wait"),
        ],
        "keep" => &[
            ("downriver keep build-repo", "the artifacts of a downstream job"),
            ("downriver keep 'build-*' --from pipeline", "of several jobs of the pipeline itself"),
            ("downriver keep --job-id 456 -R shop/radar", "of a job by its id"),
        ],
        "delete" => &[
            (
                "downriver delete build-repo",
                "the artifacts of a downstream job, after a confirmation",
            ),
            (
                "downriver delete --job-id 456 -R shop/radar --yes",
                "of a job by its id, without a confirmation",
            ),
            ("downriver delete --all-in-project -R shop/radar", "all that may be deleted"),
        ],
        "completions" => &[
            (
                "downriver completions bash > ~/.local/share/bash-completion/completions/downriver",
                "for bash",
            ),
            ("downriver completions zsh > ~/.zfunc/_downriver", "for zsh"),
            ("downriver completions fish > ~/.config/fish/completions/downriver.fish", "for fish"),
        ],
        "man" => &[
            ("downriver man | man -l -", "the page of the program"),
            ("downriver man fetch | man -l -", "the page of a command"),
            ("downriver man > ~/.local/share/man/man1/downriver.1", "for man"),
        ],
        _ => &[],
    }
}

/// Removes the marks of Markdown.
pub(super) fn plain(text: &str) -> String {
    text.replace('`', "")
}

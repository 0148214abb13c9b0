//! A question that GitLab did not answer: what was asked, what came back, what to do.
//!
//! Tokens are named by their kind, never by their value.

use std::fmt;
use std::io;

use super::address::Address;
use super::error_body::{ErrorBody, Form};
use super::{ApiRequest, JobTokens};
use crate::exit::Exit;
use crate::token::Kind;

/// Why a question has no answer.
#[derive(Debug)]
pub struct Error {
    pub cause: Box<Cause>,
    request: Box<ApiRequest>,
    token: Option<Kind>,
}

/// What went wrong. Only what stays after the retries is here.
#[derive(Debug)]
pub enum Cause {
    /// An answer with a status that will not change by asking again.
    Status { status: u16, body: ErrorBody, from: Address, request_id: Option<String> },
    /// Still failing after so many tries.
    Failing { reason: String, tries: u32, request_id: Option<String> },
    /// Nobody answers at that address: GitLab's, or the one of its storage.
    Unreachable { reason: String, storage: bool },
    /// The server wants more patience than anybody has.
    AskedToWait { seconds: u64 },
    /// A web page where JSON or an archive should be.
    Page { title: String, from: Address },
    /// Certificate or handshake.
    Tls { reason: String, from: Address },
    /// A redirect that is not followed.
    Redirect { reason: String },
    /// Something was to be changed and no answer came; what may have happened all the same.
    OutcomeUnknown { reason: String, what: String, request_id: Option<String> },
    /// Not even asked: it would be in vain.
    NotSent { why: &'static str },
    /// An answer that is not what GitLab sends.
    Unexpected { reason: String },
    /// All bytes came, but they are not what the server says they are.
    Damaged { reason: String },
    /// The bytes came, but could not be kept here.
    Local(io::Error),
}

impl Error {
    pub(super) fn new(request: &ApiRequest, token: Option<Kind>, cause: Box<Cause>) -> Error {
        let token = match request.job_tokens {
            JobTokens::InBody(kind) => Some(kind),
            _ => token,
        };
        Error { cause, request: Box::new(request.clone()), token }
    }

    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match &*self.cause {
            Cause::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What GitLab said with it; empty where it said nothing.
    pub fn words(&self) -> &str {
        match &*self.cause {
            Cause::Status { body, .. } => &body.words,
            _ => "",
        }
    }

    /// The server does not know this route: an older GitLab, or not the root of the API.
    pub fn is_unknown_route(&self) -> bool {
        matches!(&*self.cause, Cause::Status { status: 404, body, .. }
            if body.form == Form::Error && body.words == "404 Not Found")
    }

    /// The address that GitLab once redirected to is no longer taken. Stores say so in ways of
    /// their own; that the archive may not be had is for GitLab to say.
    pub(super) fn is_expired_address(&self) -> bool {
        self.request.presigned && matches!(self.status(), Some(400 | 401 | 403))
    }

    /// The project is there and may be read, but has no such pipeline or job (the small f is
    /// GitLab's, `lib/api/helpers.rb`).
    pub fn is_no_record(&self) -> bool {
        matches!(&*self.cause, Cause::Status { status: 404, body, .. } if body.words == "404 Not found")
    }

    /// It did not answer, or not as it should, but may do so later.
    pub fn may_pass(&self) -> bool {
        matches!(&*self.cause, Cause::Failing { .. })
    }

    /// The answer is not what was asked for: of another archive, for instance, or another part.
    pub fn is_unexpected(&self) -> bool {
        matches!(&*self.cause, Cause::Unexpected { .. })
    }

    /// There is nobody at that address, or not now.
    pub fn is_unreachable(&self) -> bool {
        matches!(&*self.cause, Cause::Unreachable { .. })
    }

    /// Not GitLab's fault: the bytes could not be kept here.
    pub fn is_local(&self) -> bool {
        matches!(&*self.cause, Cause::Local(_))
    }

    /// The class of the failure.
    pub fn exit(&self) -> Exit {
        match &*self.cause {
            Cause::Status { status: 401 | 403, body, .. } if body.form != Form::Xml => Exit::Denied,
            // This says no more than that the token does not open this door.
            Cause::Status { status: 404, .. } if self.is_by_body() => Exit::Denied,
            Cause::Status { status: 404 | 410, .. } => Exit::Nothing,
            Cause::Status { status: 405, body, .. } if is_moved(body) => Exit::Nothing,
            Cause::NotSent { .. } => Exit::Denied,
            Cause::Page { .. } => Exit::Denied,
            Cause::Damaged { .. } => Exit::Archive,
            Cause::Local(_) => Exit::Disk,
            Cause::Status { .. }
            | Cause::Failing { .. }
            | Cause::Unreachable { .. }
            | Cause::AskedToWait { .. }
            | Cause::Tls { .. }
            | Cause::Redirect { .. }
            | Cause::OutcomeUnknown { .. }
            | Cause::Unexpected { .. } => Exit::Network,
        }
    }

    /// What to do now, most likely first; at most two.
    pub fn hints(&self) -> Vec<String> {
        let mut hints = self.advice();
        hints.splice(0..0, self.request.advice.map(str::to_owned));
        if let Cause::Status { from, .. } = &*self.cause
            && !from.same_origin(&self.request.address)
            && !hints.is_empty()
            && self.token.is_some()
        {
            let origin = from.origin();
            hints.insert(0, format!("the server redirects to {origin}, where no token is sent; if that is the GitLab you mean, give it as --api-url"));
        }
        hints.truncate(2);
        hints
    }

    fn advice(&self) -> Vec<String> {
        match &*self.cause {
            Cause::Status { status: 401, .. } => self.unknown_to_gitlab(),
            Cause::Status { status: 403, body, .. } if body.form != Form::Xml => vec![self.forbidden(&body.words)],
            Cause::Status { status: 404, .. } if self.is_by_body() => vec![self.not_let_in()],
            Cause::Status { status: 404, body, .. } => self.not_found(body),
            Cause::Status { status: 405, body, .. } if is_moved(body) => {
                vec!["the project was renamed or moved: give its new path, or its id".to_owned()]
            }
            Cause::NotSent { .. } => self.unknown_to_gitlab(),
            Cause::Page { .. } => vec![
                match self.token {
                    None => NO_TOKEN.to_owned(),
                    Some(_) => "a sign-in or proxy page comes where a token is missing or not accepted, or the address is not that of the API".to_owned(),
                },
                self.root_advice(),
            ],
            Cause::Tls { reason, .. } => vec![certificates(reason).to_owned()],
            Cause::Unreachable { storage: true, .. } => vec!["archives lie in a storage, which this machine must be let through to; or GitLab hands them through, with `proxy_download` in the settings of that storage".to_owned()],
            Cause::Damaged { .. } => vec!["fetch it again; if it stays so, what GitLab keeps of it is damaged, and only a new run of the job helps".to_owned()],
            Cause::Failing { reason, .. } if reason.contains("connecting to ") => {
                vec!["--connect-timeout allows more".to_owned()]
            }
            Cause::Failing { reason, .. } if reason.contains(" arrived ") => vec!["--timeout allows more".to_owned()],
            _ => Vec::new(),
        }
    }

    fn unknown_to_gitlab(&self) -> Vec<String> {
        match (self.token, self.request.job_tokens) {
            (None, _) => vec![NO_TOKEN.to_owned()],
            (Some(Kind::Job), JobTokens::Never) => vec![NEVER.to_owned()],
            (Some(Kind::Job), JobTokens::Newer) => vec![ENDED.to_owned(), NEWER.to_owned()],
            (Some(Kind::Job), JobTokens::Always | JobTokens::InBody(_)) => vec![ENDED.to_owned()],
            (Some(Kind::Trigger), _) => vec![TRIGGER.to_owned()],
            (Some(Kind::Private), _) => {
                vec!["the private token is unknown there, expired or revoked: make a new one with the scope read_api".to_owned()]
            }
        }
    }

    fn forbidden(&self, words: &str) -> String {
        if words.contains("insufficient") && words.contains("scope") {
            return "the token needs the scope read_api (to start, keep or delete something: api)"
                .to_owned();
        }
        if words.contains("token permission is required") {
            return "grant that permission where the other project lists yours: its Settings → CI/CD → Job token permissions".to_owned();
        }
        match self.token {
            Some(Kind::Job) => ALLOWLIST.to_owned(),
            Some(Kind::Trigger) => "who owns the trigger token needs a role in that project that may start pipelines (Developer), for a protected branch that may push or merge there".to_owned(),
            Some(Kind::Private) => "the user of the token needs a role in that project that may read its jobs and artifacts (Reporter; Developer where artifacts are not public)".to_owned(),
            None => NO_TOKEN.to_owned(),
        }
    }

    fn not_found(&self, body: &ErrorBody) -> Vec<String> {
        if self.is_unknown_route() {
            return vec![self.root_advice()];
        }
        let hidden = match self.token {
            None => format!("GitLab says this also of what only a token may see; {NO_TOKEN}"),
            Some(Kind::Trigger) => TRIGGER.to_owned(),
            Some(Kind::Job) => format!("GitLab says this also of a project that does not admit the job token; {ALLOWLIST}"),
            Some(Kind::Private) => {
                "GitLab says this also of what the user of the token may not see: check the number, the path and the role".to_owned()
            }
        };
        match (self.token, self.request.job_tokens, body.words.as_str()) {
            (Some(Kind::Job), JobTokens::Newer, _) => vec![hidden, NEWER.to_owned()],
            (Some(Kind::Job), JobTokens::Never, _) => vec![NEVER.to_owned()],
            _ => vec![hidden],
        }
    }

    /// A 404 to a token in the body means either of two things.
    fn not_let_in(&self) -> String {
        match self.token {
            Some(Kind::Job) => format!(
                "GitLab says this of a project that is not there, and of one that does not admit the job token; {ALLOWLIST}"
            ),
            _ => TRIGGER.to_owned(),
        }
    }

    fn is_by_body(&self) -> bool {
        matches!(self.request.job_tokens, JobTokens::InBody(_))
    }

    fn root_advice(&self) -> String {
        format!(
            "is {} the address of GitLab's API? it usually ends with /api/v4 (--api-url)",
            self.request.address.origin()
        )
    }
}

/// What GitLab says to a change that is addressed to the old path of a project.
fn is_moved(body: &ErrorBody) -> bool {
    body.words.contains("moved projects")
}

/// What helps against a certificate that is refused. One that `openssl req -x509` made is its own
/// authority, and no file of authorities makes it a server's.
fn certificates(reason: &str) -> &'static str {
    match reason {
        _ if reason.contains("CaUsedAsEndEntity") => {
            "the server shows the certificate of an authority (CA:TRUE) as its own: give it one with CA:FALSE, and name the authority that signed that one with --cacert FILE"
        }
        _ if reason.contains("not valid for name") => {
            "use an address of that server that is in its certificate, or have this one added to it"
        }
        _ if reason.contains("CertificateRequired") => {
            "name a client certificate and its key with --cert FILE --key FILE (or CI_SERVER_TLS_CERT_FILE and CI_SERVER_TLS_KEY_FILE)"
        }
        _ if reason.contains("expired") => {
            "the server has to get a new certificate, unless the clock is wrong here"
        }
        _ => {
            "name the certificate authority of that server with --cacert FILE (or CI_SERVER_TLS_CA_FILE)"
        }
    }
}

const NO_TOKEN: &str = "no token was sent: set GITLAB_TOKEN, or use --private-token, --token-file or, in a job, CI_JOB_TOKEN";
const TRIGGER: &str = "GitLab says the same of a trigger token that is wrong and of a project that is not there or that the token is not for: check both, the token and the project";
const ENDED: &str = "a job token is valid only while its job runs";
const NEVER: &str = "GitLab takes no job token for this: use a private token (GITLAB_TOKEN) with the scope read_api, or api to change something";
const NEWER: &str = "GitLab before 18.3 (some before 18.7) takes no job token for lists of pipelines, bridges and jobs: use a private token (GITLAB_TOKEN) with read_api, or name the job with --job-id or --ref";
const ALLOWLIST: &str = "the project whose artifacts these are must list yours under its Settings → CI/CD → Job token permissions, and you need a role there";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.request.doing)?;
        let request = |f: &mut fmt::Formatter<'_>, id: &Option<String>| match id {
            Some(id) => write!(f, " (request {id})"),
            None => Ok(()),
        };
        match &*self.cause {
            Cause::Status { status, body, from, request_id } => {
                write!(f, "{from} answered {status}")?;
                if !body.words.is_empty() {
                    write!(f, ": {}", body.words)?;
                }
                request(f, request_id)
            }
            Cause::Failing { reason, tries, request_id } => {
                let times = if *tries == 1 { "once".to_owned() } else { format!("{tries} times") };
                write!(f, "asked {} {times}: {reason}", self.request.address)?;
                request(f, request_id)
            }
            Cause::Unreachable { reason, .. } => {
                write!(f, "asked {}: {reason}", self.request.address)
            }
            Cause::AskedToWait { seconds } => {
                write!(
                    f,
                    "{} asks to be left alone for {seconds} s, which is too long to wait",
                    self.request.address
                )
            }
            Cause::Page { title, from } if title.is_empty() => {
                write!(f, "{from} answered with a web page")
            }
            Cause::Page { title, from } => {
                write!(f, "{from} answered with a web page (\"{title}\")")
            }
            Cause::Tls { reason, from } => {
                write!(f, "no secure connection to {}: {reason}", from.origin())
            }
            Cause::OutcomeUnknown { reason, what, request_id } => {
                f.write_str(reason)?;
                request(f, request_id)?;
                write!(f, "; {what}")
            }
            Cause::NotSent { why } => write!(f, "not asked: {why}"),
            Cause::Redirect { reason } | Cause::Unexpected { reason } => {
                write!(f, "{}: {reason}", self.request.address)
            }
            Cause::Damaged { reason } => write!(f, "the archive is damaged: {reason}"),
            Cause::Local(error) => write!(f, "cannot write what arrives: {error}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_its_own_authority_needs_another_and_not_a_file_of_authorities() {
        for (reason, expect) in [
            ("invalid peer certificate: UnknownIssuer", "CI_SERVER_TLS_CA_FILE"),
            ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "CA:FALSE"),
        ] {
            assert!(certificates(reason).contains(expect), "{reason}");
        }
    }
}

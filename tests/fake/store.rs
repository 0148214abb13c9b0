//! The object storage: signed addresses, ranges as different makes hear them, and their errors.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use super::denial::error_case;
use super::dress::SignIn;
use super::fault::Fault;
use super::http::{Answer, Reply};
use super::route::Desk;
use super::world::World;
use super::zip::crc32;

/// The addresses of the servers, and those that the storage has signed.
#[derive(Debug, Default)]
pub struct Place {
    pub api: String,
    pub store: String,
    /// The API by TLS, once a test has asked for it.
    pub https: Option<String>,
    pub signed: BTreeMap<String, Signed>,
}

#[derive(Debug)]
pub struct Signed {
    pub job: u64,
    pub method: String,
    pub uses: u64,
}

impl Place {
    /// A new address for a job's archive at the storage.
    pub fn sign(&mut self, job: u64, method: &str) -> String {
        let signature =
            format!("{:08x}{:08x}", crc32(format!("{job}").as_bytes()), self.signed.len());
        let target = format!("/store/{job}/artifacts.zip?X-Signature={signature}");
        let address = format!("{}{target}", self.store);
        let signed = Signed { job, method: method.to_owned(), uses: 0 };
        self.signed.insert(target, signed);
        address
    }
}

/// The vendor of the storage; they differ in their errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    S3,
    Gcs,
    Azure,
}

impl Make {
    /// The make of a world's storage.
    pub fn of(world: &World) -> Make {
        match world.setting("store").as_str() {
            Some("gcs") => Make::Gcs,
            Some("azure") => Make::Azure,
            _ => Make::S3,
        }
    }

    /// An error in the words of this make; Azure's begins with a byte order mark.
    pub fn error(self, status: u16, code: &str, message: &str) -> Reply {
        match self {
            Make::S3 => Reply::new(
                status,
                "application/xml",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                     <Message>{message}</Message><RequestId>4442587FB7D0A2F9</RequestId>\
                     <HostId>aGVsbG8=</HostId></Error>"
                ),
            ),
            Make::Gcs => Reply::new(
                status,
                "application/xml; charset=UTF-8",
                format!(
                    "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code>\
                     <Message>{message}</Message><Details>artifacts.zip</Details></Error>"
                ),
            ),
            Make::Azure => Reply::new(
                status,
                "application/xml",
                format!(
                    "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code>\
                     <Message>{message}\nRequestId:5f3a9d2e-001e-0047-4e2b-b1d2c3000000\n\
                     Time:2026-03-02T10:10:00.0000000Z</Message></Error>"
                ),
            )
            .header("x-ms-error-code", code),
        }
    }

    /// The object is not there.
    pub fn no_such_key(self) -> Reply {
        match self {
            Make::Azure => self.error(404, "BlobNotFound", "The specified blob does not exist."),
            _ => self.error(404, "NoSuchKey", "The specified key does not exist."),
        }
    }

    /// The signature is wrong or too old.
    fn refused(self) -> Reply {
        match self {
            Make::S3 => error_case("object store refuses the signed URL"),
            Make::Gcs => self.error(400, "ExpiredToken", "The provided token has expired."),
            Make::Azure => self.error(
                403,
                "AuthenticationFailed",
                "Server failed to authenticate the request. Make sure the value of Authorization \
                 header is formed correctly including the signature.",
            ),
        }
    }

    /// Any range is refused with this status.
    fn no_ranges(self, status: u16) -> Reply {
        let code = match (self, status) {
            (_, 403) => "AccessDenied",
            (_, 416) => "InvalidRange",
            (_, 501) => "NotImplemented",
            (Make::Azure, _) => "InvalidHeaderValue",
            _ => "InvalidArgument",
        };
        self.error(status, code, "The range is not one that this storage takes.")
    }
}

/// Errors of storages, scripted for single requests.
impl Fault {
    pub fn store_error(self, make: Make, status: u16, code: &str, message: &str) -> Fault {
        self.reply(make.error(status, code, message))
    }

    /// The storage no longer has the object.
    pub fn no_such_key(self, make: Make) -> Fault {
        self.reply(make.no_such_key())
    }
}

/// The storage: no tokens here, only signed addresses, each with its own number of uses. The pages
/// of an identity provider are below `/sso/`.
pub fn storage(desk: &mut Desk<'_>) -> Answer {
    let make = Make::of(desk.world);
    for name in ["private-token", "job-token", "authorization", "cookie"] {
        if desk.asked.header(name).is_some() {
            desk.broken(format!("{name} leaked to the storage"));
        }
    }
    if desk.asked.path().starts_with("/sso/") {
        return Ok(SignIn::Plain.reply());
    }
    let method = desk.asked.method.as_str();
    let signed = desk.place.signed.get_mut(desk.asked.target.as_str());
    let meant = signed.as_ref().map_or("GET", |signed| signed.method.as_str()).to_owned();
    if method != meant {
        desk.broken.push(format!("the address is signed for {meant}, not {method}"));
        return Err(make.refused());
    }
    let most = desk.world.setting("signature_uses").as_u64().unwrap_or(u64::MAX);
    let Some(signed) = signed else {
        desk.broken.push(format!("nobody signed {}", desk.asked.target));
        return Err(make.refused());
    };
    signed.uses += 1;
    if signed.uses > most {
        return Err(make.refused());
    }
    let id = signed.job;
    let job = desk.world.job(id).map(|found| found.job.clone()).unwrap_or_default();
    let there = !desk.world.lost(&job);
    let bytes = desk.world.archive(&job).filter(|_| there).ok_or_else(|| make.no_such_key())?;
    Ok(ranged(desk, &bytes, "store"))
}

/// The `ETag` of an archive, as the world wants it.
fn etag(world: &World, bytes: &[u8]) -> Option<String> {
    // The end of an archive is its directory, which knows every checksum; the whole of a big one
    // would take longer to sum than to send.
    let end = &bytes[bytes.len().saturating_sub(64 * 1024)..];
    let strong = format!("\"{:08x}-{}\"", crc32(end), bytes.len());
    let sha256 = |bytes: &[u8]| {
        let hex = digest(&SHA256, bytes).as_ref().iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        format!("\"{hex}\"")
    };
    match world.setting("etag").as_str() {
        Some("none") => None,
        // Rails makes this of an empty body: the same for every archive.
        Some("weak") => Some("W/\"e3b0c44298fc1c149afbf4c8996fb924\"".to_owned()),
        Some("sha256") => Some(sha256(bytes)),
        // As long as a SHA-256, and the checksum of something else.
        Some("hex") => Some(sha256(strong.as_bytes())),
        _ => Some(strong),
    }
}

/// The archive or the part of it that `Range` wants, as nginx and S3 do it, or as the world's
/// setting `ranges` has it.
pub fn ranged(desk: &mut Desk<'_>, bytes: &Arc<Vec<u8>>, by: &str) -> Reply {
    let etag = etag(desk.world, bytes);
    if desk.asked.header("if-none-match").is_some() {
        desk.broken("If-None-Match: weak tags are the same for every archive");
    }
    let setting = desk.world.setting("ranges").clone();
    let manner = setting.as_str().unwrap_or_default();
    let refused: Option<u16> = manner.parse().ok();
    let mut reply = Reply::new(200, "application/octet-stream", Vec::new());
    (reply.bytes, reply.span) = (Arc::clone(bytes), 0..bytes.len());
    if by == "direct" {
        reply = reply.header("Content-Transfer-Encoding", "binary");
    }
    reply = reply.header("Last-Modified", "Mon, 02 Mar 2026 10:03:40 GMT");
    if let Some(etag) = &etag {
        reply = reply.header("ETag", etag);
    }
    if setting != false && refused.is_none() {
        reply = reply.header("Accept-Ranges", "bytes");
    }
    let same = match desk.asked.header("if-range") {
        None => true,
        Some(tag) if tag.starts_with("W/") => {
            desk.broken("If-Range with a weak tag");
            false
        }
        Some(tag) => Some(tag) == etag.as_deref(),
    };
    let wanted_range = desk.asked.header("range").filter(|_| setting != false);
    let Some(range) = wanted_range.map(str::to_owned) else { return reply };
    let length = bytes.len();
    let make = Make::of(desk.world);
    let suffix = range.starts_with("bytes=-");
    match refused {
        Some(416) => {
            return make.no_ranges(416).header("Content-Range", format!("bytes */{length}"));
        }
        Some(status) => return make.no_ranges(status),
        None if manner == "suffix-400" && suffix => return make.no_ranges(400),
        None if (manner == "suffix-ignored" && suffix) || !same => return reply,
        None => {}
    }
    match wanted(&range, length) {
        Err(why) => {
            desk.broken(why);
            reply
        }
        Ok(Some(span)) => partial(reply, span, length, manner),
        Ok(None) => {
            desk.broken(format!("{range} is past the end of {length} bytes"));
            Reply::new(416, "text/html", "<html>416 Requested Range Not Satisfiable</html>")
                .header("Content-Range", format!("bytes */{length}"))
        }
    }
}

/// 206 with this part of the whole.
fn partial(mut reply: Reply, span: Range<usize>, length: usize, manner: &str) -> Reply {
    let (first, last) = (span.start, span.end - 1);
    (reply.status, reply.span) = (206, span);
    match manner {
        "multipart" => {
            let kind = "application/octet-stream";
            let range =
                format!("Content-Type: {kind}\r\nContent-Range: bytes {first}-{last}/{length}");
            let mut body = format!("\r\n--3d6b6a416f9b5\r\n{range}\r\n\r\n").into_bytes();
            body.extend(reply.body());
            body.extend(b"\r\n--3d6b6a416f9b5--\r\n");
            reply.headers.retain(|(name, _)| name != "Content-Type");
            (reply.span, reply.bytes) = (0..body.len(), Arc::new(body));
            reply.header("Content-Type", "multipart/byteranges; boundary=3d6b6a416f9b5")
        }
        "unknown-total" => reply.header("Content-Range", format!("bytes {first}-{last}/*")),
        "no-content-range" => reply,
        _ => reply.header("Content-Range", format!("bytes {first}-{last}/{length}")),
    }
}

/// The bytes of a `Range`; nothing if it begins past the end.
fn wanted(range: &str, length: usize) -> Result<Option<Range<usize>>, String> {
    let malformed = || format!("malformed range {range:?}");
    let (first, last) =
        range.strip_prefix("bytes=").and_then(|r| r.split_once('-')).ok_or_else(malformed)?;
    let number = |text: &str| text.parse::<usize>().map_err(|_| malformed());
    if first.is_empty() {
        let start = length.saturating_sub(number(last)?);
        return Ok((start < length).then_some(start..length));
    }
    let start = number(first)?;
    let end = if last.is_empty() { length } else { number(last)?.saturating_add(1) };
    if end <= start {
        return Err(malformed());
    }
    Ok((start < length).then(|| start..end.min(length)))
}

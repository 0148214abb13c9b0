//! Faults on the wire, scripted: which request, which time, and what happens instead.
//!
//! `Fault::on("GET jobs/7/artifacts").times(2).status(503)` — the first two such requests are
//! answered with 503. A fault either replaces the answer (the world then never sees the request)
//! or twists how the world's own answer is sent. Several twists may be combined.

use std::time::Duration;

use serde_json::Value;

use super::dress::cloudflare;
use super::http::Reply;

/// One scripted fault.
#[derive(Debug, Clone, Default)]
pub struct Fault {
    pub pattern: String,
    /// So many matching requests pass unharmed first.
    skip: usize,
    /// So many are hit; none means every one.
    left: Option<usize>,
    /// Only while more than so many requests are under way at that origin, this one counted.
    over: Option<usize>,
    pub hits: usize,
    pub instead: Option<Reply>,
    pub twist: Twist,
}

/// How the body's length is told.
#[derive(Debug, Clone, Copy)]
pub enum Framing {
    /// `Content-Length`: the true one, or this lie.
    Length(Option<u64>),
    Chunked,
    /// Neither; the end of the connection is the end of the body.
    UntilClose,
}

/// Changes to how a reply is sent.
#[derive(Debug, Clone)]
pub struct Twist {
    pub reset: bool,
    /// The connection ends with a reset and not with a goodbye.
    pub torn: bool,
    /// So long between any two bytes of the body.
    pub drip: Option<Duration>,
    pub close: bool,
    pub framing: Framing,
    /// The connection ends after so many bytes of the body.
    pub cut: Option<usize>,
    /// Silence after so many bytes of the body.
    pub stall: Option<usize>,
    pub first_byte_after: Option<Duration>,
    /// Silence until so many requests were under way at the same time at that origin.
    pub first_byte_among: Option<usize>,
    /// Sent after the body.
    pub extra: Vec<u8>,
    pub headers: Vec<(String, String)>,
    pub without: Vec<String>,
    /// `gzip` or `deflate`, though nobody asked for it.
    pub encoding: Option<&'static str>,
    /// At most so many bytes of the body in a second.
    pub bandwidth: Option<u64>,
}

impl Default for Twist {
    fn default() -> Twist {
        Twist {
            reset: false,
            torn: false,
            drip: None,
            close: false,
            framing: Framing::Length(None),
            cut: None,
            stall: None,
            first_byte_after: None,
            first_byte_among: None,
            extra: Vec::new(),
            headers: Vec::new(),
            without: Vec::new(),
            encoding: None,
            bandwidth: None,
        }
    }
}

impl Twist {
    pub fn ends_connection(&self) -> bool {
        self.close
            || self.torn
            || self.cut.is_some()
            || self.stall.is_some()
            || !self.extra.is_empty()
            || matches!(self.framing, Framing::Length(Some(_)) | Framing::UntilClose)
    }

    pub fn applied(&self, mut reply: Reply) -> Reply {
        reply
            .headers
            .retain(|(name, _)| !self.without.iter().any(|w| w.eq_ignore_ascii_case(name)));
        reply.headers.extend(self.headers.clone());
        if let Some(coding) = self.encoding {
            reply = reply.encoded(coding);
        }
        reply
    }
}

/// Which request, how often.
impl Fault {
    /// `GET pipelines/9002/jobs`, `jobs/7/artifacts`, `store/*`: a method if it matters, then a
    /// path that is whole or the end of one; `*` stands for anything. The query does not count,
    /// unless the pattern has one.
    pub fn on(pattern: &str) -> Fault {
        Fault { pattern: pattern.to_owned(), left: Some(1), ..Fault::default() }
    }

    /// The first so many such requests; one if not said.
    pub fn times(mut self, times: usize) -> Fault {
        self.left = Some(times);
        self
    }

    pub fn always(mut self) -> Fault {
        self.left = None;
        self
    }

    /// Not the first so many.
    pub fn after(mut self, requests: usize) -> Fault {
        self.skip = requests;
        self
    }

    /// Only while more than so many requests are under way at that origin, this one counted.
    pub fn over(mut self, requests: usize) -> Fault {
        self.over = Some(requests);
        self
    }

    /// Returns true if this request is hit; counts it. `under_way` counts this request too.
    pub fn hits(&mut self, line: &str, under_way: usize) -> bool {
        let crowded = self.over.is_none_or(|most| under_way > most);
        if !matches(&self.pattern, line) || self.left == Some(0) || !crowded {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        self.hits += 1;
        true
    }
}

/// Answers in place of the world's own.
impl Fault {
    pub fn reply(mut self, reply: Reply) -> Fault {
        self.instead = Some(reply);
        self
    }

    /// A bare status, with the body GitLab or its web server would send.
    pub fn status(self, status: u16) -> Fault {
        let reply = match status {
            429 => Reply::new(429, "text/plain", "Retry later\n"),
            502 => Reply::new(502, "text/html", "<html><h1>502</h1></html>"),
            520..=530 => cloudflare(status),
            500 => Reply::message(500, "500 Internal Server Error"),
            503 | 504 => {
                Reply::new(status, "text/html", "<html><h1>Deploy in progress</h1></html>")
            }
            _ => Reply::message(status, format!("{status} as scripted")),
        };
        self.reply(reply)
    }

    pub fn json(self, status: u16, body: &Value) -> Fault {
        self.reply(Reply::json(status, body))
    }

    pub fn body(self, status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Fault {
        self.reply(Reply::new(status, kind, body))
    }

    /// 302; `{api}` and `{store}` stand for the two origins, `{web}` for the
    /// address of the web pages, `{self}` for the address asked.
    pub fn redirect(self, to: &str) -> Fault {
        self.redirect_with(302, to)
    }

    pub fn redirect_with(self, status: u16, to: &str) -> Fault {
        self.reply(Reply::new(status, "text/plain", "moved").header("Location", to))
    }

    /// The storage refuses the signature, in XML, as S3 does.
    pub fn storage_refuses(self) -> Fault {
        self.case("object store refuses the signed URL")
    }
}

/// How the answer is sent.
impl Fault {
    /// Another header, on the replaced answer or on the world's own.
    pub fn header(mut self, name: &str, value: &str) -> Fault {
        self.twist.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without_header(mut self, name: &str) -> Fault {
        self.twist.without.push(name.to_owned());
        self
    }

    /// Closed without a word.
    pub fn close(mut self) -> Fault {
        self.twist.close = true;
        self
    }

    pub fn reset(mut self) -> Fault {
        self.twist.reset = true;
        self
    }

    /// Ends with a reset, behind all that is sent.
    pub fn torn(mut self) -> Fault {
        self.twist.torn = true;
        self
    }

    /// One byte of the body at a time, with a pause of at least a millisecond before each.
    pub fn drip(mut self, pause: Duration) -> Fault {
        self.twist.drip = Some(pause);
        self
    }

    pub fn cut(mut self, after: usize) -> Fault {
        self.twist.cut = Some(after);
        self
    }

    pub fn stall(mut self, after: usize) -> Fault {
        self.twist.stall = Some(after);
        self
    }

    pub fn first_byte_after(mut self, pause: Duration) -> Fault {
        self.twist.first_byte_after = Some(pause);
        self
    }

    /// Answers once so many requests were under way at the same time, at the latest after ten
    /// seconds: whoever asks for one after the other is found out without a look at the clock.
    pub fn first_byte_among(mut self, requests: usize) -> Fault {
        self.twist.first_byte_among = Some(requests);
        self
    }

    /// A `Content-Length` that is not true.
    pub fn length(mut self, length: u64) -> Fault {
        self.twist.framing = Framing::Length(Some(length));
        self
    }

    pub fn chunked(mut self) -> Fault {
        self.twist.framing = Framing::Chunked;
        self
    }

    pub fn until_close(mut self) -> Fault {
        self.twist.framing = Framing::UntilClose;
        self
    }

    pub fn extra(mut self, bytes: impl Into<Vec<u8>>) -> Fault {
        self.twist.extra = bytes.into();
        self
    }

    pub fn gzip(mut self) -> Fault {
        self.twist.encoding = Some("gzip");
        self
    }

    pub fn deflate(mut self) -> Fault {
        self.twist.encoding = Some("deflate");
        self
    }

    /// The seconds to wait before the next try.
    pub fn retry_after(self, seconds: u64) -> Fault {
        self.header("Retry-After", &seconds.to_string())
    }

    /// At most so many bytes of the body in a second.
    pub fn bandwidth(mut self, bytes: u64) -> Fault {
        self.twist.bandwidth = Some(bytes);
        self
    }
}

/// Returns true if a request such as `GET projects/70/pipelines/9001?page=1` is meant by a pattern.
pub fn matches(pattern: &str, line: &str) -> bool {
    let (method, path) = line.split_once(' ').unwrap_or(("", line));
    let wanted = match pattern.split_once(' ') {
        Some((only, _)) if only != method => return false,
        Some((_, wanted)) => wanted,
        None => pattern,
    };
    let path = if wanted.contains('?') { path } else { path.split('?').next().unwrap_or("") };
    if glob(wanted, path) {
        return true;
    }
    path.match_indices('/').any(|(at, _)| glob(wanted, &path[at + 1..]))
}

fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len())
                .filter(|&at| text.is_char_boundary(at))
                .any(|at| glob(rest, &text[at..]))
        }),
    }
}

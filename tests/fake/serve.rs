//! The sockets: listening, a thread for each connection, and how a reply is put on the wire.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::fault::{Fault, Framing, Twist};
use super::http::{Asked, Reply, reason};
use super::{Inner, Origin};

/// However a test goes wrong, no thread of the fake outlives it by more than this.
const LONGEST: Duration = Duration::from_secs(30);

/// Accepts connections until the fake is told to stop.
pub fn listen(inner: &Arc<Inner>, origin: Origin, listener: &TcpListener) {
    for stream in listener.incoming() {
        if inner.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        // Without this, small writes wait for the other side and tests take twenty times as long.
        let _ = stream.set_nodelay(true);
        let Ok(other) = stream.try_clone() else { continue };
        let number = inner.opened(origin, other);
        let inner = Arc::clone(inner);
        std::thread::spawn(move || {
            let mut talk = Talk { inner: &inner, origin, number, stream, owed: false, pace: None };
            let graceful = talk.run();
            inner.closed(number);
            if graceful {
                let _ = talk.stream.shutdown(Shutdown::Both);
            }
        });
    }
}

/// One connection.
struct Talk<'a> {
    inner: &'a Inner,
    origin: Origin,
    number: usize,
    stream: TcpStream,
    /// The last byte of a head is left unread until the reply is decided: closing a socket with
    /// unread bytes is how a connection is reset without touching the socket's options.
    owed: bool,
    /// Bytes of bodies in a second, if that is limited.
    pace: Option<u64>,
}

impl Talk<'_> {
    /// Answers requests until one side has enough; false if the connection is to be reset.
    fn run(&mut self) -> bool {
        while let Some(head) = self.head() {
            let mut asked = match Asked::parse(&head) {
                Ok(asked) => asked,
                Err(why) => {
                    self.inner.violation(&why);
                    self.pay();
                    let _ = self.stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
                    return true;
                }
            };
            let ranged = asked.header("range").is_some();
            let _counted = self.inner.begin(self.origin, ranged);
            let fault = self.inner.fault_for(self.origin, &asked);
            if fault.as_ref().is_some_and(|fault| fault.twist.reset) {
                self.inner.log(self.origin, self.number, asked, 0);
                return false;
            }
            let fault = fault.unwrap_or_default();
            let torn = fault.twist.torn;
            // What stays unread when all is sent makes a reset of the end.
            if !torn {
                self.pay();
                if self.read_body(&mut asked).is_err() {
                    return true;
                }
            }
            if !self.reply(asked, fault) {
                return !torn;
            }
        }
        true
    }

    /// The next head, or nothing if the other side is gone.
    fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        let mut buffer = [0; 8192];
        loop {
            let seen = self.stream.peek(&mut buffer).ok().filter(|&n| n > 0)?;
            // A greeting of TLS, which plain HTTP has no answer to.
            if head.is_empty() && buffer[0] == 0x16 {
                return None;
            }
            let before = head.len();
            head.extend_from_slice(&buffer[..seen]);
            let end = head.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            let take = end.map_or(seen, |end| end - before - 1);
            self.stream.read_exact(&mut buffer[..take]).ok()?;
            if let Some(end) = end {
                self.owed = true;
                head.truncate(end);
                return String::from_utf8(head).ok();
            }
        }
    }

    /// Reads the byte that was left behind.
    fn pay(&mut self) {
        if std::mem::take(&mut self.owed) {
            let _ = self.stream.read_exact(&mut [0]);
        }
    }

    fn read_body(&mut self, asked: &mut Asked) -> std::io::Result<()> {
        if asked.header("transfer-encoding").is_some() {
            return self.read_chunks(asked);
        }
        let length = asked.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        asked.body = vec![0; length];
        self.stream.read_exact(&mut asked.body)
    }

    fn read_chunks(&mut self, asked: &mut Asked) -> std::io::Result<()> {
        loop {
            let size =
                usize::from_str_radix(&self.line()?, 16).map_err(|_| ErrorKind::InvalidData)?;
            let mut chunk = vec![0; size];
            self.stream.read_exact(&mut chunk)?;
            asked.body.extend(chunk);
            self.line()?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }

    /// Decides the reply and sends it; false if the connection is at its end.
    fn reply(&mut self, asked: Asked, fault: Fault) -> bool {
        let close = asked.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
        let reply = match fault.instead {
            Some(reply) => self.inner.filled_in(reply, &asked),
            None => self.inner.answer(self.origin, &asked),
        };
        let mut twist = fault.twist;
        let reply = twist.applied(reply);
        if self.origin == Origin::Store {
            twist.bandwidth = twist.bandwidth.or_else(|| self.inner.store_bandwidth());
        }
        let head_only = asked.method == "HEAD";
        let entry = self.inner.log(self.origin, self.number, asked, reply.status);
        if twist.close {
            return false;
        }
        if let Some(requests) = twist.first_byte_among {
            self.inner.wait_for_most(self.origin, requests);
        }
        if let Some(pause) = twist.first_byte_after {
            self.wait(pause);
        }
        let sent = self.send(&reply, &twist, entry, head_only);
        sent.is_ok() && !close && !twist.ends_connection()
    }

    fn send(
        &mut self,
        reply: &Reply,
        twist: &Twist,
        entry: usize,
        head_only: bool,
    ) -> std::io::Result<()> {
        let bodiless = matches!(reply.status, 204 | 304);
        let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match twist.framing {
            _ if bodiless => {}
            Framing::Length(None) => {
                head.push_str(&format!("Content-Length: {}\r\n", reply.body().len()));
            }
            Framing::Length(Some(wrong)) => head.push_str(&format!("Content-Length: {wrong}\r\n")),
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
            Framing::UntilClose => {}
        }
        if twist.ends_connection() {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        self.stream.write_all(head.as_bytes())?;
        if bodiless || head_only {
            return Ok(());
        }
        let body = reply.body();
        let whole = &body[..twist.cut.unwrap_or(body.len()).min(body.len())];
        let (before, after) = whole.split_at(twist.stall.unwrap_or(0).min(whole.len()));
        let chunked = matches!(twist.framing, Framing::Chunked);
        if let Some(pause) = twist.drip {
            for byte in whole.chunks(1) {
                self.wait(pause);
                self.write(byte, chunked, entry)?;
            }
            return Ok(());
        }
        self.pace = twist.bandwidth;
        self.write(before, chunked, entry)?;
        if twist.stall.is_some() {
            self.wait(LONGEST);
        }
        self.write(after, chunked, entry)?;
        if chunked && twist.cut.is_none() {
            self.stream.write_all(b"0\r\n\r\n")?;
        }
        self.stream.write_all(&twist.extra)
    }

    fn write(&mut self, bytes: &[u8], chunked: bool, entry: usize) -> std::io::Result<()> {
        // Fifty parts in a second, where so many bytes of the body are all that a second may have.
        let size =
            self.pace.map_or(64 * 1024, |pace| usize::try_from(pace / 50).unwrap_or(1).max(1));
        for part in bytes.chunks(size) {
            if self.pace.is_some() {
                self.wait(Duration::from_millis(20));
            }
            self.inner.sent(entry, part.len());
            if chunked {
                self.stream.write_all(format!("{:x}\r\n", part.len()).as_bytes())?;
            }
            self.stream.write_all(part)?;
            if chunked {
                self.stream.write_all(b"\r\n")?;
            }
        }
        Ok(())
    }

    /// Says nothing for so long, or until the other side hangs up or the fake stops.
    fn wait(&mut self, long: Duration) {
        let _ = self.stream.set_read_timeout(Some(long.min(LONGEST)));
        let _ = self.stream.peek(&mut [0]);
        let _ = self.stream.set_read_timeout(None);
    }
}

//! A server of files on loopback, for what is installed from a release and uploaded to one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct Inner {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Files of which only so many bytes are sent.
    cut: Mutex<BTreeMap<String, usize>>,
    /// `GET /path`, and of a PUT also its `JOB-TOKEN`.
    asked: Mutex<Vec<String>>,
    over: AtomicBool,
}

pub struct Site {
    inner: Arc<Inner>,
    pub address: String,
}

impl Site {
    pub fn start() -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let site = Site { inner: Arc::clone(&inner), address };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if inner.over.load(Ordering::SeqCst) {
                    return;
                }
                let inner = Arc::clone(&inner);
                // Whoever hangs up early has what it wanted.
                std::thread::spawn(move || stream.and_then(|stream| inner.serve(stream)));
            }
        });
        site
    }

    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.inner.files.lock().unwrap().insert(path.to_owned(), bytes.into());
    }

    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.inner.files.lock().unwrap().get(path).cloned()
    }

    pub fn remove(&self, path: &str) {
        self.inner.files.lock().unwrap().remove(path).unwrap();
    }

    pub fn paths(&self) -> Vec<String> {
        self.inner.files.lock().unwrap().keys().cloned().collect()
    }

    /// From now on, the connection ends after so many bytes of this file.
    pub fn cut(&self, path: &str, bytes: usize) {
        self.inner.cut.lock().unwrap().insert(path.to_owned(), bytes);
    }

    /// Returns the requests since the last call.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.inner.asked.lock().unwrap())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.inner.over.store(true, Ordering::SeqCst);
        // A last connection wakes the listener, which then sees that it is over.
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
    }
}

impl Inner {
    /// One request; the connection ends with its answer.
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let Some(first) = lines.first() else { return Ok(()) };
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let header = |name: &str| {
            let mut pairs = lines.iter().filter_map(|line| line.split_once(": "));
            pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        if header("Expect").is_some() {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let token = header("JOB-TOKEN").map(|token| format!(" {token}")).unwrap_or_default();
        self.asked.lock().unwrap().push(format!("{method} {path}{token}"));
        if method == "PUT" {
            let length = header("Content-Length").and_then(|n| n.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            self.files.lock().unwrap().insert(path.to_owned(), body);
            return stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        }
        let found = self.files.lock().unwrap().get(path).cloned();
        let (status, body) = match &found {
            Some(bytes) => ("200 OK", bytes.as_slice()),
            None => ("404 Not Found", &b"{\"message\":\"404 Not Found\"}"[..]),
        };
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let whole = self.cut.lock().unwrap().get(path).copied().unwrap_or(length);
        stream.write_all(&body[..whole.min(length)])
    }
}

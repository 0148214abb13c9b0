//! A minimal GitLab with one job, and on another origin a storage with its archive, both on
//! loopback, optionally behind a simulated link.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::link::{Connection, Link};

/// The bytes that are sent at a time, with and without a link.
const LINK_BLOCK: usize = 32 << 10;
const BLOCK: usize = 256 << 10;

const JOB: &str = r#"{"id":7,"name":"build","status":"success","artifacts_file":{"filename":"artifacts.zip","size":1}}"#;

/// The two servers, which run until the process ends.
pub struct Servers {
    /// The origin of GitLab.
    pub gitlab: String,
    /// The address of the archive in the storage.
    pub archive: String,
    state: Arc<State>,
}

struct State {
    archive: PathBuf,
    /// The address that GitLab redirects to.
    address: String,
    link: Option<Link>,
    /// The requests to the storage, and the bytes of the archive that it has sent.
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Servers {
    pub fn start(archive: &Path, link: Option<Link>) -> Servers {
        let [gitlab, storage] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let origin = |of: &TcpListener| format!("http://{}", of.local_addr().unwrap());
        let address = format!("{}/it.zip", origin(&storage));
        let gitlab_origin = origin(&gitlab);
        let state = Arc::new(State {
            archive: archive.to_owned(),
            address: address.clone(),
            link,
            requests: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        listen(gitlab, &state, State::answer_as_gitlab);
        listen(storage, &state, State::answer_as_storage);
        Servers { gitlab: gitlab_origin, archive: address, state }
    }

    /// Returns the number of requests to the storage so far.
    pub fn requests(&self) -> u64 {
        self.state.requests.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes of the archive that were sent so far.
    pub fn bytes(&self) -> u64 {
        self.state.bytes.load(Ordering::Relaxed)
    }
}

type Answer = fn(&State, &Request, &mut TcpStream, Option<&Connection<'_>>) -> std::io::Result<()>;

/// Answers the connections of a listener, each on a thread of its own.
fn listen(listener: TcpListener, state: &Arc<State>, answer: Answer) {
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let state = Arc::clone(&state);
            // A client may close the connection early, once it has all it needs.
            std::thread::spawn(move || talk(stream, &state, answer));
        }
    });
}

fn talk(mut stream: TcpStream, state: &State, answer: Answer) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let connection = state.link.as_ref().map(Link::connect);
    let mut requests = BufReader::new(stream.try_clone()?);
    while let Some(request) = Request::read(&mut requests)? {
        connection.iter().for_each(Connection::round_trip);
        answer(state, &request, &mut stream, connection.as_ref())?;
    }
    Ok(())
}

/// The parts of a request that matter here.
struct Request {
    is_head: bool,
    path: String,
    /// The bounds of `Range: bytes=FIRST-LAST`, each of which may be missing.
    range: Option<(Option<u64>, Option<u64>)>,
}

impl Request {
    /// Reads the next request of a connection, or none at its end.
    fn read(from: &mut impl BufRead) -> std::io::Result<Option<Request>> {
        let mut lines = from.lines();
        let Some(first) = lines.next().transpose()? else { return Ok(None) };
        let mut range = None;
        for line in lines {
            let line = line?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some((first, last)) =
                line.strip_prefix("range: bytes=").and_then(|range| range.split_once('-'))
            {
                range = Some((first.parse().ok(), last.parse().ok()));
            }
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        Ok(Some(Request { is_head: first.starts_with("HEAD"), path, range }))
    }
}

impl State {
    /// Sends the job, or a redirect to its archive.
    fn answer_as_gitlab(
        &self,
        request: &Request,
        stream: &mut TcpStream,
        _: Option<&Connection<'_>>,
    ) -> std::io::Result<()> {
        let (head, body) = match request.path.ends_with("/artifacts") {
            true => (format!("302 Found\r\nLocation: {}", self.address), ""),
            false => ("200 OK\r\nContent-Type: application/json".to_owned(), JOB),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes())
    }

    /// Sends the archive, or a range of it.
    fn answer_as_storage(
        &self,
        request: &Request,
        stream: &mut TcpStream,
        connection: Option<&Connection<'_>>,
    ) -> std::io::Result<()> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut file = File::open(&self.archive)?;
        let total = file.metadata()?.len();
        let (start, end) = match request.range {
            Some((Some(first), last)) => (first, last.map_or(total, |last| total.min(last + 1))),
            Some((None, length)) => (total.saturating_sub(length.unwrap_or(0)), total),
            None => (0, total),
        };
        let status = match request.range {
            Some(_) => {
                let last = end - 1;
                format!("206 Partial Content\r\nContent-Range: bytes {start}-{last}/{total}")
            }
            None => "200 OK".to_owned(),
        };
        let mut left = end - start;
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/zip\r\nAccept-Ranges: bytes\r\nETag: \"corpus-{total}\"\r\nContent-Length: {left}\r\n\r\n"
        );
        stream.write_all(head.as_bytes())?;
        if request.is_head {
            return Ok(());
        }
        file.seek(SeekFrom::Start(start))?;
        let mut block = vec![0; if connection.is_some() { LINK_BLOCK } else { BLOCK }];
        while left > 0 {
            let count = left.min(block.len() as u64) as usize;
            file.read_exact(&mut block[..count])?;
            connection.iter().for_each(|connection| connection.transmit(count));
            stream.write_all(&block[..count])?;
            self.bytes.fetch_add(count as u64, Ordering::Relaxed);
            left -= count as u64;
        }
        Ok(())
    }
}

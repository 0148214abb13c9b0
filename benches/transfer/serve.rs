//! A minimal GitLab with one job, and a storage server with its archive, on loopback, optionally
//! behind a simulated link.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::link::Link;

/// The requests to the storage and the bytes sent so far.
#[derive(Default)]
pub struct Counts {
    pub requests: AtomicU64,
    pub bytes: AtomicU64,
}

pub struct Server {
    pub origin: String,
    pub counts: Arc<Counts>,
}

impl Server {
    pub fn start(archive: &Path, link: Option<Arc<Link>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let counts = Arc::new(Counts::default());
        let server = Server { origin: origin.clone(), counts: counts.clone() };
        let archive = archive.to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (archive, origin, counts) = (archive.clone(), origin.clone(), counts.clone());
                let link = link.clone();
                // A client may close the connection early, once it has all it needs.
                std::thread::spawn(move || {
                    talk(stream, &archive, &origin, &counts, link.as_deref())
                });
            }
        });
        server
    }
}

fn talk(
    mut stream: TcpStream,
    archive: &Path,
    origin: &str,
    counts: &Counts,
    link: Option<&Link>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let round_trip = || link.into_iter().for_each(Link::round_trip);
    // Connecting takes a round trip as well.
    round_trip();
    let mut requests = BufReader::new(stream.try_clone()?);
    loop {
        let (mut first, mut range) = (String::new(), None);
        if requests.read_line(&mut first)? == 0 {
            return Ok(());
        }
        loop {
            let mut line = String::new();
            requests.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            range = line.strip_prefix("range: bytes=").map(str::to_owned).or(range);
        }
        round_trip();
        let path = first.split(' ').nth(1).unwrap_or_default();
        if path.starts_with("/store/") {
            counts.requests.fetch_add(1, Ordering::Relaxed);
            let head = first.starts_with("HEAD");
            store(&mut stream, archive, range.as_deref(), head, counts, link)?;
        } else if path.ends_with("/artifacts") {
            answer(&mut stream, "302 Found", &format!("Location: {origin}/store/it.zip\r\n"), "")?;
        } else {
            let job = r#"{"id":7,"name":"build","status":"success","artifacts_file":{"filename":"artifacts.zip","size":1}}"#;
            answer(&mut stream, "200 OK", "Content-Type: application/json\r\n", job)?;
        }
    }
}

fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes())
}

fn store(
    stream: &mut TcpStream,
    archive: &Path,
    range: Option<&str>,
    head: bool,
    counts: &Counts,
    link: Option<&Link>,
) -> std::io::Result<()> {
    let mut file = File::open(archive)?;
    let total = file.metadata()?.len();
    let number = |text: &str| text.parse::<u64>().ok();
    let (start, end) = match range.and_then(|range| range.split_once('-')) {
        Some(("", last)) => (total.saturating_sub(number(last).unwrap_or(0)), total),
        Some((first, last)) => {
            (number(first).unwrap_or(0), number(last).map_or(total, |last| last + 1))
        }
        None => (0, total),
    };
    let end = end.min(total);
    let part = match range {
        Some(_) => {
            format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{total}", end - 1)
        }
        None => "200 OK".to_owned(),
    };
    let length = end - start;
    let head_text = format!(
        "HTTP/1.1 {part}\r\nContent-Type: application/zip\r\nAccept-Ranges: bytes\r\nETag: \"corpus-{total}\"\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head_text.as_bytes())?;
    if head {
        return Ok(());
    }
    file.seek(SeekFrom::Start(start))?;
    let most = if link.is_some() { 32 << 10 } else { 256 << 10 };
    let (mut left, mut block) = (length, vec![0; most]);
    while left > 0 {
        let count = left.min(block.len() as u64) as usize;
        file.read_exact(&mut block[..count])?;
        link.into_iter().for_each(|link| link.transmit(count));
        stream.write_all(&block[..count])?;
        counts.bytes.fetch_add(count as u64, Ordering::Relaxed);
        left -= count as u64;
    }
    Ok(())
}

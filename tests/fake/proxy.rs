//! A stand-in for an HTTP proxy: the absolute form of a GET for `http`, and CONNECT to few ports
//! only, as squid's default configuration has it. It reaches nothing beyond this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::http::Asked;
use super::lock;
use super::tls::with_close;

/// A running proxy; it stops when dropped.
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Ports that CONNECT may name.
    ports: Vec<u16>,
    log: Mutex<Vec<Asked>>,
    over: AtomicBool,
}

impl Proxy {
    /// Starts one that tunnels to these ports; squid's default has 443 alone.
    pub fn start(ports: &[u16]) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared { ports: ports.to_vec(), ..Shared::default() });
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if theirs.over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&theirs);
                // A connection that breaks off is no concern of the others.
                std::thread::spawn(move || serve(&shared, stream).ok());
            }
        });
        Proxy { address, shared }
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address as `http_proxy` and `https_proxy` name it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Method and target of every request: `GET http://127.0.0.1:80/x`, `CONNECT 127.0.0.1:443`.
    pub fn requests(&self) -> Vec<String> {
        let log = lock(&self.shared.log);
        log.iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect()
    }

    /// Every request with its headers, but without its body.
    pub fn log(&self) -> Vec<Asked> {
        lock(&self.shared.log).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // A last connection wakes the listener.
        let _ = TcpStream::connect(&self.address);
    }
}

/// Answers one request; the connection ends with it.
fn serve(shared: &Shared, mut client: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let Ok(asked) = Asked::parse(&head) else {
        return refuse(&mut client, "400 Bad Request", "ERR_INVALID_REQ");
    };
    lock(&shared.log).push(asked.clone());
    if asked.method == "CONNECT" {
        return tunnel(shared, client, reader, &asked.target);
    }
    let target = asked.target.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
    let Some((host, path)) = target else {
        return refuse(&mut client, "400 Bad Request", "ERR_INVALID_URL");
    };
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let Some(mut server) = here(&host) else {
        return refuse(&mut client, "503 Service Unavailable", "ERR_CONNECT_FAIL");
    };
    let mut onward = format!("{} /{path} HTTP/1.1\r\nVia: 1.1 stand-in\r\n", asked.method);
    let hops = ["connection", "proxy-connection", "proxy-authorization", "keep-alive"];
    for (name, value) in &asked.headers {
        if !hops.contains(&name.to_lowercase().as_str()) {
            onward.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    onward.push_str("\r\n");
    server.write_all(&with_close(onward.as_bytes()))?;
    let length = asked.header("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    std::io::copy(&mut reader.take(length), &mut server)?;
    // The answer's own head first, so that the client learns that the connection ends.
    let mut answer = BufReader::new(server);
    let mut first = Vec::new();
    answer.read_until(b'\n', &mut first)?;
    client.write_all(&with_close(&first))?;
    std::io::copy(&mut answer, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// Opens a tunnel, if the port is one of those that may be reached so.
fn tunnel(
    shared: &Shared,
    mut client: TcpStream,
    mut reader: BufReader<TcpStream>,
    target: &str,
) -> std::io::Result<()> {
    let port = target.rsplit(':').next().and_then(|port| port.parse().ok());
    if !port.is_some_and(|port| shared.ports.contains(&port)) {
        return refuse(&mut client, "403 Forbidden", "ERR_ACCESS_DENIED");
    }
    let Some(server) = here(target) else {
        return refuse(&mut client, "503 Service Unavailable", "ERR_CONNECT_FAIL");
    };
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let mut up = server.try_clone()?;
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut reader, &mut up);
        let _ = up.shutdown(Shutdown::Write);
    });
    std::io::copy(&mut &server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// A connection to a port of this machine, and to nothing else.
fn here(target: &str) -> Option<TcpStream> {
    let (host, _) = target.rsplit_once(':')?;
    ["127.0.0.1", "localhost", "[::1]"].contains(&host).then(|| TcpStream::connect(target).ok())?
}

fn refuse(client: &mut TcpStream, status: &str, error: &str) -> std::io::Result<()> {
    let body = format!(
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \
         \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\
         <title>ERROR: The requested URL could not be retrieved</title></head>\
         <body id=\"{error}\"></body></html>\n"
    );
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: stand-in\r\nX-Squid-Error: {error} 0\r\n\
         Content-Type: text/html;charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes())?;
    client.write_all(body.as_bytes())?;
    client.shutdown(Shutdown::Both)
}

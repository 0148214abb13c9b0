//! HTTP proxies, asked with raw requests: the stand-in, and squid and tinyproxy where they are
//! installed. All take the absolute form of a GET, and refuse CONNECT to other ports than 443.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::fake::{Fake, Proxy, World};
use crate::scenes::{downstream, job};

/// How long a real proxy may take until it listens.
const START: Duration = Duration::from_secs(30);

/// A real proxy, with its files; both end with the test.
pub struct Real {
    pub address: String,
    child: Child,
    _files: TempDir,
}

impl Drop for Real {
    fn drop(&mut self) {
        // Asked to end, squid takes its shared memory with it; killed, it leaves that behind.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let begun = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) && begun.elapsed() < START {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program by its name, where Debian puts it too when the PATH is that of a user.
fn program(name: &str) -> Option<String> {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found =
        places.iter().map(|folder| format!("{folder}/{name}")).find(|p| Path::new(p).exists());
    if found.is_none() {
        let must = std::env::var_os("CI").is_some() && cfg!(target_os = "linux");
        assert!(!must, "CI has no {name}");
        println!("skipped: no {name}; the stand-in proxy has to do");
    }
    found
}

/// Starts it and waits until it listens.
fn started(name: &str, port: u16, files: TempDir, mut command: Command) -> Real {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    let address = format!("127.0.0.1:{port}");
    let mut real = Real { address, child, _files: files };
    let begun = Instant::now();
    while TcpStream::connect(&real.address).is_err() {
        let ended = real.child.try_wait().unwrap();
        assert!(ended.is_none() && begun.elapsed() < START, "{name} does not start: {ended:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    real
}

/// squid with its usual rules: CONNECT to 443 only, and clients of this machine.
pub fn squid() -> Option<Real> {
    let program = program("squid")?;
    let files = tempfile::tempdir().unwrap();
    let (port, dir) = (free_port(), files.path().display().to_string());
    let config = format!(
        "http_port 127.0.0.1:{port}\n\
         acl SSL_ports port 443\n\
         http_access deny CONNECT !SSL_ports\n\
         http_access allow localhost\n\
         http_access deny all\n\
         cache deny all\n\
         access_log none\n\
         cache_log {dir}/cache.log\n\
         pid_filename none\n\
         coredump_dir {dir}\n\
         pinger_enable off\n\
         netdb_filename none\n\
         shutdown_lifetime 0 seconds\n"
    );
    std::fs::write(files.path().join("squid.conf"), config).unwrap();
    // As root it becomes another user, who has to write its log here.
    open_to_all(files.path());
    let mut command = Command::new(program);
    command.arg("-N").arg("-f").arg(files.path().join("squid.conf"));
    // Without this, two of them on one machine take each other's shared memory.
    command.arg("-n").arg(format!("downriver{port}"));
    Some(started("squid", port, files, command))
}

/// tinyproxy with CONNECT to 443 only.
pub fn tinyproxy() -> Option<Real> {
    let program = program("tinyproxy")?;
    let files = tempfile::tempdir().unwrap();
    let port = free_port();
    let config = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nAllow 127.0.0.1\nConnectPort 443\n"
    );
    std::fs::write(files.path().join("tinyproxy.conf"), config).unwrap();
    let mut command = Command::new(program);
    command.arg("-d").arg("-c").arg(files.path().join("tinyproxy.conf"));
    Some(started("tinyproxy", port, files, command))
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
}

/// One request to a proxy, and all that comes back.
fn exchange(proxy: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(proxy).unwrap();
    stream.set_read_timeout(Some(START)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    // A proxy that refuses may end the connection with a reset.
    let _ = stream.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

/// One request to a proxy, and the first line of its answer; it may leave the connection open.
fn head(proxy: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(proxy).unwrap();
    stream.set_read_timeout(Some(START)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

fn world() -> World {
    downstream(&[job(201, "build")]).server(json!({"archives": "redirect"}))
}

/// A GET in absolute form comes through with its token; CONNECT to this port does not.
fn behaves(proxy: &str) {
    let fake = Fake::start(world());
    let (api, (token, _)) = (fake.api_url(), fake.token("private"));
    let host = fake.api_origin().replace("http://", "");
    let request = format!(
        "GET {api}/projects/2 HTTP/1.1\r\nHost: {host}\r\nPRIVATE-TOKEN: {token}\r\n\
         Connection: close\r\n\r\n"
    );
    let got = exchange(proxy, &request);
    assert!(got.starts_with("HTTP/1.1 200") || got.starts_with("HTTP/1.0 200"), "{got}");
    assert!(got.contains("\"path_with_namespace\":\"shop/down\""), "{got}");
    assert_eq!(fake.requests(), ["GET projects/2"]);
    assert!(fake.log()[0].header("via").is_some(), "it went through the proxy");
    assert!(fake.violations().is_empty(), "{:?}", fake.violations());

    let refused = head(proxy, &format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert!(refused.split(' ').nth(1) == Some("403"), "{refused}");
    assert_eq!(fake.requests().len(), 1);
}

#[test]
fn the_stand_in_forwards_http_and_refuses_tunnels_to_other_ports_than_443() {
    let proxy = Proxy::start(&[443]);
    behaves(proxy.address());
    let seen = proxy.requests();
    assert!(seen[0].starts_with("GET http://127.0.0.1:") && seen[1].starts_with("CONNECT "));
    let origin_form = exchange(proxy.address(), "GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(origin_form.starts_with("HTTP/1.1 400"), "{origin_form}");
    let elsewhere = exchange(proxy.address(), "GET http://elsewhere.invalid/ HTTP/1.1\r\n\r\n");
    assert!(elsewhere.starts_with("HTTP/1.1 503"), "{elsewhere}");
}

#[test]
fn the_stand_in_opens_a_tunnel_to_a_port_that_it_was_given() {
    let fake = Fake::start(world());
    let host = fake.api_origin().replace("http://", "");
    let port = host.rsplit(':').next().unwrap().parse().unwrap();
    let proxy = Proxy::start(&[443, port]);
    let request = format!(
        "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n\
         GET /api/v4/projects/9 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    let got = exchange(proxy.address(), &request);
    assert!(got.starts_with("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 404"), "{got}");
    assert!(fake.log()[0].header("via").is_none(), "a tunnel adds nothing");
}

#[test]
fn squid_does_the_same() {
    let Some(squid) = squid() else { return };
    behaves(&squid.address);
}

#[test]
fn tinyproxy_does_the_same() {
    let Some(tinyproxy) = tinyproxy() else { return };
    behaves(&tinyproxy.address);
}

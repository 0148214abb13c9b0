//! TCP connections. The addresses of a host are raced as RFC 8305 ("Happy Eyeballs") describes, so
//! that an address that leads nowhere, as IPv6 sometimes does, costs a quarter of a second.

#![allow(clippy::disallowed_methods, reason = "the timeouts of sockets are in real time")]

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport, time};
use ureq::{Error, Timeout};

use super::read_deadline;

/// The time after which the next address is tried as well (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The sizes of the buffers of a connection, in bytes. Requests are short; their heads have to fit.
pub(super) const INPUT_BUFFER: usize = 128 << 10;
pub(super) const OUTPUT_BUFFER: usize = 32 << 10;

/// Connects to an address within a time.
type Connect<T> = dyn Fn(&SocketAddr, Duration) -> io::Result<T> + Send + Sync;

/// Connects to hosts, and remembers which address of each answered.
#[derive(Debug, Default)]
pub(super) struct Tcp {
    answered: Mutex<HashMap<String, SocketAddr>>,
}

impl Tcp {
    /// Connects to one of the addresses of `host` within `limit`.
    pub(super) fn connect(
        &self,
        host: &str,
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> Result<TcpTransport, Error> {
        let limit = read_deadline::remaining().unwrap_or(limit).min(limit);
        let known = self.lock().get(host).copied();
        let connect = |address: &SocketAddr, limit| TcpStream::connect_timeout(address, limit);
        let raced = race(attempt_order(addresses, known), limit, Arc::new(connect));
        let (address, stream) = raced.map_err(|error| match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Error::Timeout(Timeout::Connect),
            _ => Error::Io(error),
        })?;
        if addresses.len() > 1 {
            self.lock().insert(host.to_owned(), address);
        }
        stream.set_nodelay(true)?;
        Ok(TcpTransport { stream, buffers: LazyBuffers::new(INPUT_BUFFER, OUTPUT_BUFFER) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, SocketAddr>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the addresses in the order of the attempts: the one that answered last time, then both
/// families in turn, each in the order of the system.
fn attempt_order(addresses: &[SocketAddr], known: Option<SocketAddr>) -> Vec<SocketAddr> {
    let known = known.filter(|known| addresses.contains(known));
    let others: Vec<SocketAddr> =
        addresses.iter().copied().filter(|address| Some(*address) != known).collect();
    let first_is_v6 = others.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        others.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut order: Vec<SocketAddr> = known.into_iter().collect();
    while let Some(address) = first.next().or_else(|| second.next()) {
        order.push(address);
        order.extend(second.next());
    }
    order
}

/// Attempts all addresses, one after the other, each as soon as the one before it failed or took
/// too long, and returns the first that succeeds. Attempts that lost end by themselves.
fn race<T: Send + 'static>(
    addresses: Vec<SocketAddr>,
    limit: Duration,
    connect: Arc<Connect<T>>,
) -> io::Result<(SocketAddr, T)> {
    if limit.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    let start = Instant::now();
    let left = || limit.saturating_sub(start.elapsed());
    if let [address] = addresses[..] {
        return Ok((address, connect(&address, limit)?));
    }
    let (sender, receiver) = mpsc::channel();
    let (mut waiting, mut running) = (addresses.into_iter(), 0_usize);
    let mut failure = io::Error::from(ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            let (sender, attempt) = (sender.clone(), Arc::clone(&connect));
            let within = left().max(Duration::from_millis(1));
            let run = move || drop(sender.send((address, attempt(&address, within))));
            if thread::Builder::new().spawn(run).is_ok() {
                running += 1;
            } else {
                match connect(&address, within) {
                    Ok(connected) => return Ok((address, connected)),
                    Err(error) => failure = error,
                }
            }
        }
        let is_last = waiting.len() == 0;
        if is_last && running == 0 {
            return Err(failure);
        }
        let wait = if is_last { left() } else { left().min(ATTEMPT_DELAY) };
        match receiver.recv_timeout(wait) {
            Ok((address, Ok(connected))) => return Ok((address, connected)),
            Ok((_, Err(error))) => {
                running -= 1;
                failure = error;
            }
            Err(RecvTimeoutError::Disconnected) => return Err(failure),
            Err(RecvTimeoutError::Timeout) if left().is_zero() => {
                return Err(ErrorKind::TimedOut.into());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// A connection whose reads and writes end at the deadline of the thread.
#[derive(Debug)]
pub(super) struct TcpTransport {
    stream: TcpStream,
    buffers: LazyBuffers,
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = timeout.for_write();
        self.stream.set_write_timeout(Some(allowed(timeout)?))?;
        let output = &self.buffers.output()[..amount];
        self.stream.write_all(output).map_err(|error| timed_out(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = timeout.for_read();
        let buffer = self.buffers.input_append_buf();
        let count = loop {
            self.stream.set_read_timeout(Some(allowed(timeout)?))?;
            match self.stream.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result.map_err(|error| timed_out(error, timeout))?,
            }
        };
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        // Bytes that nobody asked for, and the end of the stream, make a connection unusable.
        let probe = |stream: &mut TcpStream| -> io::Result<bool> {
            stream.set_nonblocking(true)?;
            let idle = matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock);
            stream.set_nonblocking(false)?;
            Ok(idle)
        };
        probe(&mut self.stream).unwrap_or(false)
    }
}

/// Returns the time that one read or write may take.
fn allowed(timeout: NextTimeout) -> Result<Duration, Error> {
    let of_ureq = match timeout.after {
        time::Duration::Exact(limit) => Some(limit),
        time::Duration::NotHappening => None,
    };
    let limit = match (of_ureq, read_deadline::remaining()) {
        (Some(one), Some(other)) => one.min(other),
        (one, other) => one.or(other).unwrap_or(Duration::MAX),
    };
    if limit.is_zero() { Err(Error::Timeout(timeout.reason)) } else { Ok(limit) }
}

fn timed_out(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|address| address.parse().unwrap()).collect()
    }

    const V6: &str = "[2001:db8::1]:1";
    const OTHER_V6: &str = "[2001:db8::2]:1";
    const V4: &str = "192.0.2.1:1";
    const OTHER_V4: &str = "192.0.2.2:1";

    #[test]
    fn families_take_turns_and_what_answered_comes_first() {
        for (list, known, order) in [
            (&[V6, OTHER_V6, V4][..], None, &[V6, V4, OTHER_V6][..]),
            (&[V4, OTHER_V4, V6, OTHER_V6], None, &[V4, V6, OTHER_V4, OTHER_V6]),
            (&[V6, OTHER_V6, V4], Some(V4), &[V4, V6, OTHER_V6]),
            (&[V6, V4], Some(OTHER_V4), &[V6, V4]),
            (&[V4], None, &[V4]),
            (&[], None, &[]),
        ] {
            let known = known.map(|known| known.parse().unwrap());
            assert_eq!(attempt_order(&addresses(list), known), addresses(order), "{list:?}");
        }
    }

    /// The behaviour of an address.
    #[derive(Clone, Copy)]
    enum Peer {
        /// Accepts the connection after these milliseconds.
        Accepts(u64),
        Fails(ErrorKind),
        Silent,
    }

    fn raced(
        peers: &[(&'static str, Peer)],
        limit: Duration,
    ) -> (io::Result<SocketAddr>, Duration) {
        let known: HashMap<SocketAddr, Peer> =
            peers.iter().map(|(address, peer)| (address.parse().unwrap(), *peer)).collect();
        let connect = move |address: &SocketAddr, within: Duration| match known[address] {
            Peer::Accepts(after) => {
                thread::sleep(Duration::from_millis(after));
                Ok(())
            }
            Peer::Fails(kind) => Err(kind.into()),
            Peer::Silent => {
                thread::sleep(within);
                Err(ErrorKind::TimedOut.into())
            }
        };
        let list: Vec<&str> = peers.iter().map(|(address, _)| *address).collect();
        let start = Instant::now();
        let won = race(attempt_order(&addresses(&list), None), limit, Arc::new(connect));
        (won.map(|(address, ())| address), start.elapsed())
    }

    #[test]
    fn an_address_that_leads_nowhere_costs_a_quarter_of_a_second() {
        use Peer::{Accepts, Fails, Silent};
        // The addresses in their order, the one that wins, and after how many delays at least.
        for (peers, winner, delays) in [
            (&[(V6, Silent), (V4, Accepts(0))][..], V4, 1),
            (&[(V4, Silent), (V6, Accepts(0))], V6, 1),
            (&[(V6, Fails(ErrorKind::NetworkUnreachable)), (V4, Accepts(0))], V4, 0),
            (&[(V6, Fails(ErrorKind::ConnectionRefused)), (V4, Accepts(0))], V4, 0),
            (&[(V6, Silent), (OTHER_V6, Accepts(0)), (V4, Silent)], OTHER_V6, 2),
            (&[(V6, Silent), (V4, Silent), (OTHER_V4, Accepts(0))], OTHER_V4, 2),
            (
                &[(V6, Silent), (V4, Fails(ErrorKind::ConnectionRefused)), (OTHER_V4, Accepts(0))],
                OTHER_V4,
                1,
            ),
            // A slow address is not given up while the next one is tried.
            (&[(V6, Accepts(600)), (V4, Silent)], V6, 2),
        ] {
            let (won, took) = raced(peers, Duration::from_secs(20));
            assert_eq!(won.unwrap(), winner.parse().unwrap());
            assert!(took >= ATTEMPT_DELAY * delays, "{winner}: {took:?}");
            assert!(took < Duration::from_secs(10), "{winner}: {took:?}");
        }
    }

    #[test]
    fn the_address_that_answered_is_the_first_to_be_tried_again() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let open = listener.local_addr().unwrap();
        // Nobody listens there.
        let closed = SocketAddr::from(([127, 0, 0, 1], 1));
        let tcp = Tcp::default();
        let limit = Duration::from_secs(20);
        for _ in 0..2 {
            assert!(tcp.connect("gitlab.test", &[closed, open], limit).is_ok());
            assert_eq!(tcp.lock().get("gitlab.test"), Some(&open));
        }
        // It is remembered for that host alone, and as long as the host has it.
        assert_eq!(tcp.lock().get("other.test"), None);
        assert!(tcp.connect("gitlab.test", &[closed], limit).is_err());
    }

    #[test]
    fn the_limit_holds_and_the_last_failure_is_told() {
        let silent = [(V6, Peer::Silent), (V4, Peer::Silent)];
        let (won, _) = raced(&silent, Duration::from_millis(50));
        assert_eq!(won.unwrap_err().kind(), ErrorKind::TimedOut);
        let refuse = |_: &SocketAddr, _| io::Result::<()>::Err(ErrorKind::ConnectionRefused.into());
        for list in [&[V6, V4][..], &[V4]] {
            let won = race(addresses(list), Duration::from_secs(5), Arc::new(refuse));
            assert_eq!(won.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        }
        assert!(race(Vec::new(), Duration::from_secs(5), Arc::new(refuse)).is_err());
    }
}

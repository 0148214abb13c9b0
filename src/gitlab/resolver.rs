//! Resolution of host names, limited in time.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

use super::read_deadline;

/// The largest number of addresses that are tried.
const MAX_ADDRESSES: usize = 16;

/// Asks the system for the addresses of a host, on a thread of its own, because the system cannot
/// be interrupted.
#[derive(Debug)]
pub(super) struct HostResolver {
    pub(super) timeout: Duration,
}

impl Resolver for HostResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(Error::HostNotFound);
        };
        let host = DefaultResolver::host_and_port(scheme, authority).ok_or(Error::HostNotFound)?;
        let limit = read_deadline::remaining().unwrap_or(self.timeout).min(self.timeout);
        let mut resolved = self.empty();
        for address in addresses(host, limit)?.into_iter().take(MAX_ADDRESSES) {
            resolved.push(address);
        }
        if resolved.is_empty() { Err(Error::HostNotFound) } else { Ok(resolved) }
    }
}

fn addresses(host: String, limit: Duration) -> Result<Vec<SocketAddr>, Error> {
    let lookup = |host: &str| host.to_socket_addrs().map(Iterator::collect::<Vec<_>>);
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let (sender, receiver) = mpsc::channel::<io::Result<Vec<SocketAddr>>>();
    let name = host.clone();
    let spawned = thread::Builder::new().spawn(move || sender.send(lookup(&name)));
    if spawned.is_err() {
        // Without a thread there is no time limit.
        return Ok(lookup(&host)?);
    }
    match receiver.recv_timeout(limit) {
        Ok(found) => Ok(found?),
        Err(_) => Err(Error::Timeout(Timeout::Resolve)),
    }
}

//! Connections for ureq: directly, or by way of a proxy, with TLS for `https`.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use ureq::Error;
use ureq::config::Config;
use ureq::http::uri::Scheme;
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout,
    Transport, TransportAdapter,
};

use super::forward_proxy::ForwardTransport;
use super::read_deadline;
use super::tcp::{INPUT_BUFFER, OUTPUT_BUFFER, Tcp};
use super::tls_config::TlsConfigs;

/// Opens the connections of an agent.
#[derive(Debug)]
pub(super) struct AgentConnector {
    pub(super) tcp: Tcp,
    pub(super) connect_timeout: Duration,
    /// Present if any connection of the agent uses TLS.
    pub(super) tls: Option<TlsConfigs>,
    /// The configuration of the agent without its proxy, for the connection to that.
    pub(super) without_proxy: Config,
}

impl Connector for AgentConnector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        // The handshakes with a proxy and with TLS count as well.
        let _limit = read_deadline::limit(self.connect_timeout);
        let is_http = details.uri.scheme() == Some(&Scheme::HTTP);
        let transport = match details.config.proxy() {
            Some(_) if is_http => return self.forward(details).map(Some),
            Some(_) => {
                let tunnel = ConnectProxyConnector::default().connect(details, None::<()>)?;
                tunnel.ok_or(Error::ConnectionFailed)?.boxed()
            }
            None => {
                let host = details.uri.authority().map_or("", |authority| authority.as_str());
                let addresses: Vec<SocketAddr> = details.addrs.iter().copied().collect();
                self.tcp.connect(host, &addresses, self.connect_timeout)?.boxed()
            }
        };
        if is_http { Ok(Some(transport)) } else { self.secure(details, transport).map(Some) }
    }
}

impl AgentConnector {
    /// Connects to the proxy, which forwards the requests of this connection.
    fn forward(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, Error> {
        let proxy = details.config.proxy().ok_or(Error::InvalidProxyUrl)?;
        let addrs = details.resolver.resolve(proxy.uri(), details.config, details.timeout)?;
        let to_proxy = ConnectionDetails {
            uri: proxy.uri(),
            addrs,
            config: &self.without_proxy,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let connection = self.connect(&to_proxy, None)?.ok_or(Error::ConnectionFailed)?;
        let authority = details.uri.authority().map_or("", |authority| authority.as_str());
        let origin = format!("http://{authority}");
        Ok(ForwardTransport::new(connection, proxy, origin).boxed())
    }

    /// Performs the TLS handshake.
    fn secure(
        &self,
        details: &ConnectionDetails<'_>,
        transport: Box<dyn Transport>,
    ) -> Result<Box<dyn Transport>, Error> {
        let tls = self.tls.as_ref().ok_or(Error::TlsRequired)?;
        let host = details.uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| Error::Tls("the host is no name that a certificate can have"))?;
        let mut conn = ClientConnection::new(tls.for_uri(details.uri), name)?;
        let mut sock = TransportAdapter::new(transport, details.current_time.clone());
        sock.set_timeout(details.timeout);
        conn.complete_io(&mut sock)?;
        let buffers = LazyBuffers::new(INPUT_BUFFER, OUTPUT_BUFFER);
        Ok(TlsTransport { buffers, stream: StreamOwned { conn, sock } }.boxed())
    }
}

/// An encrypted connection.
struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TlsTransport").field(&self.stream.sock.inner()).finish()
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.sock.set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.sock.set_timeout(timeout);
        let count = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

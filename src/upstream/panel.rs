//! The panel, as the flows see it.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::{Upstream, exchange};
use crate::flow::ports::{Panel, PanelAnswer, PanelFailed, PanelRequest};

/// How long a connection may take to be made, TLS included: a panel that is up answers in
/// milliseconds, and one that is down should be known before the user gives up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the panel is and how it's reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The panel's address.
    pub upstream: Upstream,
    /// The name that its certificate must bear; the host's where absent. For `https://` only.
    pub server_name: Option<String>,
    /// A PEM file of certificates that are trusted besides the system's.
    pub extra_roots: Option<PathBuf>,
    /// How long making a connection may take; a request's own time counts too.
    pub connect_timeout: Duration,
}

impl Settings {
    /// Settings with the default numbers.
    pub fn new(upstream: Upstream) -> Self {
        Self { upstream, server_name: None, extra_roots: None, connect_timeout: CONNECT_TIMEOUT }
    }
}

/// The panel can't be spoken to as the configuration asks.
#[derive(Debug, thiserror::Error)]
pub enum PanelSetupFailed {
    /// The name isn't one that a certificate could bear.
    #[error("`{0}` isn't a name that a certificate can bear")]
    ServerName(String),
    /// The file of extra certificates.
    #[error("the certificates in {} can't be used: {reason}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No certificate is trusted at all.
    #[error("no trusted certificates were found on this system: {0}")]
    NoRoots(String),
    /// TLS as such.
    #[error("TLS can't be set up: {0}")]
    Tls(String),
}

/// The panel behind the gate, spoken to in HTTP/1.1, a connection for each request.
#[derive(Clone)]
pub struct HyperPanel {
    upstream: Upstream,
    connect_timeout: Duration,
    tls: Option<Tls>,
}

#[derive(Clone)]
struct Tls {
    connector: TlsConnector,
    server_name: ServerName<'static>,
}

impl HyperPanel {
    /// A panel; for `https://` the trusted certificates are read now. Doesn't connect.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(settings: Settings) -> Result<Self, PanelSetupFailed> {
        let tls = if settings.upstream.is_tls() { Some(Tls::new(&settings)?) } else { None };
        Ok(Self { upstream: settings.upstream, connect_timeout: settings.connect_timeout, tls })
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect((self.upstream.host(), self.upstream.port())).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn reach<T>(
        &self,
        limit: Duration,
        connecting: impl Future<Output = io::Result<T>>,
    ) -> Result<T, PanelFailed> {
        match timeout(limit.min(self.connect_timeout), connecting).await {
            Ok(result) => result.map_err(|error| PanelFailed::Unreachable(exchange::words(&error))),
            Err(_) => Err(PanelFailed::Unreachable("no connection in time".to_owned())),
        }
    }
}

#[async_trait]
impl Panel for HyperPanel {
    async fn send(&self, request: PanelRequest) -> Result<PanelAnswer, PanelFailed> {
        let (limit, max_body) = (request.timeout, request.max_body);
        let ends_at = Instant::now() + limit;
        let prepared = exchange::prepare(request)?;
        let answered = match &self.tls {
            None => {
                let stream = self.reach(limit, self.connect()).await?;
                timeout_at(ends_at, exchange::run(stream, prepared, max_body)).await
            }
            Some(tls) => {
                let handshake = async {
                    let stream = self.connect().await?;
                    tls.connector.connect(tls.server_name.clone(), stream).await
                };
                let stream = self.reach(limit, handshake).await?;
                timeout_at(ends_at, exchange::run(stream, prepared, max_body)).await
            }
        };
        answered.unwrap_or_else(|_| Err(PanelFailed::NoAnswer(format!("nothing whole within {limit:?}"))))
    }
}

impl fmt::Debug for HyperPanel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperPanel").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

impl Tls {
    fn new(settings: &Settings) -> Result<Self, PanelSetupFailed> {
        let name = settings.server_name.as_deref().unwrap_or(settings.upstream.host()).to_owned();
        let server_name = ServerName::try_from(name.clone()).map_err(|_| PanelSetupFailed::ServerName(name))?;
        let roots = Arc::new(roots(settings)?);
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| PanelSetupFailed::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), server_name })
    }
}

fn roots(settings: &Settings) -> Result<RootCertStore, PanelSetupFailed> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(system.certs);
    if let Some(path) = &settings.extra_roots {
        let failed = |reason: String| PanelSetupFailed::Roots { path: path.clone(), reason };
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| failed(error.to_string()))?;
        if certificates.is_empty() {
            return Err(failed("there's no PEM certificate in it".to_owned()));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
    }
    if roots.is_empty() {
        let reasons: Vec<String> = system.errors.iter().map(ToString::to_string).collect();
        return Err(PanelSetupFailed::NoRoots(reasons.join("; ")));
    }
    Ok(roots)
}

//! Asks a server that closes our connections whether it does not accept our certificate.
//!
//! TLS 1.3 tells that after the handshake, when HTTP/2 has sent its first bytes already: the kernel of the server may then reset the
//! connection before the alert can be read. Here nothing is sent after the handshake, so that the alert comes.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::certificate::refused_certificate;
use crate::options::RemoteOptions;
use crate::pem;
use crate::remote::Remote;

/// How long the handshake may take.
const LIMIT: Duration = Duration::from_secs(2);

impl Remote {
    /// What the server says against our certificate, or against none; `None` if it says nothing of the kind.
    pub(crate) async fn refused_identity(&self) -> Option<String> {
        let options = self.options().clone();
        let handshake = tokio::task::spawn_blocking(move || alert(&options));
        let alert = tokio::time::timeout(LIMIT, handshake).await.ok()?.ok()??;
        refused_certificate(&alert)
    }
}

/// The error that a handshake of ours ends with, if it is one of TLS.
fn alert(options: &RemoteOptions) -> Option<rustls::Error> {
    let (name, port) = options.address.tls_host()?;
    let server = ServerName::try_from(name.to_owned()).ok()?;
    let mut tls = ClientConnection::new(Arc::new(config(options)?), server).ok()?;
    let address = (name, port).to_socket_addrs().ok()?.next()?;
    let mut tcp = TcpStream::connect_timeout(&address, LIMIT).ok()?;
    tcp.set_read_timeout(Some(LIMIT)).and_then(|()| tcp.set_write_timeout(Some(LIMIT))).ok()?;
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        match step(&mut tls, &mut tcp).ok()? {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(error),
        }
    }
    None
}

/// Sends or receives a part of the handshake; whether something may follow.
fn step(tls: &mut ClientConnection, tcp: &mut TcpStream) -> io::Result<Result<bool, rustls::Error>> {
    if tls.wants_write() {
        tls.write_tls(tcp)?;
        return Ok(Ok(true));
    }
    let is_open = tls.read_tls(tcp)? > 0;
    // Who is let in is sent HTTP/2's settings.
    let processed = tls.process_new_packets();
    Ok(processed.map(|state| is_open && state.plaintext_bytes_to_read() == 0))
}

fn config(options: &RemoteOptions) -> Option<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    let builder = match &options.tls.server_ca {
        None => builder.with_platform_verifier().ok()?,
        Some(text) => {
            let mut roots = RootCertStore::empty();
            pem::certificates(text).ok()?.into_iter().try_for_each(|one| roots.add(one)).ok()?;
            builder.with_root_certificates(roots)
        }
    };
    let mut config = match &options.tls.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            builder.with_client_auth_cert(pem::certificates(certificate).ok()?, pem::key(key).ok()?).ok()?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Some(config)
}

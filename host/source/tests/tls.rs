//! Downloads over TLS, through a tunnel of a proxy, from a server whose certificate is trusted because of a file that
//! the environment names.

mod common;
#[path = "common/proxy.rs"]
mod proxy;
#[path = "common/server.rs"]
mod server;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;

use common::{Lab, sha256, silent, spec};
use proxy::ProxyServer;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use server::read_head;
use spec_model::UserError;
use spec_source::{Proxies, SourceError};

const BODY: &[u8] = b"nobody on the way has read it";
/// The variable with the proxy's address for tests in another process.
const PROXY: &str = "SPEC_TEST_PROXY";

/// A server with a certificate of its own, for `sources.invalid`; the certificate as text.
fn server() -> (SocketAddr, String) {
    let own = rcgen::generate_simple_self_signed(["sources.invalid".to_owned()]).expect("a name is enough");
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("it was just made");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("there are some")
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .expect("they belong together");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that does not trust it closes the connection.
            let _ = answer(stream, config.clone());
        }
    });
    (address, own.cert.pem())
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
    let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    read_head(&mut stream)?;
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", BODY.len())?;
    stream.write_all(BODY)?;
    stream.flush()
}

/// Trusted certificates are read once per process, so the downloads run in other processes.
#[test]
fn certificates_of_the_environment_are_trusted_and_no_others() {
    let (address, certificate) = server();
    let proxy = ProxyServer::before(address);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("certificate.pem");
    std::fs::write(&file, certificate).expect("the folder is new");
    let run = |test: &str, trusted: Option<&std::path::Path>| {
        let mut command = Command::new(std::env::current_exe().expect("it has a name"));
        command.args(["--ignored", "--exact", test]).env(PROXY, format!("http://{}", proxy.address));
        command.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        command.envs(trusted.map(|file| ("SSL_CERT_FILE", file)));
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    };
    run("a_server_that_is_trusted", Some(&file));
    run("a_server_that_is_not_trusted", None);
    let heads = proxy.heads();
    assert_eq!(heads.len(), 2, "what is not trusted is not tried again: {heads:?}");
    assert!(heads.iter().all(|head| head.starts_with("CONNECT sources.invalid:443 ")), "{heads:?}");
}

fn fetch() -> Result<(), SourceError> {
    let mut lab = Lab::new();
    let proxy = std::env::var(PROXY).expect("another test sets it");
    lab.context.http.proxies =
        Proxies::from_environment(|name| (name == "https_proxy").then(|| proxy.clone()));
    let declared = spec("remote", &[("url", "https://sources.invalid/f"), ("ref", &sha256(BODY))]);
    lab.sources(&[declared])?.fetch(&silent()).map(drop)
}

#[test]
#[ignore = "started by another test"]
fn a_server_that_is_trusted() {
    fetch().expect("the proxy knows it");
}

#[test]
#[ignore = "started by another test"]
fn a_server_that_is_not_trusted() {
    let error = fetch().expect_err("nobody vouches for it");
    assert_eq!(error.reason(), "download-failed");
    assert!(error.to_string().contains("certificate"), "{error}");
}

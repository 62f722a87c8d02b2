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
use server::{header, read_head};
use spec_model::{UserError, Value};
use spec_source::{Proxies, SourceError};

const BODY: &[u8] = b"nobody on the way has read it";
/// The variable with the proxy's address for tests in another process.
const PROXY: &str = "SPEC_TEST_PROXY";

/// The names of servers that are asked.
const NAMES: [&str; 4] = ["sources.invalid", "pypi.org", "files.pythonhosted.org", "go.invalid"];

/// A server with a certificate of its own, for all of the names; the certificate as text.
fn server() -> (SocketAddr, String) {
    let own = rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).expect("names are enough");
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
    let head = read_head(&mut stream)?;
    let (status, body) = respond(&head);
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)?;
    stream.flush()
}

/// What the server of the name that is asked for has at a path.
fn respond(head: &str) -> (u16, Vec<u8>) {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let host = header(head, "host").unwrap_or_default();
    match (host.as_str(), path) {
        ("sources.invalid", _) => (200, BODY.to_vec()),
        ("pypi.org", "/simple/ours") => {
            let wanted = header(head, "accept").is_some_and(|value| value.contains("pypi.simple.v1+json"));
            let file = |version: &str| {
                let url = format!("https://files.pythonhosted.org/packages/a/ours-{version}.tar.gz");
                format!(
                    "{{\"filename\":\"ours-{version}.tar.gz\",\"url\":\"{url}\",\"yanked\":false,\
                     \"hashes\":{{\"sha256\":\"{}\"}}}}",
                    sha256(BODY)
                )
            };
            let files = [file("1.9"), file("1.10"), file("2.0rc1")].join(",");
            (if wanted { 200 } else { 406 }, format!("{{\"files\":[{files}]}}").into_bytes())
        }
        ("go.invalid", "/group/repo/sub?go-get=1") => {
            let page = "<meta name=\"go-import\" content=\"go.invalid/group/repo git https://go.invalid/x\">";
            // Some servers have pages for people at these addresses, and some have none.
            (404, page.as_bytes().to_vec())
        }
        ("files.pythonhosted.org", "/packages/a/ours-1.10.tar.gz") => (200, BODY.to_vec()),
        _ => (404, Vec::new()),
    }
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
    run("releases_of_the_python_package_index", Some(&file));
    run("the_folder_of_a_module_of_go", Some(&file));
}

/// A lab whose downloads go through the proxy of the other test.
fn lab() -> Lab {
    let mut lab = Lab::new();
    let proxy = std::env::var(PROXY).expect("another test sets it");
    std::sync::Arc::make_mut(&mut lab.context.http).proxies =
        Proxies::from_environment(|name| (name == "https_proxy").then(|| proxy.clone()));
    lab
}

fn fetch() -> Result<(), SourceError> {
    let lab = lab();
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

/// The index is always that of pypi.org, as for BuildStream's plugin.
#[test]
#[ignore = "started by another test"]
fn releases_of_the_python_package_index() {
    let lab = lab();
    let tracked = |config: &[(&str, &str)]| {
        let mut sources = lab.sources(&[spec("pypi", config)])?;
        let tracked = sources.track(&silent())?;
        Ok::<_, SourceError>((tracked, sources))
    };
    let (found, sources) = tracked(&[("name", "ours")]).expect("the index has it");
    let expect =
        Value::map([("sha256sum", Value::from(sha256(BODY))), ("suffix", "a/ours-1.10.tar.gz".into())]);
    assert_eq!(found[0].1.new.to_value(), expect);
    let error = sources.fetch(&silent()).expect_err("it is downloaded, and no archive");
    assert_eq!(error.reason(), "archive-format", "{error}");
    let error = tracked(&[("name", "missing")]).expect_err("the index does not have it");
    assert_eq!(error.reason(), "index-no-entry", "{error}");
    let mut none = spec("pypi", &[("name", "ours")]);
    none.config.set("include", spec_model::Node::sequence(vec![spec_model::Node::text("3.*")]));
    let (warned, warnings) = (std::sync::Arc::new(std::sync::Mutex::new(Vec::new())), silent());
    let log = warned.clone();
    let monitor = warnings.with_warnings(move |reason, _| {
        log.lock().expect("no thread panics").push(reason.to_owned());
    });
    let found = lab.sources(&[none]).and_then(|mut sources| sources.track(&monitor));
    assert!(found.expect("the index can be asked").is_empty());
    assert_eq!(*warned.lock().expect("no thread panics"), ["no-matching-release"]);
}

/// The server of the name of a module says which part of the name is a folder in its repository.
#[test]
#[ignore = "started by another test"]
fn the_folder_of_a_module_of_go() {
    let lab = lab();
    let tag = |module: &str| {
        let folder = lab.new_folder();
        lab.write(&format!("{folder}/go.sum"), format!("{module} v1.0.0 h1:x=\n").as_bytes());
        let repository = lab.folder.path().join("repository");
        std::fs::create_dir_all(&repository).expect("it can be made");
        let git = Command::new("git").args(["init", "-q", "--bare"]).arg(&repository).output();
        assert!(git.expect("git is there").status.success());
        let url = format!("file://{}", repository.display());
        let go = spec("go_module", &[("module", module), ("url", &url)]);
        let mut sources = lab.sources(&[spec("local", &[("path", &folder)]), go]).expect("it is right");
        sources.track(&silent()).expect_err("the repository has no tags")
    };
    let error = tag("go.invalid/group/repo/sub");
    assert_eq!(error.reason(), "git-no-matching-ref");
    assert!(error.to_string().contains("'sub/v1.0.0'"), "{error}");
    assert_eq!(tag("go.invalid/other").reason(), "index-answer");
}

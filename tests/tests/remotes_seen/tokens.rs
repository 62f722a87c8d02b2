//! Tokens that are replaced while a session runs.

use std::fs;
use std::path::Path;

use spec_model::{Digest, UserError};
use spec_remote::{Remote, RemoteError, RemoteOptions, Tls, Token};
use spec_testkit::{Host, Service};

use crate::certificates::Authority;
use crate::file;

/// Starts a server with TLS that takes the tokens in a file, at this address.
fn serve(host: &Host, address: &str, tokens: &str, [certificate, key]: [&str; 2]) -> Service {
    let mut command = host.command_in(Path::new("/"));
    command.args(["serve", "--workers", "0", "--listen", address, "--write-tokens", tokens]);
    command.args(["--tls-certificate", certificate, "--tls-key", key]);
    let service = Service::run(&mut command);
    let _ = service.address();
    service
}

#[tokio::test]
async fn a_token_is_read_again_when_the_server_takes_the_old_one_no_more() {
    let (host, authority) = (Host::new(), Authority::new());
    let (certificate, key) = authority.vouch();
    let [certificate, key] =
        [("certificate", certificate), ("key", key)].map(|(name, text)| file(host.folder(), name, &text));
    let tls = [certificate.as_str(), key.as_str()];
    let [old, new] = ["old", "new"].map(|name| file(host.folder(), name, name));
    let ours = host.folder().join("ours");
    fs::write(&ours, "old\n").expect("it is ours");
    let service = serve(&host, "127.0.0.1:0", &old, tls);
    let address = service.address();
    let url = format!("https://{}", address.replace("127.0.0.1", "localhost"));
    let mut options = RemoteOptions::new(url.parse().expect("an address"));
    options.tls = Tls { server_ca: Some(authority.pem()), identity: None };
    options.token = Some(Token::File { path: ours.clone(), reload: None });
    let remote = Remote::new(options).expect("options");
    let blob = [Digest::of(b"blob")];
    assert_eq!(remote.missing(&blob).await.expect("it lets us in"), blob);

    drop(service);
    let _service = serve(&host, &address, &new, tls);
    let denied = remote.missing(&blob).await.expect_err("the token is an old one");
    assert!(matches!(denied, RemoteError::Denied { .. }), "{denied:?}");
    assert_eq!(denied.reason(), "remote-denied");
    fs::write(&ours, "new\n").expect("it is ours");
    assert_eq!(remote.missing(&blob).await.expect("it lets us in with the new one"), blob);
}

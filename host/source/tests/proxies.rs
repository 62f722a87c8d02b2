//! Downloads through a proxy of our own, to servers that only it knows.

mod common;
#[path = "common/proxy.rs"]
mod proxy;
#[path = "common/server.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use common::{Lab, sha256, silent, spec};
use proxy::ProxyServer;
use server::{Answer, Server, header};
use spec_model::UserError;
use spec_source::{Proxies, SourceError};

const BODY: &[u8] = b"from far away";

fn fetch(url: &str, variables: &[(&str, String)]) -> Result<(), SourceError> {
    let mut lab = Lab::new();
    let http = Arc::make_mut(&mut lab.context.http);
    http.attempts = 1;
    http.connect_timeout = Duration::from_secs(2);
    http.proxies = Proxies::from_environment(|name| {
        variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    });
    let sources = lab.sources(&[spec("remote", &[("url", url), ("ref", &sha256(BODY))])])?;
    sources.fetch(&silent()).map(drop)
}

fn server() -> (Server, ProxyServer) {
    let server = Server::new(vec![Answer::whole(BODY)]);
    let address = server.url("").trim_start_matches("http://").trim_end_matches('/').parse();
    let proxy = ProxyServer::before(address.expect("it is an address"));
    (server, proxy)
}

#[test]
fn plain_http_is_a_get_of_the_whole_url() {
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let (server, proxy) = server();
        let variables = [(variable, format!("http://{}", proxy.address))];
        fetch("http://sources.invalid/dir/f.txt?a=b", &variables).expect("the proxy knows it");
        let heads = proxy.heads();
        assert!(heads[0].starts_with("GET http://sources.invalid/dir/f.txt?a=b HTTP/1.1\r\n"), "{heads:?}");
        assert_eq!(header(&heads[0], "host").as_deref(), Some("sources.invalid"));
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn https_is_a_tunnel() {
    let (server, proxy) = server();
    let variables = [("https_proxy", format!("me:se%20cret@{}", proxy.address))];
    // The server does not support TLS; that it was reached shows that the tunnel works.
    let error = fetch("https://sources.invalid/f.txt", &variables).expect_err("the server speaks no TLS");
    assert_eq!(error.reason(), "download-failed", "{error}");
    let heads = proxy.heads();
    assert!(heads[0].starts_with("CONNECT sources.invalid:443 HTTP/1.1\r\n"), "{heads:?}");
    assert_eq!(header(&heads[0], "proxy-authorization").as_deref(), Some("Basic bWU6c2UgY3JldA=="));
    drop(server);
}

#[test]
fn the_proxy_gets_its_own_login() {
    let (server, proxy) = server();
    let variables = [("http_proxy", format!("http://me:secret@{}", proxy.address))];
    fetch("http://sources.invalid/f.txt", &variables).expect("the proxy knows it");
    assert_eq!(header(&proxy.heads()[0], "proxy-authorization").as_deref(), Some("Basic bWU6c2VjcmV0"));
    assert_eq!(header(&server.heads()[0], "authorization"), None);
}

#[test]
fn hosts_that_are_excepted_are_asked_directly() {
    for except in ["127.0.0.1", "*", "other, 127.0.0.0/8"] {
        let (server, proxy) = server();
        let variables =
            [("http_proxy", format!("http://{}", proxy.address)), ("no_proxy", except.to_owned())];
        fetch(&server.url("f.txt"), &variables).expect("the server is here");
        assert_eq!((proxy.heads().len(), server.requests().len()), (0, 1), "{except}");
    }
    let (server, proxy) = server();
    let variables =
        [("http_proxy", format!("http://{}", proxy.address)), ("NO_PROXY", "27.0.0.1,other".to_owned())];
    fetch(&server.url("f.txt"), &variables).expect("the proxy knows it");
    assert_eq!(proxy.heads().len(), 1);
}

#[test]
fn what_the_proxy_refuses_is_told() {
    let refusing = Server::new(vec![Answer::status(407)]);
    let variables = [("http_proxy", refusing.url(""))];
    let error = fetch("http://sources.invalid/f.txt", &variables).expect_err("it wants a login");
    assert_eq!(error.reason(), "download-refused");
    assert!(error.hint().is_some_and(|hint| hint.contains("the proxy's login")), "{error}");
    let variables = [("http_proxy", "http://:::".to_owned())];
    let error = fetch("http://sources.invalid/f.txt", &variables).expect_err("it is no URL");
    assert!(error.to_string().contains("http_proxy"), "{error}");
}

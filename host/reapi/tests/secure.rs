//! TLS, mutual TLS and bearer tokens as clients see them, over TCP.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use spec_cas::Cas;
use spec_proto::reapi;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use spec_reapi::{Address, Listener, Options, Server, Tls, Tokens};
use tonic::metadata::MetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a name, and its key.
    fn vouch(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    fn tls(&self, clients: Option<&Authority>) -> Tls {
        let (certificate, key) = self.vouch("localhost");
        Tls { certificate, key, client_ca: clients.map(Authority::pem) }
    }
}

struct Fixture {
    address: String,
    _folder: tempfile::TempDir,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Fixture {
    async fn new(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::new(Cas::open(folder.path()).unwrap(), options);
        let listener = Listener::open(&Address::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
        let address = listener.address().to_string().replace("127.0.0.1", "localhost");
        let (stop, stopping) = tokio::sync::oneshot::channel();
        tokio::spawn(async move { server.serve(listener, async { _ = stopping.await }).await });
        Self { address, _folder: folder, _stop: stop }
    }

    async fn connect(&self, tls: Option<ClientTlsConfig>) -> Result<Channel, tonic::transport::Error> {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let endpoint = Endpoint::try_from(format!("{scheme}://{}", self.address)).unwrap();
        let endpoint = endpoint.timeout(Duration::from_secs(30)).connect_timeout(Duration::from_secs(30));
        match tls {
            Some(tls) => endpoint.tls_config(tls)?,
            None => endpoint,
        }
        .connect()
        .await
    }
}

fn trusting(authority: &Authority) -> ClientTlsConfig {
    ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost")
}

fn bearing<T>(message: T, token: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        let value = MetadataValue::try_from(format!("Bearer {token}")).unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    request
}

async fn reads(channel: &Channel, token: Option<&str>) -> Result<(), Status> {
    let request = bearing(reapi::FindMissingBlobsRequest::default(), token);
    ContentAddressableStorageClient::new(channel.clone()).find_missing_blobs(request).await.map(drop)
}

async fn writes(channel: &Channel, token: Option<&str>) -> Result<(), Status> {
    let request = bearing(reapi::BatchUpdateBlobsRequest::default(), token);
    ContentAddressableStorageClient::new(channel.clone()).batch_update_blobs(request).await.map(drop)
}

/// Connects and reads; with TLS 1.3 a client without a certificate gets the error only when it reads.
async fn works(fixture: &Fixture, tls: Option<ClientTlsConfig>) -> bool {
    match fixture.connect(tls).await {
        Ok(channel) => reads(&channel, None).await.is_ok(),
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_lets_in_who_trusts_the_server() {
    let authority = Authority::new();
    let fixture = Fixture::new(Options { tls: Some(authority.tls(None)), ..Options::default() }).await;
    assert!(works(&fixture, Some(trusting(&authority))).await);
    assert!(!works(&fixture, Some(trusting(&Authority::new()))).await, "the server is a stranger");
    assert!(!works(&fixture, None).await, "without TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn mutual_tls_lets_in_whom_the_server_trusts() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let tls = Some(authority.tls(Some(&clients)));
    let fixture = Fixture::new(Options { tls, ..Options::default() }).await;
    let with = |vouching: &Authority| {
        let (certificate, key) = vouching.vouch("client");
        trusting(&authority).identity(Identity::from_pem(certificate, key))
    };
    assert!(works(&fixture, Some(with(&clients))).await);
    assert!(!works(&fixture, Some(with(&authority))).await, "vouched for by somebody else");
    assert!(!works(&fixture, Some(trusting(&authority))).await, "without a certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_say_who_reads_and_who_writes() {
    let authority = Authority::new();
    let tokens = Tokens { read_only: vec!["reader".to_owned()], read_write: vec!["writer".to_owned()] };
    let tls = Some(authority.tls(None));
    let fixture = Fixture::new(Options { tls, tokens, ..Options::default() }).await;
    let channel = fixture.connect(Some(trusting(&authority))).await.unwrap();
    for (token, may_read, may_write) in [
        (None, Err(Code::Unauthenticated), Err(Code::Unauthenticated)),
        (Some("stranger"), Err(Code::Unauthenticated), Err(Code::Unauthenticated)),
        (Some("reader"), Ok(()), Err(Code::PermissionDenied)),
        (Some("writer"), Ok(()), Ok(())),
    ] {
        assert_eq!(reads(&channel, token).await.map_err(|status| status.code()), may_read, "{token:?}");
        assert_eq!(writes(&channel, token).await.map_err(|status| status.code()), may_write, "{token:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_none_is_told_at_the_start() {
    let tls = Tls { certificate: "none".to_owned(), key: "none".to_owned(), client_ca: None };
    let folder = tempfile::tempdir().unwrap();
    let server =
        Server::new(Cas::open(folder.path()).unwrap(), Options { tls: Some(tls), ..Options::default() });
    let listener = Listener::open(&Address::Tcp("127.0.0.1:0".to_owned())).await.unwrap();
    let error = server.serve(listener, std::future::pending()).await.unwrap_err();
    assert_eq!(spec_model::UserError::reason(&error), "reapi-transport");
}

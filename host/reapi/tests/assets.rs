//! Fetch and Push of the Remote Asset API as clients see them.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::time::{Duration, SystemTime};

use common::{Fixture, wire};
use spec_cas::{Cas, TreeBuilder};
use spec_model::Digest;
use spec_proto::asset::{
    FetchBlobRequest, FetchBlobResponse, FetchDirectoryRequest, PushBlobRequest, PushDirectoryRequest,
    Qualifier,
};
use spec_proto::well_known::Timestamp;
use spec_reapi::Options;
use tonic::{Code, Status};

const URI: &str = "urn:fdc:example:artifact:a";

fn uris(uris: &[&str]) -> Vec<String> {
    uris.iter().map(|uri| (*uri).to_owned()).collect()
}

fn qualifiers(pairs: &[(&str, &str)]) -> Vec<Qualifier> {
    let one = |(name, value): &(&str, &str)| Qualifier { name: (*name).into(), value: (*value).into() };
    pairs.iter().map(one).collect()
}

fn push(blob: &Digest) -> PushBlobRequest {
    PushBlobRequest { uris: uris(&[URI]), blob_digest: Some(wire(blob)), ..Default::default() }
}

fn push_tree(root: &Digest) -> PushDirectoryRequest {
    PushDirectoryRequest { uris: uris(&[URI]), root_directory_digest: Some(wire(root)), ..Default::default() }
}

fn get(uri: &str) -> FetchBlobRequest {
    FetchBlobRequest { uris: uris(&[uri]), ..Default::default() }
}

/// Seconds from now.
fn at(seconds: i64) -> Option<Timestamp> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    Some(Timestamp { seconds: now + seconds, nanos: 0 })
}

async fn fetch(fixture: &Fixture, request: FetchBlobRequest) -> Result<FetchBlobResponse, Status> {
    Ok(fixture.fetch().fetch_blob(request).await?.into_inner())
}

/// The code in the answer: a missing asset is not a failure of the call.
async fn code(fixture: &Fixture, request: FetchBlobRequest) -> Code {
    let answer = fetch(fixture, request).await.unwrap();
    assert_eq!(answer.blob_digest.is_some(), answer.status.as_ref().unwrap().code == 0);
    Code::from(answer.status.unwrap().code)
}

async fn fetch_tree(fixture: &Fixture) -> (Code, Option<spec_proto::reapi::Digest>) {
    let request = FetchDirectoryRequest { uris: uris(&[URI]), ..Default::default() };
    let answer = fixture.fetch().fetch_directory(request).await.unwrap().into_inner();
    (Code::from(answer.status.unwrap().code), answer.root_directory_digest)
}

fn tree(cas: &Cas) -> (Digest, Digest) {
    let mut builder = TreeBuilder::new();
    let file = cas.put_bytes(b"deep").unwrap();
    builder.add_file("a/b/file", file, false).unwrap();
    (builder.store(cas).unwrap(), file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_found_by_every_uri_it_was_pushed_under() {
    let fixture = Fixture::new().await;
    let blob = fixture.cas.put_bytes(b"proto").unwrap();
    assert_eq!(code(&fixture, get(URI)).await, Code::NotFound);
    let request = PushBlobRequest { uris: uris(&[URI, "other:b"]), ..push(&blob) };
    fixture.push().push_blob(request).await.unwrap();
    for asked in [&[URI][..], &["other:b"], &["nobody:c", "other:b", URI]] {
        let found = fetch(&fixture, FetchBlobRequest { uris: uris(asked), ..get("") }).await.unwrap();
        assert_eq!(found.blob_digest, Some(wire(&blob)));
        assert_eq!(found.uri, *asked.iter().find(|uri| **uri != "nobody:c").unwrap());
    }
    assert_eq!(fetch_tree(&fixture).await, (Code::NotFound, None), "a blob is no directory");
    let newer = fixture.cas.put_bytes(b"newer").unwrap();
    fixture.push().push_blob(push(&newer)).await.unwrap();
    assert_eq!(fetch(&fixture, get(URI)).await.unwrap().blob_digest, Some(wire(&newer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn qualifiers_tell_assets_apart_in_any_order() {
    let fixture = Fixture::new().await;
    let (one, two) = (fixture.cas.put_bytes(b"one").unwrap(), fixture.cas.put_bytes(b"two").unwrap());
    for (blob, pairs) in [(&one, &[("branch", "main"), ("dir", "a")][..]), (&two, &[("branch", "next")])] {
        let request = PushBlobRequest { qualifiers: qualifiers(pairs), ..push(blob) };
        fixture.push().push_blob(request).await.unwrap();
    }
    for (pairs, expect) in [
        (&[("dir", "a"), ("branch", "main")][..], Some(&one)),
        (&[("branch", "next")], Some(&two)),
        (&[("branch", "main")], None),
        (&[], None),
    ] {
        let found =
            fetch(&fixture, FetchBlobRequest { qualifiers: qualifiers(pairs), ..get(URI) }).await.unwrap();
        assert_eq!(found.blob_digest, expect.map(wire), "{pairs:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_takes_assets_away() {
    let fixture = Fixture::new().await;
    let blob = fixture.cas.put_bytes(b"x").unwrap();
    for (expire_at, oldest, expect) in [
        (None, None, Code::Ok),
        (at(-1), None, Code::NotFound),
        (at(3600), None, Code::Ok),
        (None, at(-3600), Code::Ok),
        (None, at(3600), Code::NotFound),
    ] {
        fixture.push().push_blob(PushBlobRequest { expire_at, ..push(&blob) }).await.unwrap();
        let request = FetchBlobRequest { oldest_content_accepted: oldest, ..get(URI) };
        assert_eq!(code(&fixture, request.clone()).await, expect, "{expire_at:?} {oldest:?}");
        if expect == Code::Ok {
            assert_eq!(fetch(&fixture, request).await.unwrap().expires_at, expire_at);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_whole_is_answered() {
    let fixture = Fixture::new().await;
    let blob = fixture.cas.put_bytes(b"x").unwrap();
    let (root, file) = tree(&fixture.cas);
    let log = fixture.cas.put_bytes(b"log").unwrap();
    let request = PushBlobRequest {
        references_blobs: vec![wire(&log), wire(&Digest::of(b"never here"))],
        references_directories: vec![wire(&root), wire(&Digest::of(b"nor this"))],
        ..push(&blob)
    };
    fixture.push().push_blob(request.clone()).await.unwrap();
    fixture.push().push_directory(push_tree(&root)).await.unwrap();
    assert_eq!(code(&fixture, get(URI)).await, Code::Ok);
    assert_eq!(fetch_tree(&fixture).await, (Code::Ok, Some(wire(&root))));
    for (gone, bytes) in [(&file, &b"deep"[..]), (&log, b"log"), (&blob, b"x")] {
        fixture.cas.quarantine(gone).unwrap();
        assert_eq!(code(&fixture, get(URI)).await, Code::NotFound, "{gone}");
        let whole = gone != &file;
        assert_eq!(fetch_tree(&fixture).await.0 == Code::Ok, whole);
        fixture.cas.put_bytes(bytes).unwrap();
        assert_eq!(code(&fixture, get(URI)).await, Code::Ok, "{gone} is here again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn content_must_be_here_before_it_is_pushed() {
    let fixture = Fixture::new().await;
    let absent = Digest::of(b"absent");
    let refused = fixture.push().push_blob(push(&absent)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(String::from_utf8_lossy(refused.details()).contains(&format!("blobs/{absent}")));
    let (root, file) = tree(&fixture.cas);
    fixture.cas.quarantine(&file).unwrap();
    let refused = fixture.push().push_directory(push_tree(&root)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(String::from_utf8_lossy(refused.details()).contains(&format!("blobs/{file}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_wrong() {
    let fixture = Fixture::new().await;
    let blob = fixture.cas.put_bytes(b"x").unwrap();
    let nanos = Some(Timestamp { seconds: 0, nanos: -1 });
    for request in [
        // BuildStream sends this request to find out whether the service exists.
        FetchBlobRequest::default(),
        get(""),
        FetchBlobRequest { instance_name: "elsewhere".to_owned(), ..get(URI) },
        FetchBlobRequest { digest_function: 99, ..get(URI) },
        FetchBlobRequest { qualifiers: qualifiers(&[("a", "1"), ("a", "1")]), ..get(URI) },
        FetchBlobRequest { oldest_content_accepted: nanos, ..get(URI) },
        FetchBlobRequest { uris: vec!["x".to_owned(); 1000], ..get(URI) },
    ] {
        assert_eq!(
            fetch(&fixture, request.clone()).await.unwrap_err().code(),
            Code::InvalidArgument,
            "{request:?}"
        );
    }
    for request in [
        PushBlobRequest::default(),
        PushBlobRequest { blob_digest: None, ..push(&blob) },
        PushBlobRequest { uris: vec![], ..push(&blob) },
        PushBlobRequest { expire_at: nanos, ..push(&blob) },
        PushBlobRequest { references_blobs: vec![Default::default()], ..push(&blob) },
        PushBlobRequest { qualifiers: qualifiers(&[("a", "1"), ("a", "2")]), ..push(&blob) },
    ] {
        let refused = fixture.push().push_blob(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{request:?}");
    }
    let refused = fixture.push().push_directory(PushDirectoryRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let directory = FetchDirectoryRequest::default();
    assert_eq!(fixture.fetch().fetch_directory(directory).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_fetches_and_does_not_push() {
    let fixture = Fixture::with(Options { writable: false, ..Options::default() }).await;
    let blob = fixture.cas.put_bytes(b"x").unwrap();
    let refused = fixture.push().push_blob(push(&blob)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = fixture.push().push_directory(push_tree(&blob)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(code(&fixture, get(URI)).await, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_outlive_the_server() {
    let first = Fixture::new().await;
    let blob = first.cas.put_bytes(b"x").unwrap();
    first.push().push_blob(push(&blob)).await.unwrap();
    let second = Fixture::over(&first.cas, Options::default()).await;
    assert_eq!(fetch(&second, get(URI)).await.unwrap().blob_digest, Some(wire(&blob)));
    tokio::time::timeout(Duration::from_secs(30), first.stop()).await.unwrap();
}

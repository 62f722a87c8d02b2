//! Capabilities and ContentAddressableStorage as clients see them.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{Fixture, noise, wire};
use spec_model::Digest;
use spec_proto::{Message, reapi};
use spec_reapi::Options;
use tonic::Code;

fn update(blobs: Vec<(reapi::Digest, Vec<u8>, i32)>) -> reapi::BatchUpdateBlobsRequest {
    let request = |(digest, data, compressor)| reapi::batch_update_blobs_request::Request {
        digest: Some(digest),
        data,
        compressor,
    };
    reapi::BatchUpdateBlobsRequest {
        requests: blobs.into_iter().map(request).collect(),
        ..Default::default()
    }
}

fn missing(digests: Vec<reapi::Digest>) -> reapi::FindMissingBlobsRequest {
    reapi::FindMissingBlobsRequest { blob_digests: digests, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn capabilities_are_honest() {
    let fixture = Fixture::new().await;
    let answer = fixture.capabilities().get_capabilities(reapi::GetCapabilitiesRequest::default()).await;
    let answer = answer.unwrap().into_inner();
    let (low, high) = (answer.low_api_version.unwrap(), answer.high_api_version.unwrap());
    assert_eq!((low.major, low.minor, high.major), (2, 0, 2));
    let cache = answer.cache_capabilities.unwrap();
    assert_eq!((cache.digest_functions, cache.max_batch_total_size_bytes), (vec![1, 9], 4_128_768));
    let execution = answer.execution_capabilities.unwrap();
    assert!(execution.exec_enabled);
    assert_eq!((execution.digest_function, execution.digest_functions), (1, vec![1, 9]));
    let elsewhere = reapi::GetCapabilitiesRequest { instance_name: "elsewhere".to_owned() };
    let refused = fixture.capabilities().get_capabilities(elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_comes_back() {
    let fixture = Fixture::new().await;
    let blobs: Vec<Vec<u8>> = (0..300).map(|n| noise(n, 100 + n as usize)).collect();
    let digests: Vec<_> = blobs.iter().map(|blob| wire(&Digest::of(blob))).collect();
    let absent = fixture.storage().find_missing_blobs(missing(digests.clone())).await.unwrap().into_inner();
    assert_eq!(absent.missing_blob_digests, digests);
    let batch = digests.iter().cloned().zip(blobs.iter().cloned()).map(|(digest, data)| (digest, data, 0));
    let stored = fixture.storage().batch_update_blobs(update(batch.collect())).await.unwrap().into_inner();
    assert!(stored.responses.iter().all(|one| one.status.as_ref().unwrap().code == 0));
    assert!(stored.responses.iter().map(|one| one.digest.clone().unwrap()).eq(digests.iter().cloned()));
    let absent = fixture.storage().find_missing_blobs(missing(digests.clone())).await.unwrap().into_inner();
    assert!(absent.missing_blob_digests.is_empty());
    let read = reapi::BatchReadBlobsRequest { digests, ..Default::default() };
    let read = fixture.storage().batch_read_blobs(read).await.unwrap().into_inner();
    assert!(read.responses.into_iter().map(|one| one.data).eq(blobs));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_blob_of_a_batch_has_its_own_status() {
    let fixture = Fixture::new().await;
    let good = wire(&Digest::of(b"good"));
    let short = reapi::Digest { size_bytes: 3, ..good.clone() };
    let huge = reapi::Digest { size_bytes: i64::MAX, ..good.clone() };
    let negative = reapi::Digest { size_bytes: -4, ..good.clone() };
    let upper = reapi::Digest { hash: good.hash.to_uppercase(), ..good.clone() };
    let packed = zstd::bulk::compress(&[7; 1000], 1).unwrap();
    let cases = vec![
        (good.clone(), b"good".to_vec(), 0, Code::Ok),
        (good.clone(), b"evil".to_vec(), 0, Code::InvalidArgument),
        (short, b"good".to_vec(), 0, Code::InvalidArgument),
        (huge.clone(), b"good".to_vec(), 0, Code::InvalidArgument),
        (huge, b"good".to_vec(), 1, Code::InvalidArgument),
        (negative, b"good".to_vec(), 0, Code::InvalidArgument),
        (upper, b"good".to_vec(), 0, Code::InvalidArgument),
        (good.clone(), b"good".to_vec(), 2, Code::InvalidArgument),
        (good, b"good".to_vec(), 1, Code::InvalidArgument),
        (wire(&Digest::of(&[7; 1000])), packed.clone(), 1, Code::Ok),
        (wire(&Digest::of(&[7; 999])), packed, 1, Code::InvalidArgument),
    ];
    let batch = cases.iter().map(|(digest, data, compressor, _)| (digest.clone(), data.clone(), *compressor));
    let stored = fixture.storage().batch_update_blobs(update(batch.collect())).await.unwrap().into_inner();
    for ((digest, _, compressor, expect), one) in cases.iter().zip(stored.responses) {
        assert_eq!(Code::from(one.status.unwrap().code), *expect, "{digest:?} {compressor}");
    }
    assert!(!fixture.cas.contains(&Digest::of(b"evil")).unwrap(), "a wrong blob is stored nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_tell_what_is_absent_and_hide_what_is_damaged() {
    let fixture = Fixture::new().await;
    let damaged = fixture.cas.put_bytes(b"damaged").unwrap();
    let hex = damaged.hex();
    std::fs::write(fixture.cas.root().join(format!("objects/{}/{hex}", &hex[..2])), b"DAMAGED").unwrap();
    let digests = vec![wire(&Digest::of(b"")), wire(&Digest::of(b"absent")), wire(&damaged)];
    let read = reapi::BatchReadBlobsRequest { digests, ..Default::default() };
    let read = fixture.storage().batch_read_blobs(read).await.unwrap().into_inner();
    let codes = read.responses.into_iter().map(|one| Code::from(one.status.unwrap().code));
    assert_eq!(codes.collect::<Vec<_>>(), [Code::Ok, Code::NotFound, Code::NotFound]);
    let absent = fixture.storage().find_missing_blobs(missing(vec![wire(&damaged)])).await.unwrap();
    assert_eq!(absent.into_inner().missing_blob_digests.len(), 1, "it is asked for again");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_wrong_as_a_whole() {
    let fixture = Fixture::new().await;
    let mut storage = fixture.storage();
    let digest = wire(&Digest::of(b"x"));
    let elsewhere =
        reapi::FindMissingBlobsRequest { instance_name: "elsewhere".to_owned(), ..missing(vec![]) };
    let sha1 = reapi::FindMissingBlobsRequest { digest_function: 2, ..missing(vec![digest.clone()]) };
    let no_hash = missing(vec![reapi::Digest::default()]);
    for request in [elsewhere, sha1, no_hash] {
        let refused = storage.find_missing_blobs(request.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{request:?}");
    }
    let large = vec![0; 3 << 20];
    let blob = || (wire(&Digest::of(&large)), large.clone(), 0);
    let refused = storage.batch_update_blobs(update(vec![blob(), blob()])).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let huge = reapi::Digest { size_bytes: 10 << 30, ..digest };
    let read = reapi::BatchReadBlobsRequest { digests: vec![huge], ..Default::default() };
    assert_eq!(storage.batch_read_blobs(read).await.unwrap_err().code(), Code::InvalidArgument);
    let split = storage.split_blob(reapi::SplitBlobRequest::default()).await.unwrap_err();
    assert_eq!(split.code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tree_comes_in_pages() {
    let fixture = Fixture::new().await;
    let mut builder = spec_cas::TreeBuilder::new();
    let file = fixture.cas.put_bytes(b"file").unwrap();
    for n in 0..10 {
        builder.add_file(&format!("d{n}/file{n}"), file, false).unwrap();
    }
    let root = builder.store(&fixture.cas).unwrap();
    let request = |page_size, page_token: &str| reapi::GetTreeRequest {
        root_digest: Some(wire(&root)),
        page_size,
        page_token: page_token.to_owned(),
        ..Default::default()
    };
    let mut pages = fixture.storage().get_tree(request(4, "")).await.unwrap().into_inner();
    let (mut sizes, mut tokens, mut all) = (vec![], vec![], vec![]);
    while let Some(page) = pages.message().await.unwrap() {
        sizes.push(page.directories.len());
        tokens.push(page.next_page_token);
        all.extend(page.directories);
    }
    assert_eq!((sizes, tokens.last().unwrap().as_str()), (vec![4, 4, 3], ""));
    let mut rest = fixture.storage().get_tree(request(0, &tokens[0])).await.unwrap().into_inner();
    assert_eq!(rest.message().await.unwrap().unwrap().directories, all[4..]);
    for (request, code) in [
        (request(-1, ""), Code::InvalidArgument),
        (request(0, "zebra"), Code::InvalidArgument),
        (request(0, "99"), Code::InvalidArgument),
        (
            reapi::GetTreeRequest { root_digest: Some(wire(&Digest::of(b"no"))), ..request(0, "") },
            Code::NotFound,
        ),
        (reapi::GetTreeRequest { root_digest: None, ..request(0, "") }, Code::InvalidArgument),
    ] {
        assert_eq!(
            fixture.storage().get_tree(request.clone()).await.unwrap_err().code(),
            code,
            "{request:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trees_that_are_none() {
    let fixture = Fixture::new().await;
    let file = |name: &str| reapi::FileNode {
        name: name.to_owned(),
        digest: Some(wire(&Digest::of(b""))),
        ..Default::default()
    };
    for names in [&["../x"][..], &["/etc"], &[".."], &[""], &["b", "a"], &["a", "a"]] {
        let directory =
            reapi::Directory { files: names.iter().map(|name| file(name)).collect(), ..Default::default() };
        let root = fixture.cas.put_bytes(&directory.encode_to_vec()).unwrap();
        let request = reapi::GetTreeRequest { root_digest: Some(wire(&root)), ..Default::default() };
        let refused = fixture.storage().get_tree(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_to_read_from_takes_nothing() {
    let fixture = Fixture::with(Options { writable: false, ..Options::default() }).await;
    let batch = update(vec![(wire(&Digest::of(b"x")), b"x".to_vec(), 0)]);
    let refused = fixture.storage().batch_update_blobs(batch).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let answer = fixture.capabilities().get_capabilities(reapi::GetCapabilitiesRequest::default()).await;
    let cache = answer.unwrap().into_inner().cache_capabilities.unwrap();
    assert!(!cache.action_cache_update_capabilities.unwrap().update_enabled);
}

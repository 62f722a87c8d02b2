//! ByteStream as clients see it.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use bazel_remote_apis::google::bytestream::{QueryWriteStatusRequest, ReadRequest, WriteRequest};
use common::{Fixture, noise};
use spec_model::Digest;
use spec_reapi::{Limits, Options};
use tonic::{Code, Status};

fn pieces(name: &str, data: &[u8], at: usize, size: usize, finish: bool) -> Vec<WriteRequest> {
    let count = data.len().div_ceil(size).max(1);
    let piece = |n: usize| WriteRequest {
        resource_name: if n == 0 { name.to_owned() } else { String::new() },
        write_offset: (at + n * size) as i64,
        finish_write: finish && n + 1 == count,
        data: data[n * size..data.len().min((n + 1) * size)].to_vec(),
    };
    (0..count).map(piece).collect()
}

async fn write(fixture: &Fixture, pieces: Vec<WriteRequest>) -> Result<i64, Status> {
    let answer = fixture.bytes().write(tokio_stream::iter(pieces)).await?;
    Ok(answer.into_inner().committed_size)
}

async fn read(fixture: &Fixture, name: &str, offset: i64, limit: i64) -> Result<Vec<u8>, Status> {
    let request = ReadRequest { resource_name: name.to_owned(), read_offset: offset, read_limit: limit };
    let mut stream = fixture.bytes().read(request).await?.into_inner();
    let mut data = vec![];
    while let Some(piece) = stream.message().await? {
        data.extend(piece.data);
    }
    Ok(data)
}

async fn committed(fixture: &Fixture, name: &str) -> (i64, bool) {
    let request = QueryWriteStatusRequest { resource_name: name.to_owned() };
    let status = fixture.bytes().query_write_status(request).await.unwrap().into_inner();
    (status.committed_size, status.complete)
}

#[tokio::test(flavor = "multi_thread")]
async fn blobs_of_all_sizes_come_back() {
    let fixture = Fixture::new().await;
    for (_, prefix, cas) in fixture.functions() {
        for size in [0, 1, 4096, 256 << 10, (256 << 10) + 1, 3_000_000] {
            let data = noise(size as u64 + 1, size);
            let blob = format!("blobs/{prefix}{}", cas.digest(&data));
            let name = format!("uploads/u/{blob}");
            let count = write(&fixture, pieces(&name, &data, 0, 100_000, true)).await.unwrap();
            assert_eq!(count, size as i64);
            assert_eq!(committed(&fixture, &name).await, (size as i64, true));
            assert_eq!(read(&fixture, &blob, 0, 0).await.unwrap(), data, "{blob}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_read_by_offset_and_limit() {
    let fixture = Fixture::new().await;
    let data = noise(3, 1_000_000);
    let name = format!("blobs/{}", fixture.cas.put_bytes(&data).unwrap());
    for (offset, limit, expect) in [
        (0, 10, Ok(0..10)),
        (999_990, 0, Ok(999_990..1_000_000)),
        (500_000, 300_000, Ok(500_000..800_000)),
        (999_999, 100, Ok(999_999..1_000_000)),
        (1_000_000, 0, Ok(0..0)),
        (1_000_001, 0, Err(Code::OutOfRange)),
        (-1, 0, Err(Code::OutOfRange)),
        (0, -1, Err(Code::InvalidArgument)),
    ] {
        let found = read(&fixture, &name, offset, limit).await.map_err(|status| status.code());
        assert!(found == expect.clone().map(|range| data[range].to_vec()), "{offset} {limit} {expect:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_blobs() {
    let fixture = Fixture::new().await;
    let data = [noise(5, 700_000), vec![9; 700_000]].concat();
    let packed = zstd::bulk::compress(&data, 3).unwrap();
    for (_, prefix, cas) in fixture.functions() {
        let blob = format!("compressed-blobs/zstd/{prefix}{}", cas.digest(&data));
        let name = format!("uploads/u/{blob}");
        let upload = || pieces(&name, &packed, 0, 50_000, true);
        assert_eq!(write(&fixture, upload()).await.unwrap(), packed.len() as i64);
        assert_eq!(write(&fixture, upload()).await.unwrap(), -1, "it is here already");
        for offset in [0, 1_000_000] {
            let packed = read(&fixture, &blob, offset as i64, 0).await.unwrap();
            assert!(zstd::decode_all(&packed[..]).unwrap() == data[offset..]);
        }
        assert_eq!(read(&fixture, &blob, 0, 5).await.unwrap_err().code(), Code::InvalidArgument);
    }
    let bomb = zstd::bulk::compress(&vec![0; 50_000_000], 1).unwrap();
    let name = format!("uploads/u/compressed-blobs/zstd/{}", Digest::new([1; 32], 1000));
    let refused = write(&fixture, pieces(&name, &bomb, 0, 1 << 20, true)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_of_what_is_here_ends_early() {
    let fixture = Fixture::new().await;
    let data = noise(7, 1000);
    let digest = fixture.cas.put_bytes(&data).unwrap();
    // The client neither sends the rest nor finishes the write.
    let first = pieces(&format!("uploads/u/blobs/{digest}"), &data[..10], 0, 10, false);
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    sender.send(first[0].clone()).await.unwrap();
    let stream = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let answer = fixture.bytes().write(stream).await.unwrap().into_inner();
    assert_eq!(answer.committed_size, 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_write_goes_on() {
    let fixture = Fixture::new().await;
    let data = noise(11, 3_000_000);
    for (_, prefix, cas) in fixture.functions() {
        let digest = cas.digest(&data);
        let name = format!("uploads/u/blobs/{prefix}{digest}");
        assert_eq!(committed(&fixture, &name).await, (0, false));
        let count = write(&fixture, pieces(&name, &data[..2_000_000], 0, 500_000, false)).await.unwrap();
        assert_eq!((count, committed(&fixture, &name).await), (2_000_000, (2_000_000, false)));
        let wrong = write(&fixture, pieces(&name, &data[..10], 1_999_999, 10, true)).await.unwrap_err();
        assert_eq!(wrong.code(), Code::InvalidArgument);
        let rest = pieces(&name, &data[2_000_000..], 2_000_000, 500_000, true);
        assert_eq!(write(&fixture, rest).await.unwrap(), 3_000_000);
        assert_eq!(cas.get(&digest).unwrap(), data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_vanished_client_left_is_forgotten_in_time() {
    let limits = Limits { keep_uploads_for: std::time::Duration::from_millis(50), ..Limits::default() };
    let fixture = Fixture::with(Options { limits, ..Options::default() }).await;
    let digest = Digest::of(&noise(13, 1000));
    let name = format!("uploads/u/blobs/{digest}");
    write(&fixture, pieces(&name, &noise(13, 500), 0, 500, false)).await.unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while committed(&fixture, &name).await != (0, false) {
        assert!(std::time::Instant::now() < deadline, "it is still kept");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!fixture.cas.contains(&digest).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_writes_store_nothing() {
    let fixture = Fixture::new().await;
    let digest = Digest::of(b"right");
    let name = format!("uploads/u/blobs/{digest}");
    let huge = format!("uploads/u/blobs/{}", Digest::new(*digest.hash(), 10 << 30));
    let mut jump = pieces(&name, b"right", 0, 3, true);
    jump[1].write_offset = 4;
    let mut renamed = pieces(&name, b"right", 0, 3, true);
    renamed[1].resource_name = "uploads/v/blobs/x/1".to_owned();
    for (what, pieces) in [
        ("no message", vec![]),
        ("wrong bytes", pieces(&name, b"wrong", 0, 5, true)),
        ("too few", pieces(&name, b"righ", 0, 4, true)),
        ("too many", pieces(&name, b"right!", 0, 6, true)),
        ("one of ten billion", pieces(&huge, b"r", 0, 1, true)),
        ("a gap", jump),
        ("another name", renamed),
        ("an offset of nothing", pieces(&name, b"t", 4, 1, true)),
        (
            "a negative offset",
            vec![WriteRequest { write_offset: -1, ..pieces(&name, b"right", 0, 5, true)[0].clone() }],
        ),
        ("no name", pieces("", b"right", 0, 5, true)),
        ("a name to read", pieces(&format!("blobs/{digest}"), b"right", 0, 5, true)),
        ("another instance", pieces(&format!("other/{name}"), b"right", 0, 5, true)),
        ("another function", pieces(&format!("uploads/u/blobs/blake3/{digest}"), b"right", 0, 5, true)),
        (
            "a function that is not here",
            pieces(&format!("uploads/u/blobs/sha512/{digest}"), b"right", 0, 5, true),
        ),
        (
            "another compressor",
            pieces(&format!("uploads/u/compressed-blobs/lz4/{digest}"), b"right", 0, 5, true),
        ),
    ] {
        let refused = write(&fixture, pieces).await.expect_err(what);
        assert_eq!(refused.code(), Code::InvalidArgument, "{what}: {refused}");
        assert!(!fixture.cas.contains(&digest).unwrap(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_reads() {
    let fixture = Fixture::new().await;
    let digest = Digest::of(b"absent");
    for (name, code) in [
        (format!("blobs/{digest}"), Code::NotFound),
        (format!("other/blobs/{digest}"), Code::InvalidArgument),
        (format!("blobs/blake3/{digest}"), Code::NotFound),
        (format!("blobs/sha512/{digest}"), Code::InvalidArgument),
        ("blobs/../../etc/passwd/1".to_owned(), Code::InvalidArgument),
        (String::new(), Code::InvalidArgument),
        (format!("blobs/{}/9223372036854775808", digest.hex()), Code::InvalidArgument),
    ] {
        assert_eq!(read(&fixture, &name, 0, 0).await.unwrap_err().code(), code, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_blob_is_never_sent_whole() {
    let fixture = Fixture::new().await;
    let data = noise(17, 1_000_000);
    for (_, prefix, cas) in fixture.functions() {
        let digest = cas.put_bytes(&data).unwrap();
        let hex = digest.hex();
        let path = cas.root().join(format!("objects/{}/{hex}", &hex[..2]));
        std::fs::write(path, [&data[..999_999], &[!data[999_999]]].concat()).unwrap();
        let name = format!("blobs/{prefix}{digest}");
        for state in ["damaged", "in quarantine"] {
            assert_eq!(read(&fixture, &name, 0, 0).await.unwrap_err().code(), Code::NotFound, "{state}");
        }
    }
}

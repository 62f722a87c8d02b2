//! A `spec-host serve` process, and a client of it.

#![allow(dead_code, reason = "each test uses what it needs")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bazel_remote_apis::google::bytestream::WriteRequest;
use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use spec_model::Digest;
use spec_proto::reapi;
use spec_proto::reapi::action_cache_client::ActionCacheClient;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

/// The time limit of every step.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
/// Bytes of one message of an upload.
const PIECE: usize = 64 << 10;

/// A server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    socket: PathBuf,
}

impl Server {
    /// Starts `command`, to which the server's arguments are added, such that it listens in `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path, arguments: &[&str]) -> Self {
        let socket = folder.join("socket");
        let _ = std::fs::remove_file(&socket);
        let listen = format!("unix:{}", socket.display());
        command.args(["serve", "--workers", "0", "--listen", &listen]).args(arguments);
        let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        Self { child, socket }
    }

    /// A client, as soon as the server listens.
    pub(crate) async fn client(&self) -> Client {
        let endpoint = Endpoint::try_from(format!("unix://{}", self.socket.display())).expect("a path");
        let end = Instant::now() + DEADLINE;
        loop {
            match endpoint.connect().await {
                Ok(channel) => return Client { channel },
                Err(error) => assert!(Instant::now() < end, "the server does not listen: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// The most bytes of memory that it had at a time (`VmHWM`).
    pub(crate) fn most_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
        let kilobytes = line.trim().strip_suffix(" kB").and_then(|number| number.parse::<u64>().ok());
        kilobytes.expect("a number of kilobytes") << 10
    }

    /// Kills it at once, with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("our own child can be killed");
        let status = self.child.wait().expect("our own child can be waited for");
        assert_eq!(status.code(), None, "it lived until it was killed");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Clone)]
pub(crate) struct Client {
    channel: Channel,
}

impl Client {
    fn storage(&self) -> ContentAddressableStorageClient<Channel> {
        ContentAddressableStorageClient::new(self.channel.clone())
    }

    fn results(&self) -> ActionCacheClient<Channel> {
        ActionCacheClient::new(self.channel.clone())
    }

    /// Uploads in one batch; answers with the code of each blob.
    pub(crate) async fn update(&self, blobs: &[Vec<u8>]) -> Result<Vec<Code>, Status> {
        let request = |data: &Vec<u8>| reapi::batch_update_blobs_request::Request {
            digest: Some(wire(&Digest::of(data))),
            data: data.clone(),
            ..Default::default()
        };
        let requests = blobs.iter().map(request).collect();
        let request = reapi::BatchUpdateBlobsRequest { requests, ..Default::default() };
        let responses = self.storage().batch_update_blobs(request).await?.into_inner().responses;
        Ok(responses.into_iter().map(|one| one.status.unwrap_or_default().code.into()).collect())
    }

    /// Uploads a blob as a stream.
    pub(crate) async fn write(&self, data: &[u8]) -> Result<(), Status> {
        static UPLOADS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = UPLOADS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let resource_name = format!("uploads/{number}/blobs/{}", Digest::of(data));
        let last = data.len().div_ceil(PIECE).max(1) - 1;
        let piece = |(at, data): (usize, &[u8])| WriteRequest {
            resource_name: resource_name.clone(),
            write_offset: (at * PIECE) as i64,
            finish_write: at == last,
            data: data.to_vec(),
        };
        let pieces: Vec<WriteRequest> = data.chunks(PIECE).enumerate().map(piece).collect();
        let written = ByteStreamClient::new(self.channel.clone())
            .write(tonic::codegen::tokio_stream::iter(pieces))
            .await?;
        assert_eq!(written.into_inner().committed_size, data.len() as i64);
        Ok(())
    }

    /// Stores a result with this output for an action.
    pub(crate) async fn keep(&self, action: &Digest, output: &Digest) -> Result<(), Status> {
        let digest = Some(wire(output));
        let file = reapi::OutputFile { path: "out".to_owned(), digest, ..Default::default() };
        let result = reapi::ActionResult { output_files: vec![file], ..Default::default() };
        let (action_digest, action_result) = (Some(wire(action)), Some(result));
        let request = reapi::UpdateActionResultRequest { action_digest, action_result, ..Default::default() };
        self.results().update_action_result(request).await.map(drop)
    }

    /// The output of an action's result.
    pub(crate) async fn result(&self, action: &Digest) -> Result<String, Status> {
        let request =
            reapi::GetActionResultRequest { action_digest: Some(wire(action)), ..Default::default() };
        let result = self.results().get_action_result(request).await?.into_inner();
        let output = result.output_files.first().and_then(|file| file.digest.clone()).unwrap_or_default();
        Ok(format!("{}/{}", output.hash, output.size_bytes))
    }

    /// The digests of blobs that the server does not have.
    pub(crate) async fn missing(&self, digests: &[Digest]) -> Result<Vec<reapi::Digest>, Status> {
        let blob_digests = digests.iter().map(wire).collect();
        let request = reapi::FindMissingBlobsRequest { blob_digests, ..Default::default() };
        Ok(self.storage().find_missing_blobs(request).await?.into_inner().missing_blob_digests)
    }

    /// The contents of a blob.
    pub(crate) async fn read(&self, digest: &Digest) -> Result<Vec<u8>, Status> {
        let request = bazel_remote_apis::google::bytestream::ReadRequest {
            resource_name: format!("blobs/{digest}"),
            ..Default::default()
        };
        let mut stream = ByteStreamClient::new(self.channel.clone()).read(request).await?.into_inner();
        let mut data = vec![];
        while let Some(piece) = stream.message().await? {
            data.extend(piece.data);
        }
        Ok(data)
    }
}

fn wire(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size() as i64 }
}

/// Bytes that differ by seed.
pub(crate) fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(&mut next).take(count.div_ceil(8)).flatten().collect();
    bytes.truncate(count);
    bytes
}

/// The runtime of the clients.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads")
}

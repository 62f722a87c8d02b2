//! One large blob from a server.

use std::io::Write;
use std::sync::Arc;

use bazel_remote_apis::google::bytestream::{ReadRequest, ReadResponse};
use spec_cas::CasError;
use spec_model::{Digest, DigestFunction, DigestHasher};
use tokio::sync::mpsc;
use tonic::Streaming;
use zstd::stream::write::Decoder;

use crate::blob::{Moved, Receiver, Sink};
use crate::download::FETCH;
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{Failed, blocking};
use crate::wire;

/// Messages that the network brings before the disk takes them.
const AHEAD: usize = 4;

impl Remote {
    /// Brings one blob to a receiver.
    pub(crate) async fn download_stream(
        &self,
        receiver: Arc<dyn Receiver>,
        digest: Digest,
    ) -> Result<Moved, RemoteError> {
        self.retry(FETCH, || self.read(Arc::clone(&receiver), digest)).await?;
        Ok(Moved::of(&[digest]))
    }

    async fn read(&self, receiver: Arc<dyn Receiver>, digest: Digest) -> Result<(), Failed> {
        let zstd = self.compresses();
        let message = ReadRequest {
            resource_name: wire::to_read(&self.instance(), self.function(), &digest, zstd),
            read_offset: 0,
            read_limit: 0,
        };
        let request = self.request(message, digest.size());
        let mut stream = match self.streams().read(request).await {
            Err(status) if status.code() == tonic::Code::NotFound => {
                return Err(RemoteError::Missing { address: self.address(), digest }.into());
            }
            other => other?.into_inner(),
        };
        let (sender, pieces) = mpsc::channel(AHEAD);
        let function = self.function();
        let written = tokio::spawn(blocking(move || write(&*receiver, &digest, (function, zstd), pieces)));
        let passed = pass(&mut stream, sender).await;
        let found = match written.await {
            Ok(written) => written?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        passed?;
        match found {
            Some(found) if found == digest => Ok(()),
            _ => Err(self.broken(FETCH, format!("it sent something else than {digest}")).into()),
        }
    }
}

/// Passes on what comes, until it ends. The end is marked, for what breaks off must not be taken for a blob.
async fn pass(
    stream: &mut Streaming<ReadResponse>,
    sender: mpsc::Sender<Option<Vec<u8>>>,
) -> Result<(), tonic::Status> {
    while let Some(message) = stream.message().await? {
        if sender.send(Some(message.data)).await.is_err() {
            return Ok(());
        }
    }
    let _ = sender.send(None).await;
    Ok(())
}

/// Writes what comes and answers with its digest; `None` when it broke off. Only the right blob is finished.
fn write(
    receiver: &dyn Receiver,
    digest: &Digest,
    (function, zstd): (DigestFunction, bool),
    mut pieces: mpsc::Receiver<Option<Vec<u8>>>,
) -> Result<Option<Digest>, CasError> {
    let hashed = Hashed { sink: receiver.sink(digest)?, hasher: function.hasher(), left: digest.size() };
    let failed = |error| CasError::writing("a blob from a server", error);
    let mut way = match zstd {
        true => Way::Zstd(Box::new(Decoder::new(hashed).map_err(failed)?)),
        false => Way::Plain(hashed),
    };
    loop {
        match pieces.blocking_recv() {
            None => return Ok(None),
            Some(None) => break,
            Some(Some(piece)) => match way.write(&piece) {
                // More than the blob has: no need to look further.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Ok(None),
                other => other.map_err(failed)?,
            },
        }
    }
    let Hashed { sink, hasher, .. } = way.end().map_err(failed)?;
    let found = hasher.finish();
    if found == *digest {
        sink.finish()?;
    }
    Ok(Some(found))
}

enum Way {
    Plain(Hashed),
    Zstd(Box<Decoder<'static, Hashed>>),
}

impl Way {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(hashed) => hashed.write_all(piece),
            Self::Zstd(decoder) => decoder.write_all(piece),
        }
    }

    fn end(self) -> std::io::Result<Hashed> {
        match self {
            Self::Plain(hashed) => Ok(hashed),
            Self::Zstd(mut decoder) => {
                decoder.flush()?;
                Ok(decoder.into_inner())
            }
        }
    }
}

/// Takes no more bytes than the digest says.
struct Hashed {
    sink: Box<dyn Sink>,
    hasher: DigestHasher,
    left: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let count = self.sink.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.left -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.sink.flush()
    }
}

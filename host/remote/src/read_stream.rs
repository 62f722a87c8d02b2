//! `ByteStream.Read`: downloading one large blob.

use std::io::Write;
use std::sync::Arc;

use bazel_remote_apis::google::bytestream::{ReadRequest, ReadResponse};
use spec_cas::CasError;
use spec_model::{Digest, DigestFunction, DigestHasher};
use tokio::sync::mpsc;
use tonic::Streaming;
use zstd::stream::write::Decoder;

use crate::blob::{BlobReceiver, BlobSink, TransferTotals};
use crate::download::FETCH;
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{AttemptError, blocking};
use crate::wire;

/// Messages that are received before the disk has written earlier ones.
const AHEAD: usize = 4;

impl Remote {
    /// Downloads one blob to a receiver.
    pub(crate) async fn download_stream(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        digest: Digest,
    ) -> Result<TransferTotals, RemoteError> {
        self.retry(FETCH, || self.read(Arc::clone(&receiver), digest)).await?;
        Ok(TransferTotals::of(&[digest]))
    }

    async fn read(&self, receiver: Arc<dyn BlobReceiver>, digest: Digest) -> Result<(), AttemptError> {
        let zstd = self.compresses_streams();
        let message = ReadRequest {
            resource_name: wire::read_name(&self.instance(), self.function(), &digest, zstd),
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
        let forwarded = forward(&mut stream, sender).await;
        let found = match written.await {
            Ok(written) => written?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        forwarded?;
        match found {
            Some(found) if found == digest => Ok(()),
            _ => Err(self
                .protocol_error(FETCH, format!("what it sent for {digest} has another digest"))
                .into()),
        }
    }
}

/// Forwards the received messages, and `None` at the end of the stream: without it the stream was interrupted.
async fn forward(
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

/// Writes the received messages; returns their digest, or `None` when the stream was interrupted or too long. Only a blob
/// with the expected digest is finished.
fn write(
    receiver: &dyn BlobReceiver,
    digest: &Digest,
    (function, zstd): (DigestFunction, bool),
    mut pieces: mpsc::Receiver<Option<Vec<u8>>>,
) -> Result<Option<Digest>, CasError> {
    let hashed = HashingSink { sink: receiver.sink(digest)?, hasher: function.hasher(), left: digest.size() };
    let failed = |error| CasError::writing("a blob from a server", error);
    let mut decoder = match zstd {
        true => StreamDecoder::Zstd(Box::new(Decoder::new(hashed).map_err(failed)?)),
        false => StreamDecoder::Plain(hashed),
    };
    loop {
        match pieces.blocking_recv() {
            None => return Ok(None),
            Some(None) => break,
            Some(Some(piece)) => match decoder.write(&piece) {
                // It is longer than the blob.
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Ok(None),
                other => other.map_err(failed)?,
            },
        }
    }
    let HashingSink { sink, hasher, .. } = decoder.finish().map_err(failed)?;
    let found = hasher.finish();
    if found == *digest {
        sink.finish()?;
    }
    Ok(Some(found))
}

/// Undoes compression, if there is any.
enum StreamDecoder {
    Plain(HashingSink),
    Zstd(Box<Decoder<'static, HashingSink>>),
}

impl StreamDecoder {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(hashed) => hashed.write_all(piece),
            Self::Zstd(decoder) => decoder.write_all(piece),
        }
    }

    fn finish(self) -> std::io::Result<HashingSink> {
        match self {
            Self::Plain(hashed) => Ok(hashed),
            Self::Zstd(mut decoder) => {
                decoder.flush()?;
                Ok(decoder.into_inner())
            }
        }
    }
}

/// Digests what it writes, and takes no more bytes than the blob has.
struct HashingSink {
    sink: Box<dyn BlobSink>,
    hasher: DigestHasher,
    left: u64,
}

impl Write for HashingSink {
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

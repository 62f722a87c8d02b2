//! `ByteStream.Read`: downloading one large blob.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::bytestream::{ReadRequest, ReadResponse};
use spec_cas::CasError;
use spec_model::{Digest, DigestHasher};
use tokio::sync::{Mutex, mpsc};
use tonic::{Status, Streaming};
use zstd::stream::write::Decoder;

use crate::blob::{BlobReceiver, BlobSink, TransferTotals};
use crate::connect::{RetryLimits, deadline};
use crate::download::FETCH;
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{AttemptError, blocking};
use crate::wire;

/// Messages that are received before the disk has written earlier ones.
const AHEAD: usize = 4;
/// How long a stream may bring nothing. Then it is interrupted, and asked for again from there.
const MAX_SILENCE: Duration = Duration::from_secs(20);

impl Remote {
    /// Downloads one blob to a receiver. Another attempt goes on where the last one ended.
    pub(crate) async fn download_stream(
        &self,
        receiver: Arc<dyn BlobReceiver>,
        digest: Digest,
    ) -> Result<TransferTotals, RemoteError> {
        let zstd = self.compresses_streams().await?;
        let (function, sink) = (self.function(), move || receiver.sink(&digest));
        let sink = self.blocking_once(sink).await?;
        let hashed = HashingSink { sink, hasher: function.hasher(), left: digest.size() };
        let unfinished = Mutex::new(Some(hashed));
        let read = || async {
            let mut place = unfinished.lock().await;
            let Some(hashed) = place.take() else {
                return Err(self.protocol_error(FETCH, "the blob cannot be received again").into());
            };
            match self.read(hashed, digest, zstd).await? {
                ReadPart::Whole => Ok(()),
                ReadPart::Interrupted(hashed, status) => {
                    *place = Some(hashed);
                    Err(AttemptError::Status(status))
                }
            }
        };
        self.retry_within(RetryLimits::of_transfer(deadline(self.options(), digest.size())), FETCH, read)
            .await?;
        Ok(TransferTotals::of(&[digest]))
    }

    async fn read(&self, hashed: HashingSink, digest: Digest, zstd: bool) -> Result<ReadPart, AttemptError> {
        let offset = digest.size() - hashed.left;
        let message = ReadRequest {
            resource_name: wire::read_name(&self.instance(), self.function(), &digest, zstd),
            read_offset: offset.cast_signed(),
            read_limit: 0,
        };
        let request = self.request(message, digest.size());
        let mut stream = match self.streams().read(request).await {
            Err(status) if status.code() == tonic::Code::NotFound => {
                return Err(RemoteError::Missing { address: self.address(), digest }.into());
            }
            Err(status) => return Ok(ReadPart::Interrupted(hashed, status)),
            Ok(stream) => stream.into_inner(),
        };
        let (sender, pieces) = mpsc::channel(AHEAD);
        let written = tokio::spawn(blocking(move || write(hashed, zstd, pieces)));
        let forwarded = forward(&mut stream, sender).await;
        let written = match written.await {
            Ok(written) => written?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        let wrong = || self.protocol_error(FETCH, format!("what it sent for {digest} has another digest"));
        match (written, forwarded) {
            (Written::Invalid, _) => Err(wrong().into()),
            (Written::SoFar(hashed), Err(status)) => Ok(ReadPart::Interrupted(hashed, status)),
            (Written::SoFar(hashed), Ok(())) => match self.finish(hashed, digest).await? {
                true => Ok(ReadPart::Whole),
                false => Err(wrong().into()),
            },
        }
    }

    /// Has the blob stored if what was received is it.
    async fn finish(&self, hashed: HashingSink, digest: Digest) -> Result<bool, RemoteError> {
        let HashingSink { sink, hasher, .. } = hashed;
        let finish = move || {
            let is_whole = hasher.finish() == digest;
            if is_whole {
                sink.finish()?;
            }
            Ok(is_whole)
        };
        self.blocking_once(finish).await
    }
}

/// What one attempt to read a blob came to.
enum ReadPart {
    Whole,
    /// The part that was received, and why there was no more.
    Interrupted(HashingSink, Status),
}

/// What was written of a stream.
enum Written {
    SoFar(HashingSink),
    /// It has more bytes than the blob, or is not compressed as it should be.
    Invalid,
}

/// Forwards the received messages, and `None` at the end of the stream: without it the stream was interrupted.
async fn forward(
    stream: &mut Streaming<ReadResponse>,
    sender: mpsc::Sender<Option<Vec<u8>>>,
) -> Result<(), tonic::Status> {
    let silent = || Status::deadline_exceeded(format!("nothing came for {MAX_SILENCE:?}"));
    while let Some(message) =
        tokio::time::timeout(MAX_SILENCE, stream.message()).await.map_err(|_| silent())??
    {
        if sender.send(Some(message.data)).await.is_err() {
            return Ok(());
        }
    }
    let _ = sender.send(None).await;
    Ok(())
}

/// Writes the received messages until there are no more.
fn write(
    hashed: HashingSink,
    zstd: bool,
    mut pieces: mpsc::Receiver<Option<Vec<u8>>>,
) -> Result<Written, CasError> {
    let failed = |error| CasError::writing("a blob from a server", error);
    let mut decoder = match zstd {
        true => StreamDecoder::Zstd(Box::new(Decoder::new(hashed).map_err(failed)?)),
        false => StreamDecoder::Plain(hashed),
    };
    while let Some(piece) = pieces.blocking_recv() {
        let written = match &piece {
            Some(piece) => decoder.write(piece),
            None => decoder.flush(),
        };
        match written {
            Err(error) if is_of_this_machine(&error) => return Err(failed(error)),
            Err(_) => return Ok(Written::Invalid),
            Ok(()) => {}
        }
    }
    Ok(Written::SoFar(decoder.into_inner()))
}

/// Whether the disk failed; what else fails is the server's.
fn is_of_this_machine(error: &std::io::Error) -> bool {
    error.raw_os_error().is_some() || error.get_ref().is_some_and(|inner| inner.is::<CasError>())
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

    /// Writes what the end of the stream completes.
    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Zstd(decoder) => decoder.flush(),
        }
    }

    fn into_inner(self) -> HashingSink {
        match self {
            Self::Plain(hashed) => hashed,
            Self::Zstd(decoder) => decoder.into_inner(),
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

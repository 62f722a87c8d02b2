//! `ByteStream.Read`: downloading one large blob.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::bytestream::{ReadRequest, ReadResponse};
use spec_cas::CasError;
use spec_model::Digest;
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
        let sink = self.blocking_once(move || receiver.sink(&digest)).await?;
        let unfinished = Mutex::new(Some(BoundedSink { sink, left: digest.size() }));
        let read = || async {
            let mut place = unfinished.lock().await;
            let Some(sink) = place.take() else {
                return Err(self.protocol_error(FETCH, "the blob cannot be received again").into());
            };
            match self.read(sink, digest, zstd).await? {
                ReadPart::Whole => Ok(()),
                ReadPart::Interrupted(sink, status) => {
                    *place = Some(sink);
                    Err(AttemptError::Status(status))
                }
            }
        };
        self.retry_within(RetryLimits::of_transfer(deadline(self.options(), digest.size())), FETCH, read)
            .await?;
        Ok(TransferTotals::of(&[digest]))
    }

    async fn read(&self, sink: BoundedSink, digest: Digest, zstd: bool) -> Result<ReadPart, AttemptError> {
        let offset = digest.size() - sink.left;
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
            Err(status) => return Ok(ReadPart::Interrupted(sink, status)),
            Ok(stream) => stream.into_inner(),
        };
        let (sender, pieces) = mpsc::channel(AHEAD);
        let written = tokio::spawn(blocking(move || write(sink, zstd, pieces)));
        let forwarded = forward(&mut stream, sender).await;
        let written = match written.await {
            Ok(written) => written?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        };
        match (written, forwarded) {
            (Written::Invalid, _) => Err(self.wrong_digest(&digest).into()),
            (Written::SoFar(sink), Err(status)) => Ok(ReadPart::Interrupted(sink, status)),
            (Written::SoFar(BoundedSink { sink, .. }), Ok(())) => {
                self.store(move || sink.finish()).await?;
                Ok(ReadPart::Whole)
            }
        }
    }
}

/// What one attempt to read a blob came to.
enum ReadPart {
    Whole,
    /// The part that was received, and why there was no more.
    Interrupted(BoundedSink, Status),
}

/// What was written of a stream.
enum Written {
    SoFar(BoundedSink),
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
    sink: BoundedSink,
    zstd: bool,
    mut pieces: mpsc::Receiver<Option<Vec<u8>>>,
) -> Result<Written, CasError> {
    let failed = |error| CasError::writing("a blob from a server", error);
    let mut decoder = match zstd {
        true => StreamDecoder::Zstd(Box::new(Decoder::new(sink).map_err(failed)?)),
        false => StreamDecoder::Plain(sink),
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
    Plain(BoundedSink),
    Zstd(Box<Decoder<'static, BoundedSink>>),
}

impl StreamDecoder {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(piece),
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

    fn into_inner(self) -> BoundedSink {
        match self {
            Self::Plain(sink) => sink,
            Self::Zstd(decoder) => decoder.into_inner(),
        }
    }
}

/// Takes no more bytes than the blob has.
struct BoundedSink {
    sink: Box<dyn BlobSink>,
    left: u64,
}

impl Write for BoundedSink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() as u64 > self.left {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let count = self.sink.write(bytes)?;
        self.left -= count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.sink.flush()
    }
}

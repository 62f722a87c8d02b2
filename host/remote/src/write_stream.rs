//! `ByteStream.Write`: uploading one large blob.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bazel_remote_apis::google::bytestream::{QueryWriteStatusRequest, WriteRequest};
use spec_cas::CasError;
use spec_model::Digest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zstd::stream::write::Encoder;

use crate::blob::{BlobContents, BlobProvider, TransferTotals};
use crate::connect::{RetryLimits, deadline};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{AttemptError, blocking};
use crate::upload::{LEVEL, STORE};
use crate::wire;

/// Bytes of one message.
const PIECE: usize = 1 << 20;
/// Messages that are read from the disk before the network has sent earlier ones.
const AHEAD: usize = 2;

impl Remote {
    /// Uploads one blob. Another attempt goes on where the server has got to, unless the upload is compressed.
    pub(crate) async fn upload_stream(
        &self,
        provider: Arc<dyn BlobProvider>,
        digest: Digest,
    ) -> Result<TransferTotals, RemoteError> {
        let zstd = self.compresses_streams().await?;
        let name = wire::write_name(&self.instance(), self.function(), &digest, zstd);
        let is_first = AtomicBool::new(true);
        let write = || async {
            let resumes = !is_first.swap(false, Ordering::Relaxed) && !zstd;
            let offset = if resumes { self.committed(&name, &digest).await } else { 0 };
            if resumes && offset == digest.size() {
                return Ok(());
            }
            self.write(Arc::clone(&provider), digest, zstd, (name.clone(), offset)).await
        };
        self.retry_within(RetryLimits::of_transfer(deadline(self.options(), digest.size())), STORE, write)
            .await?;
        Ok(TransferTotals::of(&[digest]))
    }

    /// How much of an upload that broke off the server has; it may not tell.
    async fn committed(&self, name: &str, digest: &Digest) -> u64 {
        let message = QueryWriteStatusRequest { resource_name: name.to_owned() };
        match self.streams().query_write_status(self.request(message, 0)).await {
            Ok(answer) => u64::try_from(answer.into_inner().committed_size).unwrap_or(0).min(digest.size()),
            Err(_) => 0,
        }
    }

    async fn write(
        &self,
        provider: Arc<dyn BlobProvider>,
        digest: Digest,
        zstd: bool,
        (name, offset): (String, u64),
    ) -> Result<(), AttemptError> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let messages = WriteMessages { name, offset: offset.cast_signed(), sender };
        let read = tokio::spawn(blocking(move || read(&*provider, &digest, zstd, messages)));
        let request = self.request(ReceiverStream::new(receiver), digest.size());
        let answer = self.streams().write(request).await;
        // An error of the provider is the cause of the server's error about an incomplete blob.
        match read.await {
            Ok(read) => read?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
        let committed = answer?.into_inner().committed_size;
        // REAPI: a compressed size is not checked, and -1 says that the server has the blob already.
        match zstd || committed == digest.size().cast_signed() {
            true => Ok(()),
            false => {
                Err(self.protocol_error(STORE, format!("it stored {committed} bytes of {digest}")).into())
            }
        }
    }

    /// Whether blobs in streams are compressed.
    pub(crate) async fn compresses_streams(&self) -> Result<bool, RemoteError> {
        Ok(!self.options().address.is_local() && self.capabilities().await?.zstd)
    }
}

/// Sends the messages of one write.
struct WriteMessages {
    /// The resource name, which is in the first message only.
    name: String,
    offset: i64,
    sender: mpsc::Sender<WriteRequest>,
}

impl WriteMessages {
    /// Returns `false` when the server does not read any more: it has the blob already, or failed.
    fn send(&mut self, data: Vec<u8>, is_last: bool) -> bool {
        let (length, resource_name) = (data.len(), std::mem::take(&mut self.name));
        let write_offset = self.offset;
        self.offset += length as i64;
        let message = WriteRequest { resource_name, write_offset, finish_write: is_last, data };
        self.sender.blocking_send(message).is_ok()
    }
}

fn read(
    provider: &dyn BlobProvider,
    digest: &Digest,
    zstd: bool,
    mut messages: WriteMessages,
) -> Result<(), CasError> {
    let failed = |error| CasError::writing("a blob to send", error);
    let offset = messages.offset.unsigned_abs();
    let mut source: Box<dyn Read> = match provider.open(digest)? {
        BlobContents::Bytes(bytes) => {
            let mut cursor = std::io::Cursor::new(bytes);
            cursor.set_position(offset);
            Box::new(cursor)
        }
        BlobContents::File(mut file) => {
            file.seek(SeekFrom::Start(offset)).map_err(failed)?;
            Box::new(file)
        }
    };
    let mut encoder = zstd.then(|| Encoder::new(Vec::new(), LEVEL)).transpose().map_err(failed)?;
    let mut left = digest.size() - offset;
    while left > 0 {
        let mut piece = Vec::with_capacity(PIECE);
        source.by_ref().take(PIECE as u64).read_to_end(&mut piece).map_err(failed)?;
        if piece.is_empty() {
            break;
        }
        left = left.saturating_sub(piece.len() as u64);
        if let Some(encoder) = &mut encoder {
            encoder.write_all(&piece).map_err(failed)?;
            piece = std::mem::take(encoder.get_mut());
        }
        let is_last = left == 0 && encoder.is_none();
        // The compressor may have buffered all of the piece.
        let is_buffered = piece.is_empty() && encoder.is_some();
        if !is_buffered && !messages.send(piece, is_last) {
            return Ok(());
        }
    }
    if let Some(encoder) = encoder {
        messages.send(encoder.finish().map_err(failed)?, true);
    } else if offset == digest.size() {
        // The stream of an empty blob has a message, too.
        messages.send(Vec::new(), true);
    }
    Ok(())
}

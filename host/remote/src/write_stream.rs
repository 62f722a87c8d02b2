//! `ByteStream.Write`: uploading one large blob.

use std::io::{Read, Write};
use std::sync::Arc;

use bazel_remote_apis::google::bytestream::WriteRequest;
use spec_cas::CasError;
use spec_model::Digest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zstd::stream::write::Encoder;

use crate::blob::{BlobContents, BlobProvider, TransferTotals};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{AttemptError, blocking};
use crate::upload::STORE;
use crate::wire;

/// Bytes of one message.
const PIECE: usize = 1 << 20;
/// Messages that are read from the disk before the network has sent earlier ones.
const AHEAD: usize = 2;
/// zstd's compression level: a fast one, so that the network stays the bottleneck.
const LEVEL: i32 = 1;

impl Remote {
    /// Uploads one blob. Another attempt starts from the beginning.
    pub(crate) async fn upload_stream(
        &self,
        provider: Arc<dyn BlobProvider>,
        digest: Digest,
    ) -> Result<TransferTotals, RemoteError> {
        self.retry(STORE, || self.write(Arc::clone(&provider), digest)).await?;
        Ok(TransferTotals::of(&[digest]))
    }

    async fn write(&self, provider: Arc<dyn BlobProvider>, digest: Digest) -> Result<(), AttemptError> {
        let zstd = self.compresses_streams();
        let (sender, receiver) = mpsc::channel(AHEAD);
        let name = wire::write_name(&self.instance(), self.function(), &digest, zstd);
        let messages = WriteMessages { name, offset: 0, sender };
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
    pub(crate) fn compresses_streams(&self) -> bool {
        self.capabilities().zstd && !self.options().address.is_local()
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
    let mut source: Box<dyn Read> = match provider.open(digest)? {
        BlobContents::Bytes(bytes) => Box::new(std::io::Cursor::new(bytes)),
        BlobContents::File(file) => Box::new(file),
    };
    let failed = |error| CasError::writing("a blob to send", error);
    let mut encoder = zstd.then(|| Encoder::new(Vec::new(), LEVEL)).transpose().map_err(failed)?;
    let mut left = digest.size();
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
    }
    Ok(())
}

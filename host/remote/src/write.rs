//! One large blob to a server.

use std::io::{Read, Write};
use std::sync::Arc;

use bazel_remote_apis::google::bytestream::WriteRequest;
use spec_cas::CasError;
use spec_model::Digest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zstd::stream::write::Encoder;

use crate::blob::{Blob, Moved, Provider};
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::{Failed, blocking};
use crate::upload::STORE;
use crate::wire;

/// Bytes of one message.
pub(crate) const PIECE: usize = 1 << 20;
/// Messages that are read before the network takes them.
const AHEAD: usize = 2;
/// Fast: the network is what waits.
const LEVEL: i32 = 1;

impl Remote {
    /// Sends one blob. What a broken connection had sent of it is sent again.
    pub(crate) async fn upload_stream(
        &self,
        provider: Arc<dyn Provider>,
        digest: Digest,
    ) -> Result<Moved, RemoteError> {
        self.retry(STORE, || self.write(Arc::clone(&provider), digest)).await?;
        Ok(Moved::of(&[digest]))
    }

    async fn write(&self, provider: Arc<dyn Provider>, digest: Digest) -> Result<(), Failed> {
        let zstd = self.compresses();
        let (sender, receiver) = mpsc::channel(AHEAD);
        let name = wire::to_write(&self.instance(), self.function(), &digest, zstd);
        let messages = Messages { name, offset: 0, sender };
        let read = tokio::spawn(blocking(move || read(&*provider, &digest, zstd, messages)));
        let request = self.request(ReceiverStream::new(receiver), digest.size());
        let answer = self.streams().write(request).await;
        // A provider that failed is the cause of whatever the server made of half a blob.
        match read.await {
            Ok(read) => read?,
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
        let committed = answer?.into_inner().committed_size;
        // REAPI: a compressed size is not checked, and -1 says that the server has the blob already.
        match zstd || committed == digest.size().cast_signed() {
            true => Ok(()),
            false => Err(self.broken(STORE, format!("it took {committed} bytes of {digest}")).into()),
        }
    }

    /// Whether blobs are compressed on their way.
    pub(crate) fn compresses(&self) -> bool {
        self.offer().zstd && !self.options().address.is_local()
    }
}

/// The messages of one write.
struct Messages {
    /// Only the first message has it.
    name: String,
    offset: i64,
    sender: mpsc::Sender<WriteRequest>,
}

impl Messages {
    /// `false` when nobody listens any more: the server has the blob, or gave up.
    fn send(&mut self, data: Vec<u8>, is_last: bool) -> bool {
        let (length, resource_name) = (data.len(), std::mem::take(&mut self.name));
        let write_offset = self.offset;
        self.offset += length as i64;
        let message = WriteRequest { resource_name, write_offset, finish_write: is_last, data };
        self.sender.blocking_send(message).is_ok()
    }
}

fn read(
    provider: &dyn Provider,
    digest: &Digest,
    zstd: bool,
    mut messages: Messages,
) -> Result<(), CasError> {
    let mut source: Box<dyn Read> = match provider.open(digest)? {
        Blob::Bytes(bytes) => Box::new(std::io::Cursor::new(bytes)),
        Blob::File(file) => Box::new(file),
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
        // A compressor may keep what it gets for later.
        let is_kept = piece.is_empty() && encoder.is_some();
        if !is_kept && !messages.send(piece, is_last) {
            return Ok(());
        }
    }
    if let Some(encoder) = encoder {
        messages.send(encoder.finish().map_err(failed)?, true);
    }
    Ok(())
}

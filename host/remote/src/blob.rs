//! The contracts of both ends of a transfer: who provides blobs and who receives them.

use std::fs::File;
use std::io::{self, Write};

use spec_cas::CasError;
use spec_model::{Digest, DigestFunction, DigestHasher};

/// The contents of a blob that is to be sent.
#[derive(Debug)]
pub enum BlobContents {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file, which holds nothing else.
    File(File),
}

/// Provides blobs to send. Called on threads that may block.
pub trait BlobProvider: Send + Sync + 'static {
    /// The blob with this digest.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn open(&self, digest: &Digest) -> Result<BlobContents, CasError>;
}

/// Receives blobs, and checks that they have their digests. Called on threads that may block.
pub trait BlobReceiver: Send + Sync + 'static {
    /// Stores a blob if it has this digest.
    ///
    /// # Errors
    /// [`CasError::WrongDigest`] when it has another one; when the disk is full or fails.
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError>;

    /// Stores many blobs.
    ///
    /// # Errors
    /// As [`put`](Self::put); some may be stored then.
    fn put_many(&self, blobs: &[(Digest, Vec<u8>)]) -> Result<(), CasError> {
        blobs.iter().try_for_each(|(digest, bytes)| self.put(digest, bytes))
    }

    /// Opens a sink for a large blob, which is written piece by piece. The blob must not be visible before
    /// [`BlobSink::finish`].
    ///
    /// # Errors
    /// When the disk is full or fails.
    fn sink(&self, digest: &Digest) -> Result<Box<dyn BlobSink>, CasError>;
}

/// Takes the contents of one large blob. Dropping it without [`finish`](Self::finish) discards them.
pub trait BlobSink: Write + Send {
    /// Makes the blob visible if what was written has its digest.
    ///
    /// # Errors
    /// As [`BlobReceiver::put`].
    fn finish(self: Box<Self>) -> Result<(), CasError>;
}

/// Digests what it writes, for sinks that do not.
pub(crate) struct DigestingWriter<W> {
    writer: W,
    hasher: DigestHasher,
}

impl<W: Write> DigestingWriter<W> {
    pub(crate) fn new(writer: W, function: DigestFunction) -> Self {
        Self { writer, hasher: function.hasher() }
    }

    /// What it wrote to.
    ///
    /// # Errors
    /// As [`CasError::check_digest`].
    pub(crate) fn finish(self, expected: &Digest) -> Result<W, CasError> {
        CasError::check_digest(expected, self.hasher.finish()).map(|()| self.writer)
    }
}

impl<W: Write> Write for DigestingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.writer.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// How many blobs and bytes were sent or received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferTotals {
    /// Number of blobs.
    pub blobs: u64,
    /// The sum of their uncompressed sizes.
    pub bytes: u64,
}

impl TransferTotals {
    pub(crate) fn of<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Self {
        let one = |digest: &Digest| Self { blobs: 1, bytes: digest.size() };
        digests.into_iter().map(one).fold(Self::default(), Self::plus)
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { blobs: self.blobs + other.blobs, bytes: self.bytes + other.bytes }
    }
}

#[cfg(test)]
mod tests;

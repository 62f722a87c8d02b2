//! Where blobs come from and where they go.

use std::fs::File;
use std::io::Write;

use spec_cas::CasError;
use spec_model::Digest;

/// A blob that is there to be read.
#[derive(Debug)]
pub enum Blob {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file, which holds nothing else.
    File(File),
}

/// Who has blobs. Called on threads that may wait.
pub trait Provider: Send + Sync + 'static {
    /// The blob with this digest.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn open(&self, digest: &Digest) -> Result<Blob, CasError>;
}

/// Who takes blobs. Called on threads that may wait.
pub trait Receiver: Send + Sync + 'static {
    /// Takes a blob whose digest was checked.
    ///
    /// # Errors
    /// When the disk is full or fails.
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError>;

    /// Takes a large blob piece by piece. Nothing of it may be seen before [`Sink::finish`].
    ///
    /// # Errors
    /// When the disk is full or fails.
    fn sink(&self, digest: &Digest) -> Result<Box<dyn Sink>, CasError>;
}

/// A large blob on its way in. Dropping it leaves nothing.
pub trait Sink: Write + Send {
    /// The blob is complete, and has its digest.
    ///
    /// # Errors
    /// When the disk is full or fails.
    fn finish(self: Box<Self>) -> Result<(), CasError>;
}

/// What was moved over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many blobs.
    pub blobs: u64,
    /// Their sizes together, uncompressed.
    pub bytes: u64,
}

impl Moved {
    pub(crate) fn of<'a>(digests: impl IntoIterator<Item = &'a Digest>) -> Self {
        let one = |digest: &Digest| Self { blobs: 1, bytes: digest.size() };
        digests.into_iter().map(one).fold(Self::default(), Self::and)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { blobs: self.blobs + other.blobs, bytes: self.bytes + other.bytes }
    }
}

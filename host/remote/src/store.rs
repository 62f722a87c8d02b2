//! The store as one who has blobs and takes them.

use std::io::{self, Write};

use spec_cas::{BlobWriter, Cas, CasError};
use spec_model::Digest;

use crate::blob::{Blob, Provider, Receiver, Sink};

impl Provider for Cas {
    fn open(&self, digest: &Digest) -> Result<Blob, CasError> {
        self.open_blob(digest).map(Blob::File)
    }
}

impl Receiver for Cas {
    fn put(&self, _: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        self.put_bytes(bytes).map(drop)
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn Sink>, CasError> {
        Ok(Box::new(Stored { writer: self.writer_with_size(digest.size()), digest: *digest }))
    }
}

struct Stored {
    writer: BlobWriter,
    digest: Digest,
}

impl Write for Stored {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Sink for Stored {
    fn finish(self: Box<Self>) -> Result<(), CasError> {
        self.writer.finish_expecting(&self.digest)
    }
}

//! The store as a provider and a receiver of blobs.

use std::io::{self, Write};

use spec_cas::{BlobWriter, Cas, CasError};
use spec_model::Digest;

use crate::blob::{BlobContents, BlobProvider, BlobReceiver, BlobSink};

impl BlobProvider for Cas {
    fn open(&self, digest: &Digest) -> Result<BlobContents, CasError> {
        self.open_blob(digest).map(BlobContents::File)
    }
}

impl BlobReceiver for Cas {
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        self.put_expecting(digest, bytes)
    }

    fn put_many(&self, blobs: &[(Digest, Vec<u8>)]) -> Result<(), CasError> {
        self.put_many_expecting(blobs)
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn BlobSink>, CasError> {
        Ok(Box::new(StoreSink { writer: self.writer_with_size(digest.size()), digest: *digest }))
    }
}

struct StoreSink {
    writer: BlobWriter,
    digest: Digest,
}

impl Write for StoreSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl BlobSink for StoreSink {
    fn finish(self: Box<Self>) -> Result<(), CasError> {
        self.writer.finish_expecting(&self.digest)
    }
}

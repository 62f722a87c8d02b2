//! Receives blobs into memory: directory messages, which must be read before it is known what else a tree needs.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use spec_cas::CasError;
use spec_model::{Digest, DigestFunction};

use crate::blob::{BlobReceiver, BlobSink, DigestingWriter};

type Blobs = Arc<Mutex<HashMap<Digest, Vec<u8>>>>;

/// Keeps received blobs in memory.
pub(crate) struct MemoryReceiver {
    function: DigestFunction,
    blobs: Blobs,
}

impl MemoryReceiver {
    pub(crate) fn new(function: DigestFunction) -> Self {
        Self { function, blobs: Blobs::default() }
    }

    /// Removes and returns all blobs that were received.
    pub(crate) fn take(&self) -> HashMap<Digest, Vec<u8>> {
        std::mem::take(&mut self.blobs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl BlobReceiver for MemoryReceiver {
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        CasError::check_digest(digest, self.function.of(bytes))?;
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest, bytes.to_vec());
        Ok(())
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn BlobSink>, CasError> {
        let bytes = DigestingWriter::new(vec![], self.function);
        Ok(Box::new(MemorySink { digest: *digest, bytes, blobs: Arc::clone(&self.blobs) }))
    }
}

struct MemorySink {
    digest: Digest,
    bytes: DigestingWriter<Vec<u8>>,
    blobs: Blobs,
}

impl Write for MemorySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobSink for MemorySink {
    fn finish(self: Box<Self>) -> Result<(), CasError> {
        let bytes = self.bytes.finish(&self.digest)?;
        self.blobs.lock().unwrap_or_else(PoisonError::into_inner).insert(self.digest, bytes);
        Ok(())
    }
}

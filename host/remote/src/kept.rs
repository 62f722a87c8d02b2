//! Memory as one who takes blobs: what has to be read before it is known what else there is.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use spec_cas::CasError;
use spec_model::Digest;

use crate::blob::{Receiver, Sink};

type Blobs = Arc<Mutex<HashMap<Digest, Vec<u8>>>>;

/// Blobs in memory.
#[derive(Default)]
pub(crate) struct Kept(Blobs);

impl Kept {
    /// All that came since the last look.
    pub(crate) fn take(&self) -> HashMap<Digest, Vec<u8>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Receiver for Kept {
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(*digest, bytes.to_vec());
        Ok(())
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn Sink>, CasError> {
        Ok(Box::new(Coming { digest: *digest, bytes: vec![], kept: Arc::clone(&self.0) }))
    }
}

struct Coming {
    digest: Digest,
    bytes: Vec<u8>,
    kept: Blobs,
}

impl Write for Coming {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Coming {
    fn finish(self: Box<Self>) -> Result<(), CasError> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(self.digest, self.bytes);
        Ok(())
    }
}

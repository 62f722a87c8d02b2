//! Reading one blob for `ByteStream.Read`.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use spec_cas::Cas;
use spec_model::{Digest, DigestHasher};
use zstd::stream::write::Encoder;

use crate::request_error::RequestError;
use crate::zstd_blob;

/// Bytes of one message. It is large enough that the cost of a message does not matter, and small enough that a thousand
/// clients fit in memory.
const CHUNK: usize = 256 << 10;

/// Reads a part of a blob piece by piece. The digest of a whole blob is checked before its last piece is returned.
pub(crate) struct Download {
    cas: Cas,
    digest: Digest,
    file: File,
    offset: u64,
    end: u64,
    hasher: Option<DigestHasher>,
    encoder: Option<Encoder<'static, Vec<u8>>>,
}

impl Download {
    /// Reads at most `limit` bytes from `offset` on; a limit of 0 means to the end. With `zstd` the pieces are compressed.
    pub(crate) fn open(
        cas: &Cas,
        digest: Digest,
        offset: u64,
        limit: u64,
        zstd: bool,
    ) -> Result<Self, RequestError> {
        if offset > digest.size() {
            return Err(RequestError::OutOfRange(format!("offset {offset} is beyond the end of {digest}")));
        }
        let file = cas.open_blob(&digest)?;
        let rest = digest.size() - offset;
        let end = offset + if limit == 0 { rest } else { limit.min(rest) };
        let is_whole = offset == 0 && end == digest.size();
        let encoder = zstd.then(zstd_blob::encoder).transpose();
        Ok(Self {
            cas: cas.clone(),
            digest,
            file,
            offset,
            end,
            hasher: is_whole.then(|| cas.function().hasher()),
            encoder: encoder.map_err(|error| RequestError::failed("cannot compress", "zstd", error))?,
        })
    }

    /// Whether the last piece was returned.
    pub(crate) fn is_done(&self) -> bool {
        self.offset == self.end && self.encoder.is_none()
    }

    /// The next piece; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, RequestError> {
        let digest = self.digest;
        let failed =
            |error: io::Error| RequestError::failed(format!("cannot read {digest}"), "cas-io", error);
        while self.offset < self.end {
            let count = usize::try_from(self.end - self.offset).unwrap_or(CHUNK).min(CHUNK);
            let mut data = vec![0; count];
            self.file.read_exact_at(&mut data, self.offset).map_err(failed)?;
            self.offset += count as u64;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&data);
            }
            if self.offset == self.end {
                self.check_digest()?;
            }
            match &mut self.encoder {
                None => return Ok(Some(data)),
                Some(encoder) => encoder.write_all(&data).map_err(failed)?,
            }
            let compressed = self.take_compressed().map_err(failed)?;
            if !compressed.is_empty() {
                return Ok(Some(compressed));
            }
        }
        let rest = self.encoder.take().map(Encoder::finish).transpose().map_err(failed)?;
        Ok(rest.filter(|rest| !rest.is_empty()))
    }

    fn take_compressed(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.encoder.as_mut().map(|encoder| std::mem::take(encoder.get_mut())).unwrap_or_default())
    }

    /// Checks the digest of a whole blob, and moves a damaged one to quarantine.
    fn check_digest(&mut self) -> Result<(), RequestError> {
        match self.hasher.take().map(DigestHasher::finish) {
            Some(found) if found != self.digest => {
                tracing::error!(
                    reason = "cas-corrupt",
                    "blob {} is damaged on disk: found {found}",
                    self.digest
                );
                self.cas.quarantine(&self.digest)?;
                Err(RequestError::Damaged(format!("blob {} turned out to be damaged", self.digest)))
            }
            _ => Ok(()),
        }
    }
}

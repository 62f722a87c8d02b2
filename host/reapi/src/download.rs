//! One blob on its way out.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use spec_cas::Cas;
use spec_model::{Digest, DigestHasher};
use zstd::stream::write::Encoder;

use crate::refusal::Refusal;
use crate::zstd_blob;

/// Bytes of one message: large enough that messages do not count, small enough for a thousand clients.
pub(crate) const CHUNK: usize = 256 << 10;

/// A part of a blob, read piece by piece. A whole blob is checked, and its last piece held back if it is damaged.
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
    /// At most `limit` bytes from `offset` on; a limit of 0 means to the end. With `zstd` what comes out is compressed.
    pub(crate) fn open(
        cas: &Cas,
        digest: Digest,
        offset: u64,
        limit: u64,
        zstd: bool,
    ) -> Result<Self, Refusal> {
        if offset > digest.size() {
            return Err(Refusal::OutOfRange(format!("offset {offset} is behind the end of {digest}")));
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
            encoder: encoder.map_err(|error| Refusal::failed("cannot compress", "zstd", error))?,
        })
    }

    /// Whether there is nothing behind the last piece.
    pub(crate) fn is_done(&self) -> bool {
        self.offset == self.end && self.encoder.is_none()
    }

    /// The next piece; `None` behind the end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let digest = self.digest;
        let failed = |error: io::Error| Refusal::failed(format!("cannot read {digest}"), "cas-io", error);
        while self.offset < self.end {
            let count = usize::try_from(self.end - self.offset).unwrap_or(CHUNK).min(CHUNK);
            let mut data = vec![0; count];
            self.file.read_exact_at(&mut data, self.offset).map_err(failed)?;
            self.offset += count as u64;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&data);
            }
            if self.offset == self.end {
                self.check()?;
            }
            match &mut self.encoder {
                None => return Ok(Some(data)),
                Some(encoder) => encoder.write_all(&data).map_err(failed)?,
            }
            let packed = self.packed().map_err(failed)?;
            if !packed.is_empty() {
                return Ok(Some(packed));
            }
        }
        let rest = self.encoder.take().map(Encoder::finish).transpose().map_err(failed)?;
        Ok(rest.filter(|rest| !rest.is_empty()))
    }

    fn packed(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.encoder.as_mut().map(|encoder| std::mem::take(encoder.get_mut())).unwrap_or_default())
    }

    /// A damaged blob goes to quarantine.
    fn check(&mut self) -> Result<(), Refusal> {
        match self.hasher.take().map(DigestHasher::finish) {
            Some(found) if found != self.digest => {
                tracing::error!(
                    reason = "cas-corrupt",
                    "blob {} is damaged on disk: found {found}",
                    self.digest
                );
                self.cas.quarantine(&self.digest)?;
                Err(Refusal::Damaged(format!(
                    "blob {} turned out to be damaged; upload it again",
                    self.digest
                )))
            }
            _ => Ok(()),
        }
    }
}

//! One blob of a batch.

use std::io::Write;

use spec_cas::{Cas, CasError};
use spec_model::Digest;

use crate::options::MAX_BATCH;
use crate::refusal::Refusal;
use crate::zstd_blob;

/// Stores one blob if it has the announced digest.
pub(crate) fn update(cas: &Cas, digest: &Digest, data: &[u8], zstd: bool) -> Result<(), Refusal> {
    if digest.size() > MAX_BATCH {
        return Err(too_large(digest));
    }
    if zstd {
        let plain = zstd_blob::decompress(data, digest.size())?;
        return store(cas, digest, &plain);
    }
    store(cas, digest, data)
}

fn store(cas: &Cas, digest: &Digest, data: &[u8]) -> Result<(), Refusal> {
    if data.len() as u64 != digest.size() {
        let length = data.len();
        return Err(Refusal::Invalid(format!("{length} bytes came with the digest {digest}")));
    }
    let mut writer = cas.writer();
    writer.write_all(data).map_err(|error| CasError::writing(cas.root(), error))?;
    Ok(writer.finish_expecting(digest)?)
}

/// The contents of one blob, checked.
pub(crate) fn read(cas: &Cas, digest: &Digest) -> Result<Vec<u8>, Refusal> {
    match digest.size() > MAX_BATCH {
        true => Err(too_large(digest)),
        false => Ok(cas.get(digest)?),
    }
}

/// Refuses a batch that is larger than announced in the capabilities.
pub(crate) fn check_total(sizes: impl Iterator<Item = u64>) -> Result<(), Refusal> {
    let total = sizes.fold(0u64, u64::saturating_add);
    match total > MAX_BATCH {
        true => Err(Refusal::Invalid(format!("a batch of {total} bytes; at most {MAX_BATCH} are allowed"))),
        false => Ok(()),
    }
}

fn too_large(digest: &Digest) -> Refusal {
    Refusal::Invalid(format!("blob {digest} is too large for a batch of {MAX_BATCH} bytes; use ByteStream"))
}

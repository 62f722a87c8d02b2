//! Reading and storing the blobs of a batch request.

use std::io::Write;

use spec_cas::{Cas, CasError};
use spec_model::Digest;

use crate::options::MAX_BATCH;
use crate::request_error::RequestError;
use crate::zstd_blob;

/// Stores one blob if it has the announced digest.
pub(crate) fn store(cas: &Cas, digest: &Digest, data: &[u8], zstd: bool) -> Result<(), RequestError> {
    if digest.size() > MAX_BATCH {
        return Err(too_large(digest));
    }
    if zstd {
        let plain = zstd_blob::decompress(data, digest.size())?;
        return store_uncompressed(cas, digest, &plain);
    }
    store_uncompressed(cas, digest, data)
}

fn store_uncompressed(cas: &Cas, digest: &Digest, data: &[u8]) -> Result<(), RequestError> {
    if data.len() as u64 != digest.size() {
        let length = data.len();
        return Err(RequestError::Invalid(format!(
            "the data has {length} bytes, and its digest is {digest}"
        )));
    }
    let mut writer = cas.writer();
    writer.write_all(data).map_err(|error| CasError::writing(cas.root(), error))?;
    Ok(writer.finish_expecting(digest)?)
}

/// The contents of one blob. Its digest is checked.
pub(crate) fn read(cas: &Cas, digest: &Digest) -> Result<Vec<u8>, RequestError> {
    match digest.size() > MAX_BATCH {
        true => Err(too_large(digest)),
        false => Ok(cas.get(digest)?),
    }
}

/// Fails when a batch is larger than the capabilities allow.
pub(crate) fn check_total(sizes: impl Iterator<Item = u64>) -> Result<(), RequestError> {
    let total = sizes.fold(0u64, u64::saturating_add);
    match total > MAX_BATCH {
        true => Err(RequestError::Invalid(format!("the batch has {total} bytes; the limit is {MAX_BATCH}"))),
        false => Ok(()),
    }
}

fn too_large(digest: &Digest) -> RequestError {
    RequestError::Invalid(format!(
        "blob {digest} does not fit in a batch; expected at most {MAX_BATCH} bytes, and ByteStream for larger ones"
    ))
}

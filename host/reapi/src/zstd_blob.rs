//! zstd compression of blobs in requests. Blobs are stored uncompressed.

use std::io::{self, Read, Write};

use crate::request_error::RequestError;

/// zstd's level: a fast one.
const LEVEL: i32 = 1;

/// Decompresses a blob of `size` bytes. At most this many are decompressed: a small message must not become a huge blob.
pub(crate) fn decompress(data: &[u8], size: u64) -> Result<Vec<u8>, RequestError> {
    let failed = |error: io::Error| {
        RequestError::Invalid(format!("the data cannot be decompressed with zstd: {error}"))
    };
    let mut plain = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(data).map_err(failed)?;
    decoder.take(size.saturating_add(1)).read_to_end(&mut plain).map_err(failed)?;
    match plain.len() as u64 == size {
        true => Ok(plain),
        false => Err(RequestError::Invalid(format!("the decompressed data does not have {size} bytes"))),
    }
}

pub(crate) fn compress(data: &[u8]) -> Result<Vec<u8>, RequestError> {
    zstd::bulk::compress(data, LEVEL).map_err(|error| RequestError::failed("cannot compress", "zstd", error))
}

/// A compressor of a stream.
pub(crate) fn encoder() -> io::Result<zstd::stream::write::Encoder<'static, Vec<u8>>> {
    zstd::stream::write::Encoder::new(Vec::new(), LEVEL)
}

/// A decompressor of a stream, which writes to `to`.
pub(crate) fn decoder<W: Write>(to: W) -> io::Result<zstd::stream::write::Decoder<'static, W>> {
    zstd::stream::write::Decoder::new(to)
}

#[cfg(test)]
mod tests;

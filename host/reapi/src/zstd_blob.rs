//! Blobs compressed with Zstandard on their way. They are stored as they are.

use std::io::{self, Read, Write};

use crate::refusal::Refusal;

/// Fast, as a network between neighbours is.
const LEVEL: i32 = 1;

/// Undoes compression, of at most `size` bytes: a small message must not become a huge blob.
pub(crate) fn decompress(data: &[u8], size: u64) -> Result<Vec<u8>, Refusal> {
    let failed =
        |error: io::Error| Refusal::Invalid(format!("the data is not compressed with zstd: {error}"));
    let mut plain = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(data).map_err(failed)?;
    decoder.take(size.saturating_add(1)).read_to_end(&mut plain).map_err(failed)?;
    match plain.len() as u64 == size {
        true => Ok(plain),
        false => Err(Refusal::Invalid(format!("the data is not {size} bytes compressed with zstd"))),
    }
}

pub(crate) fn compress(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    zstd::bulk::compress(data, LEVEL).map_err(|error| Refusal::failed("cannot compress", "zstd", error))
}

/// Compresses a stream in pieces.
pub(crate) fn encoder() -> io::Result<zstd::stream::write::Encoder<'static, Vec<u8>>> {
    zstd::stream::write::Encoder::new(Vec::new(), LEVEL)
}

/// Undoes compression in pieces, into `to`.
pub(crate) fn decoder<W: Write>(to: W) -> io::Result<zstd::stream::write::Decoder<'static, W>> {
    zstd::stream::write::Decoder::new(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_announced_comes_out() {
        let data = vec![7; 100_000];
        let packed = compress(&data).expect("compresses");
        assert_eq!(decompress(&packed, 100_000).expect("the right size"), data);
        for (bytes, size) in [(&packed[..], 99_999), (&packed, 100_001), (&packed[..20], 100_000), (b"no", 2)]
        {
            assert_eq!(decompress(bytes, size).expect_err("wrong").reason(), "invalid", "{size}");
        }
    }
}

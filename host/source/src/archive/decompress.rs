//! Recognises a compression by its first bytes.

use std::io::{self, Cursor, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

/// The limit on the decoder's memory, more than any preset of xz needs.
const XZ_MEMORY: u64 = 1 << 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Gzip,
    Bzip2,
    /// xz, or lzma's own older format.
    Xz,
    Lzip,
    Zstd,
}

fn detect(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [b'B', b'Z', b'h', ..] => Compression::Bzip2,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] | [0x5d, 0, 0, ..] => Compression::Xz,
        [b'L', b'Z', b'I', b'P', ..] => Compression::Lzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

/// The bytes of the tar inside `input`.
///
/// # Errors
/// When the input cannot be read, or a decoder cannot be set up.
pub(crate) fn decompress<'r>(mut input: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut start = Vec::with_capacity(6);
    input.by_ref().take(6).read_to_end(&mut start)?;
    let compression = detect(&start);
    let input = Cursor::new(start).chain(input);
    Ok(match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(MultiGzDecoder::new(input)),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(input)),
        Compression::Xz => {
            Box::new(XzDecoder::new_stream(input, Stream::new_auto_decoder(XZ_MEMORY, CONCATENATED)?))
        }
        Compression::Lzip => {
            Box::new(XzDecoder::new_stream(input, Stream::new_lzip_decoder(XZ_MEMORY, CONCATENATED)?))
        }
        Compression::Zstd => Box::new(zstd::Decoder::new(input)?),
    })
}

#[cfg(test)]
mod tests;

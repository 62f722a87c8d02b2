//! Finds the files of a package of Debian: the tar in its archive of the old format `ar`.

use std::io::{self, Read};

use super::{ArchiveError, damaged};

const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of the header of a member.
const HEADER: usize = 60;

/// The bytes of the member `data.tar`, compressed or not.
pub(super) fn data_tar<R: Read>(mut input: R) -> Result<io::Take<R>, ArchiveError> {
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic).map_err(|_| ArchiveError::NoDeb)?;
    if magic != *MAGIC {
        return Err(ArchiveError::NoDeb);
    }
    loop {
        let mut header = [0; HEADER];
        match input.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(ArchiveError::NoDeb),
            read => read.map_err(damaged)?,
        }
        let size = std::str::from_utf8(&header[48..58]).ok().and_then(|text| text.trim().parse::<u64>().ok());
        let size = size.filter(|_| header[58..] == *b"`\n").ok_or(ArchiveError::NoDeb)?;
        if header[..16].windows(8).any(|name| name == b"data.tar") {
            return Ok(input.take(size));
        }
        let padded = size.checked_add(size % 2).ok_or(ArchiveError::NoDeb)?;
        let skipped = io::copy(&mut input.by_ref().take(padded), &mut io::sink()).map_err(damaged)?;
        if skipped < padded {
            return Err(ArchiveError::NoDeb);
        }
    }
}

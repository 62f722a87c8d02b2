//! Copies and digests files with holes: holes stay holes, and are not read from the disk.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};

use rustix::fs::SeekFrom;
use rustix::io::Errno;
use spec_model::{Cancel, Digest, DigestFunction, DigestHasher};

use crate::error::CasError;

/// Bytes that are read at a time for hashing: large enough that the cost of system calls is negligible, small enough
/// for the processor's cache.
const CHUNK: usize = 256 << 10;
/// Bytes of a block of most file systems.
const BLOCK: usize = 4096;
/// Bytes that one system call copies, so that cancelled work ends soon.
const STEP: u64 = 8 << 20;
static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// Whether the file has fewer blocks than its size needs.
fn has_holes(file: &File) -> io::Result<bool> {
    let meta = file.metadata()?;
    Ok(meta.blocks().saturating_mul(512) < meta.len())
}

/// Calls `visit` with every piece of data of a file, in order; between them are holes, and one may be at the end.
fn each_extent(
    file: &File,
    size: u64,
    mut visit: impl FnMut(Range<u64>) -> io::Result<()>,
) -> io::Result<()> {
    let mut at = 0;
    while at < size {
        let start = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(start) => start.min(size),
            Err(Errno::NXIO) => return Ok(()),
            // The file system does not report holes.
            Err(_) => return visit(at..size),
        };
        let end = rustix::fs::seek(file, SeekFrom::Hole(start)).map_or(size, |end| end.min(size));
        if start >= end {
            return Ok(());
        }
        visit(start..end)?;
        at = end;
    }
    Ok(())
}

/// Digests all of a file.
pub(crate) fn digest(function: DigestFunction, file: &File, cancel: &Cancel) -> io::Result<Digest> {
    let mut hasher = function.hasher();
    digest_into(&mut hasher, file, None, cancel)?;
    Ok(hasher.finish())
}

/// Copies a file to an empty one, holes as holes, and digests it on the way.
pub(crate) fn copy_and_digest(
    function: DigestFunction,
    file: &File,
    to: &File,
    cancel: &Cancel,
) -> io::Result<Digest> {
    let mut hasher = function.hasher();
    digest_into(&mut hasher, file, Some(to), cancel)?;
    Ok(hasher.finish())
}

fn digest_into(hasher: &mut DigestHasher, file: &File, to: Option<&File>, cancel: &Cancel) -> io::Result<()> {
    let size = file.metadata()?.len();
    let mut buffer = vec![0; CHUNK];
    let mut done = 0;
    let mut data = |extent: Range<u64>| {
        zeros(hasher, extent.start - done, cancel)?;
        let mut at = extent.start;
        while at < extent.end {
            check(cancel)?;
            let most = usize::try_from(extent.end - at).unwrap_or(CHUNK).min(CHUNK);
            let count = read_at(file, &mut buffer[..most], at)?;
            hasher.update(&buffer[..count]);
            if let Some(to) = to {
                to.write_all_at(&buffer[..count], at)?;
            }
            at += count as u64;
        }
        done = extent.end;
        Ok(())
    };
    if has_holes(file)? {
        each_extent(file, size, &mut data)?;
    } else {
        data(0..size)?;
    }
    zeros(hasher, size - done, cancel)?;
    to.map_or(Ok(()), |to| to.set_len(size))
}

/// Fails when the file became shorter while it was read.
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

fn zeros(hasher: &mut DigestHasher, mut count: u64, cancel: &Cancel) -> io::Result<()> {
    while count > 0 {
        check(cancel)?;
        let now = count.min(ZEROS.len() as u64);
        hasher.update(&ZEROS[..now as usize]);
        count -= now;
    }
    Ok(())
}

/// Fills an empty file with the contents of another: shares the blocks where the file system can, otherwise copies in
/// the kernel and keeps holes. Contents of one block are read and written, which takes less time than to share them.
pub(crate) fn clone_or_copy(from: &File, to: &File, cancel: &Cancel) -> io::Result<()> {
    let meta = from.metadata()?;
    let size = meta.len();
    let has_holes = meta.blocks().saturating_mul(512) < size;
    if size <= BLOCK as u64 && !has_holes {
        return copy_block(from, to, size as usize);
    }
    if rustix::fs::ioctl_ficlone(to, from).is_ok() {
        return Ok(());
    }
    if has_holes {
        each_extent(from, size, |extent| copy(from, to, extent, cancel))?;
        return to.set_len(size);
    }
    copy(from, to, 0..size, cancel)
}

fn copy_block(from: &File, to: &File, size: usize) -> io::Result<()> {
    let mut block = [0; BLOCK];
    from.read_exact_at(&mut block[..size], 0)?;
    to.write_all_at(&block[..size], 0)
}

fn copy(from: &File, to: &File, extent: Range<u64>, cancel: &Cancel) -> io::Result<()> {
    let (mut read, mut written) = (extent.start, extent.start);
    while read < extent.end {
        check(cancel)?;
        let most = (extent.end - read).min(STEP) as usize;
        match rustix::fs::copy_file_range(from, Some(&mut read), to, Some(&mut written), most) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL | Errno::PERM) => {
                return copy_bytes(from, to, read..extent.end, cancel);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn copy_bytes(from: &File, to: &File, extent: Range<u64>, cancel: &Cancel) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut at = extent.start;
    while at < extent.end {
        check(cancel)?;
        let most = usize::try_from(extent.end - at).unwrap_or(CHUNK).min(CHUNK);
        let count = read_at(from, &mut buffer[..most], at)?;
        to.write_all_at(&buffer[..count], at)?;
        at += count as u64;
    }
    Ok(())
}

fn check(cancel: &Cancel) -> io::Result<()> {
    if cancel.is_cancelled() { Err(io::Error::other(CasError::Cancelled)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;

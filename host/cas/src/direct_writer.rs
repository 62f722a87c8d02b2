//! Writing large blobs past the page cache (`O_DIRECT`).
//!
//! A blob of many megabytes is rarely read soon after its upload. In the page cache it would cost one more copy and
//! pages that others need; on virtual machines the pages must be requested from the host first, which takes longer
//! than writing to a good disk. When a disk turns out to be slow, its data goes through the page cache after all.

use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use spec_model::DigestHasher;

/// Blobs of at least this many bytes are written this way.
pub(crate) const LARGE: u64 = 64 << 20;
/// Bytes that are written at a time.
const BLOCK: usize = 4 << 20;
/// The alignment that direct writes to every device satisfy.
const ALIGNMENT: usize = 4096;
/// Bytes a second below which the page cache is faster.
const SLOW: u64 = 300 << 20;

/// Collects bytes until there are enough for one write from aligned memory.
pub(crate) struct DirectWriter {
    buffer: Vec<u8>,
    /// Where aligned memory starts in the buffer.
    start: usize,
    filled: usize,
    written: u64,
    taken: Duration,
    direct: bool,
}

impl DirectWriter {
    /// A writer for an empty file. On file systems without direct writes it uses the page cache.
    pub(crate) fn new(file: &File) -> Self {
        let buffer = vec![0; BLOCK + ALIGNMENT];
        let start = buffer.as_ptr().align_offset(ALIGNMENT);
        // When the aligned offset is not known, the page cache is used.
        let direct = start <= ALIGNMENT && set_direct(file, true);
        let start = if direct { start } else { 0 };
        Self { buffer, start, filled: 0, written: 0, taken: Duration::ZERO, direct }
    }

    /// Takes bytes; a block is digested while it is written.
    pub(crate) fn write(
        &mut self,
        mut bytes: &[u8],
        file: &File,
        hasher: &mut DigestHasher,
        workers: &rayon::ThreadPool,
    ) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = bytes.len().min(BLOCK - self.filled);
            let (now, rest) = bytes.split_at(count);
            let at = self.start + self.filled;
            self.buffer[at..at + count].copy_from_slice(now);
            self.filled += count;
            bytes = rest;
            if self.filled == BLOCK {
                self.write_block(file, hasher, workers)?;
            }
        }
        Ok(())
    }

    /// Writes the rest through the page cache, because it is not a whole block.
    pub(crate) fn finish(self, mut file: &File, hasher: &mut DigestHasher) -> io::Result<()> {
        set_direct(file, false);
        let rest = &self.buffer[self.start..self.start + self.filled];
        hasher.update(rest);
        file.write_all(rest)
    }

    fn write_block(
        &mut self,
        file: &File,
        hasher: &mut DigestHasher,
        workers: &rayon::ThreadPool,
    ) -> io::Result<()> {
        let block = &self.buffer[self.start..self.start + BLOCK];
        let start = Instant::now();
        let (written, ()) = workers.join(|| write_all(file, block), || hasher.update(block));
        written?;
        self.filled = 0;
        self.written += BLOCK as u64;
        self.taken += start.elapsed();
        let slow = self.taken > Duration::from_millis(self.written * 1000 / SLOW);
        if self.direct && slow {
            self.direct = false;
            set_direct(file, false);
        }
        Ok(())
    }
}

/// Some file systems take the flag and refuse the write.
fn write_all(mut file: &File, mut block: &[u8]) -> io::Result<()> {
    while !block.is_empty() {
        match file.write(block) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => block = &block[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidInput && set_direct(file, false) => {
                return file.write_all(block);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn set_direct(file: &File, direct: bool) -> bool {
    let wanted = if direct { OFlags::DIRECT } else { OFlags::empty() };
    let set = |flags: OFlags| fcntl_setfl(file, flags.difference(OFlags::DIRECT).union(wanted));
    fcntl_getfl(file).and_then(set).is_ok()
}

#[cfg(test)]
mod tests;

//! Reads the directory of a zip archive, which is at its end.

use std::io::{Read, Seek, SeekFrom};

use super::{ArchiveError, ArchiveLimits, damaged};

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ZipEntry {
    /// The name as written; that of a directory ends with a slash.
    pub(super) name: String,
    /// How it is compressed.
    pub(super) method: u16,
    pub(super) encrypted: bool,
    /// The checksum of its contents.
    pub(super) crc: u32,
    /// Bytes in the archive.
    pub(super) packed: u64,
    /// Bytes of its contents.
    pub(super) size: u64,
    /// Where its header is in the archive.
    pub(super) offset: u64,
}

/// Bytes of the record at the end, without a comment, and the longest comment.
const END: u64 = 22;
const LONGEST_COMMENT: u64 = 0xffff;
/// Bytes of an entry without its name.
const ENTRY: usize = 46;
/// Bytes of the largest directory.
const LARGEST: u64 = 1 << 30;

/// The entries of an archive of `size` bytes, in order.
pub(super) fn read_directory(
    file: &mut (impl Read + Seek),
    size: u64,
    limits: ArchiveLimits,
) -> Result<Vec<ZipEntry>, ArchiveError> {
    let tail_start = size.saturating_sub(END + LONGEST_COMMENT);
    let tail = read_at(file, tail_start, size - tail_start)?;
    let end = tail.windows(4).rposition(|window| window == b"PK\x05\x06").ok_or(ArchiveError::NoZip)?;
    let record = Fields(tail.get(end..end + END as usize).ok_or(ArchiveError::NoZip)?);
    let mut directory = DirectoryPlace {
        count: record.u16(10).into(),
        bytes: record.u32(12).into(),
        offset: record.u32(16).into(),
        end: tail_start + end as u64,
    };
    if directory.count == 0xffff || directory.bytes == 0xffff_ffff || directory.offset == 0xffff_ffff {
        directory = large_place(file, directory)?;
    }
    // Bytes before the archive, as in programs that unpack themselves, move everything in it.
    let start = directory.end.checked_sub(directory.bytes).ok_or(ArchiveError::NoZip)?;
    let moved = start.checked_sub(directory.offset).ok_or(ArchiveError::NoZip)?;
    if directory.bytes > LARGEST {
        return Err(ArchiveError::NoZip);
    }
    if directory.count > limits.entries {
        return Err(super::limits::too_many(limits.entries));
    }
    let bytes = read_at(file, start, directory.bytes)?;
    let (mut rest, mut entries) = (&bytes[..], Vec::new());
    for _ in 0..directory.count {
        let (entry, after) = read_entry(rest, moved).ok_or(ArchiveError::NoZip)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// Where the directory is.
struct DirectoryPlace {
    count: u64,
    bytes: u64,
    /// Where it should be if nothing were before the archive.
    offset: u64,
    /// Where it ends.
    end: u64,
}

/// The place that a record for large archives tells, before the one at the end.
fn large_place(file: &mut (impl Read + Seek), small: DirectoryPlace) -> Result<DirectoryPlace, ArchiveError> {
    let Some(start) = small.end.checked_sub(20) else { return Ok(small) };
    let locator = read_at(file, start, 20)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(small);
    }
    let end = start.checked_sub(56).ok_or(ArchiveError::NoZip)?;
    let record = read_at(file, end, 56)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(ArchiveError::NoZip);
    }
    let record = Fields(&record);
    Ok(DirectoryPlace { count: record.u64(32), bytes: record.u64(40), offset: record.u64(48), end })
}

fn read_at(file: &mut (impl Read + Seek), start: u64, length: u64) -> Result<Vec<u8>, ArchiveError> {
    file.seek(SeekFrom::Start(start)).map_err(damaged)?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(damaged)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(ArchiveError::NoZip) }
}

/// The entry that the bytes of a directory begin with, and the bytes after it.
fn read_entry(bytes: &[u8], moved: u64) -> Option<(ZipEntry, &[u8])> {
    let fields = Fields(bytes.get(..ENTRY).filter(|bytes| bytes.starts_with(b"PK\x01\x02"))?);
    let lengths = [fields.u16(28), fields.u16(30), fields.u16(32)].map(usize::from);
    let name_end = ENTRY + lengths[0];
    let extra_end = name_end + lengths[1];
    let (name, extra) = (bytes.get(ENTRY..name_end)?, bytes.get(name_end..extra_end)?);
    let after = bytes.get(extra_end + lengths[2]..)?;
    let mut sizes = [fields.u32(24), fields.u32(20), fields.u32(42)].map(u64::from);
    let mut large = large_sizes(extra).into_iter();
    for size in sizes.iter_mut().filter(|size| **size == 0xffff_ffff) {
        *size = large.next()?;
    }
    let flags = fields.u16(8);
    let is_utf8 = flags & 0x800 != 0;
    let name = match (is_utf8, std::str::from_utf8(name)) {
        (true, Ok(text)) => text.to_owned(),
        (true, Err(_)) => return None,
        (false, _) => name.iter().map(|byte| code_page_437(*byte)).collect(),
    };
    // What comes after a NUL is not part of the name, as in Python.
    let name = name.split('\0').next().unwrap_or_default().to_owned();
    let [size, packed, offset] = sizes;
    let offset = offset.checked_add(moved)?;
    let entry = ZipEntry {
        name,
        method: fields.u16(10),
        encrypted: flags & 1 != 0,
        crc: fields.u32(16),
        packed,
        size,
        offset,
    };
    Some((entry, after))
}

/// The sizes and the offset that do not fit into an entry, in order.
fn large_sizes(extra: &[u8]) -> Vec<u64> {
    let mut rest = extra;
    while rest.len() >= 4 {
        let fields = Fields(rest);
        let (id, length) = (fields.u16(0), usize::from(fields.u16(2)));
        let Some(data) = rest.get(4..4 + length) else { break };
        if id == 1 {
            return data.chunks_exact(8).map(|chunk| Fields(chunk).u64(0)).collect();
        }
        rest = &rest[4 + length..];
    }
    Vec::new()
}

/// Numbers in bytes, the lowest byte first. The bytes are there.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn u64(&self, at: usize) -> u64 {
        self.0[at..at + 8].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn u32(&self, at: usize) -> u32 {
        self.0[at..at + 4].iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }
}

/// The character of a byte in names that are not UTF-8.
fn code_page_437(byte: u8) -> char {
    const HIGH: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
                        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
    match byte.checked_sub(0x80) {
        None => char::from(byte),
        Some(high) => HIGH.chars().nth(high.into()).unwrap_or('\u{fffd}'),
    }
}

#[cfg(test)]
mod tests;

//! Reads an archive's entries in one pass; contents are stored while it reads.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tar::{Archive, Entry, EntryType};

use super::decompress::decompress;
use super::limits::{ArchiveLimits, LimitCounter};
use super::member::{LONGEST, Member, MemberKind};
use super::sparse::{self, SparseFile};
use super::store_contents::ContentStorer;
use super::{ArchiveError, damaged};

/// The entries of the archive in `input`, in order.
pub(crate) fn read_members(
    input: impl Read,
    taken: Arc<AtomicU64>,
    limits: ArchiveLimits,
    storer: &mut ContentStorer,
) -> Result<Vec<Member>, ArchiveError> {
    let mut reader = MemberReader { taken, unpacked: Arc::default(), counter: LimitCounter::new(limits) };
    let decoded = decompress(input).map_err(|_| ArchiveError::Format)?;
    let counted = LimitedReader {
        inner: decoded,
        count: reader.unpacked.clone(),
        counter: LimitCounter::new(limits),
        taken: reader.taken.clone(),
    };
    let mut archive = Archive::new(counted);
    let mut members = Vec::new();
    for entry in archive.entries().map_err(damaged)? {
        let first = members.is_empty();
        let entry = entry.map_err(|error| reader.explain(error, first))?;
        members.extend(reader.member(entry, storer)?);
    }
    if reader.unpacked.load(Ordering::Relaxed) == 0 {
        return Err(ArchiveError::Format);
    }
    Ok(members)
}

struct MemberReader {
    /// Bytes of the archive that were used.
    taken: Arc<AtomicU64>,
    /// Bytes of the tar inside it.
    unpacked: Arc<AtomicU64>,
    counter: LimitCounter,
}

impl MemberReader {
    fn explain(&self, error: io::Error, first: bool) -> ArchiveError {
        let (unpacked, taken) = (self.unpacked.load(Ordering::Relaxed), self.taken.load(Ordering::Relaxed));
        match self.counter.expansion(unpacked, taken) {
            Err(bomb) => bomb,
            Ok(()) if first && error.kind() != io::ErrorKind::UnexpectedEof => ArchiveError::Format,
            Ok(()) => damaged(error),
        }
    }

    /// The next entry; `None` for a header that only describes other entries.
    fn member(
        &mut self,
        mut entry: Entry<'_, impl Read>,
        storer: &mut ContentStorer,
    ) -> Result<Option<Member>, ArchiveError> {
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            return Ok(None);
        }
        let mut name = text(&entry.path_bytes())?;
        let sparse = sparse::header(&mut entry).map_err(|error| self.explain(error, false))?;
        if let Some(real) = sparse.as_ref().and_then(|sparse| sparse.name.clone()) {
            name = text(real.as_bytes())?;
        }
        let size = sparse.as_ref().map_or(entry.size(), |sparse| sparse.size);
        self.counter.entry(size, self.taken.load(Ordering::Relaxed))?;
        let executable = entry.header().mode().map_err(damaged)? & 0o100 != 0;
        let target = entry.link_name_bytes().map(|target| text(&target)).transpose()?.unwrap_or_default();
        let flag = entry.header().as_bytes()[156];
        let kind = match kind {
            EntryType::Directory => MemberKind::Directory,
            EntryType::Regular if flag == 0 && name.ends_with('/') => MemberKind::Directory,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                MemberKind::File(self.contents(entry, sparse, size, storer)?)
            }
            EntryType::Symlink => MemberKind::Symlink { target },
            EntryType::Link => MemberKind::HardLink { target },
            EntryType::Char | EntryType::Block | EntryType::Fifo => MemberKind::Device,
            _ => MemberKind::Unknown(flag),
        };
        if kind == MemberKind::Directory {
            name.truncate(name.trim_end_matches('/').len());
        }
        Ok(Some(Member { name, kind, executable }))
    }

    fn contents(
        &self,
        entry: Entry<'_, impl Read>,
        sparse: Option<SparseFile>,
        size: u64,
        storer: &mut ContentStorer,
    ) -> Result<super::member::ContentIndex, ArchiveError> {
        let stored = match sparse {
            Some(sparse) => sparse.expand(entry).and_then(|file| storer.put(size, file)),
            None => storer.put(size, entry),
        };
        stored.map_err(|error| self.explain(error, false))
    }
}

/// A name or target as text. Very long ones are refused, because processing them takes time quadratic in their
/// length.
fn text(bytes: &[u8]) -> Result<String, ArchiveError> {
    let start = &bytes[..bytes.len().min(LONGEST)];
    let name = || ArchiveError::Name { entry: String::from_utf8_lossy(start).into_owned() };
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.len() <= LONGEST => Ok(text.to_owned()),
        _ => Err(name()),
    }
}

/// A reader that fails when the stream expands too much at any point.
struct LimitedReader<R> {
    inner: R,
    count: Arc<AtomicU64>,
    taken: Arc<AtomicU64>,
    counter: LimitCounter,
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let unpacked = self.count.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        self.counter.expansion(unpacked, self.taken.load(Ordering::Relaxed)).map_err(io::Error::other)?;
        Ok(count)
    }
}

//! Where actions write: in memory while there is plenty of it, else beside the store.

use std::path::PathBuf;

use spec_cas::{Cas, CasError, ScratchArea, ScratchDir};

use crate::shared_memory;

/// Bytes; a disk with less is full.
const LAST_ROOM: u64 = 1 << 20;

/// Gives folders for what actions write. The kernel makes and removes files for every overlay; in memory that takes
/// half of the time.
#[derive(Debug)]
pub(crate) struct ScratchAllocator {
    cas: Cas,
    memory: Option<MemoryArea>,
}

#[derive(Debug)]
struct MemoryArea {
    area: ScratchArea,
    folder: PathBuf,
}

/// Which kind of folder is wanted, or was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScratchMedium {
    Memory,
    Disk,
}

/// What is taken of a medium, or written to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DiskUsage {
    pub(crate) bytes: u64,
    pub(crate) entries: u64,
}

impl DiskUsage {
    pub(crate) fn plus(self, more: Self) -> Self {
        let bytes = self.bytes.saturating_add(more.bytes);
        Self { bytes, entries: self.entries.saturating_add(more.entries) }
    }

    pub(crate) fn minus(self, less: Self) -> Self {
        let bytes = self.bytes.saturating_sub(less.bytes);
        Self { bytes, entries: self.entries.saturating_sub(less.entries) }
    }

    pub(crate) fn is_within(self, most: Self) -> bool {
        self.bytes <= most.bytes && self.entries <= most.entries
    }
}

impl ScratchAllocator {
    /// An scratch beside `cas`; also in memory if that is wanted and possible.
    pub(crate) fn new(cas: Cas, in_memory: bool) -> Self {
        let memory = if in_memory { MemoryArea::open() } else { None };
        Self { cas, memory }
    }

    /// A new empty folder: in memory if at least half of it is free, unless `Disk` is wanted.
    pub(crate) fn folder(&self, wanted: ScratchMedium) -> Result<(ScratchDir, ScratchMedium), CasError> {
        match &self.memory {
            Some(memory) if wanted == ScratchMedium::Memory && memory.has_free(2) => {
                Ok((memory.area.scratch()?, ScratchMedium::Memory))
            }
            _ => Ok((self.cas.scratch()?, ScratchMedium::Disk)),
        }
    }

    /// What all that is on the medium takes; nothing where the system does not tell.
    pub(crate) fn taken(&self, medium: ScratchMedium) -> DiskUsage {
        let place = match (&self.memory, medium) {
            (Some(memory), ScratchMedium::Memory) => &memory.folder,
            _ => self.cas.root(),
        };
        rustix::fs::statvfs(place).map_or(DiskUsage::default(), |found| DiskUsage {
            bytes: found.f_blocks.saturating_sub(found.f_bfree).saturating_mul(found.f_frsize),
            entries: found.f_files.saturating_sub(found.f_ffree),
        })
    }

    /// Whether less than a quarter of the memory is free: an action in it has to go, or has failed for want of it.
    pub(crate) fn is_short(&self, medium: ScratchMedium) -> bool {
        medium == ScratchMedium::Memory && self.memory.as_ref().is_some_and(|memory| !memory.has_free(4))
    }

    /// Whether hardly anything can be written beside the store. File systems that do not count files say 0 of 0.
    pub(crate) fn is_disk_full(&self) -> bool {
        rustix::fs::statvfs(self.cas.root()).is_ok_and(|found| {
            let room = found.f_bavail.saturating_mul(found.f_frsize);
            room < LAST_ROOM || (found.f_favail == 0 && found.f_files > 0)
        })
    }
}

impl MemoryArea {
    fn open() -> Option<Self> {
        let folder = shared_memory::for_actions()?;
        Some(Self { area: ScratchArea::open(&folder).ok()?, folder })
    }

    fn has_free(&self, part: u64) -> bool {
        shared_memory::has_free(&self.folder, part)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn folders_are_where_they_are_wanted_and_go_when_dropped() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        for (in_memory, wanted) in
            [(true, ScratchMedium::Memory), (true, ScratchMedium::Disk), (false, ScratchMedium::Memory)]
        {
            let allocator = ScratchAllocator::new(cas.clone(), in_memory);
            let (scratch, medium) = allocator.folder(wanted).expect("there is room");
            let path = scratch.path().to_owned();
            assert_eq!(path.starts_with(folder.path()), medium == ScratchMedium::Disk);
            assert!(in_memory && wanted == ScratchMedium::Memory || medium == ScratchMedium::Disk);
            assert!(!allocator.is_short(ScratchMedium::Disk), "only memory is watched");
            std::fs::write(path.join("file"), "text").expect("there is room");
            drop(scratch);
            assert!(!path.join("file").exists());
            let end = Instant::now() + Duration::from_secs(60);
            while path.exists() {
                assert!(Instant::now() < end, "the folder stays");
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

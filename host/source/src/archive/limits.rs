//! Limits on the unpacked size of archives.

use spec_cas::Limits;

use super::ArchiveError;

/// Limits on an archive. By default those of trees.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveLimits {
    /// The number of entries, and the number of files and directories that they unpack to.
    pub entries: u64,
    /// The bytes of all files, holes included.
    pub unpacked: u64,
    /// The bytes of all files per byte of the archive; checked once they are more than `ratio_floor`.
    pub ratio: u64,
    /// The bytes of all files up to which the ratio is not checked.
    pub ratio_floor: u64,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        let Limits { entries, bytes, .. } = Limits::default();
        Self { entries, unpacked: bytes, ratio: 250, ratio_floor: 256 << 20 }
    }
}

/// Counts against [`ArchiveLimits`].
pub(crate) struct LimitCounter {
    limits: ArchiveLimits,
    entries: u64,
    unpacked: u64,
}

impl LimitCounter {
    pub(crate) fn new(limits: ArchiveLimits) -> Self {
        Self { limits, entries: 0, unpacked: 0 }
    }

    /// Counts one more entry of `size` bytes, when `read` bytes of the archive have been read.
    pub(crate) fn entry(&mut self, size: u64, read: u64) -> Result<(), ArchiveError> {
        self.entries += 1;
        self.unpacked = self.unpacked.saturating_add(size);
        let ArchiveLimits { entries, unpacked, .. } = self.limits;
        if self.entries > entries {
            return Err(bomb(format!("more than {entries} entries, the limit 'tree-entries'")));
        }
        if self.unpacked > unpacked {
            return Err(bomb(format!("more than {unpacked} bytes unpacked, the limit 'tree-size'")));
        }
        self.expansion(self.unpacked, read)
    }

    /// Checks that `read` bytes of the archive may become `unpacked` bytes.
    pub(crate) fn expansion(&self, unpacked: u64, read: u64) -> Result<(), ArchiveError> {
        let ArchiveLimits { ratio, ratio_floor, .. } = self.limits;
        if unpacked > ratio_floor && unpacked / ratio > read {
            return Err(bomb(format!(
                "{read} bytes of it unpack to {unpacked}, more than {ratio} times as many"
            )));
        }
        Ok(())
    }
}

/// The error of an archive that unpacks to more than `most` files and directories.
pub(crate) fn too_many(most: u64) -> ArchiveError {
    bomb(format!("more than {most} files and directories"))
}

fn bomb(what: String) -> ArchiveError {
    ArchiveError::Bomb { what }
}

#[cfg(test)]
mod tests;

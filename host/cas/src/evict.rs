//! Keeps the store small by removing what was not used for the longest time.
//!
//! An eviction chooses one moment and removes everything that was last used before. Records, results of actions and
//! layers are removed first, then the blobs that are not needed by anything used later. See `docs/cache.md`.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{CasError, Result};
use crate::layout;
use crate::lock::try_lock;
use crate::store::Cas;
use crate::usage::{Moment, PRECISION};

pub(crate) mod inventory;
mod propagation;
mod removal;
mod roots;

use inventory::BlobInventory;
use propagation::UsePropagation;
pub(crate) use propagation::{open_noatime, read_directory_noatime};
use removal::Eviction;
use roots::Roots;
pub use roots::{Need, NeedsOf};

/// How much of the disk the store may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes that it may take; `None` for no limit.
    pub max_bytes: Option<u64>,
    /// Bytes of the disk that must stay free, whatever else fills it.
    pub reserved_bytes: u64,
    /// The percentage of the allowed size to which an eviction brings the store.
    pub low_watermark: u8,
}

/// What an eviction found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EvictionReport {
    /// Bytes of disk that the store took.
    pub bytes_before: u64,
    /// Blobs that the store had.
    pub blobs_before: usize,
    /// Bytes that the store may take now.
    pub max_bytes: Option<u64>,
    /// Bytes of disk that the store takes now.
    pub bytes_after: u64,
    /// Blobs that were removed.
    pub blobs_removed: usize,
    /// Records, results of actions and layers that were removed.
    pub roots_removed: usize,
    /// Everything last used at this time or before was removed; `None` when nothing had to be removed.
    pub cutoff: Option<SystemTime>,
    /// How long the eviction took.
    pub duration: Duration,
}

impl EvictionReport {
    /// Whether the store still takes more than it may, because all that is left is in use.
    #[must_use]
    pub fn is_over_quota(&self) -> bool {
        self.max_bytes.is_some_and(|most| self.bytes_after > most)
    }
}

impl Cas {
    /// Whether it is time to [evict](Self::evict), as far as is known without counting. `None` when the store must be
    /// counted to know.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn exceeds(&self, quota: &Quota) -> Result<Option<bool>> {
        if self.free_bytes()? < quota.reserved_bytes {
            return Ok(Some(true));
        }
        match quota.max_bytes {
            None => Ok(Some(false)),
            Some(most) => Ok(self.estimated_bytes()?.map(|bytes| bytes > most)),
        }
    }

    /// Counts what is here and, when it is more than the quota allows, removes what was not used for the longest
    /// time. What a [`Hold`](crate::Hold) covers and what was used during the last five minutes stays.
    ///
    /// `needs_of` says what records need. Returns `None` when another process is evicting.
    ///
    /// # Errors
    /// When the file system fails; the store is consistent then, too.
    pub fn evict(&self, quota: &Quota, needs_of: NeedsOf<'_>) -> Result<Option<EvictionReport>> {
        let start = Instant::now();
        let (lock, folder) = self.lockable_folder(layout::QUOTA)?;
        if !try_lock(&lock, &folder, rustix::fs::FlockOperation::NonBlockingLockExclusive)? {
            return Ok(None);
        }
        // Taken before the scan: whatever is used later has a later time of use than this.
        let held = self.held_since()?.min(Moment::now().before(PRECISION));
        let added = self.added_bytes();
        let inventory = BlobInventory::scan(self)?;
        let mut report = self.report_of(quota, &inventory)?;
        if report.is_over_quota() {
            self.remove_oldest(quota, needs_of, held, inventory, &mut report)?;
        }
        self.store_counted_bytes(report.bytes_after, added)?;
        report.duration = start.elapsed();
        Ok(Some(report))
    }

    /// The state of the store before anything is removed.
    fn report_of(&self, quota: &Quota, inventory: &BlobInventory) -> Result<EvictionReport> {
        let bytes = inventory.disk_bytes() + roots::disk_bytes_of_layers(self)?;
        Ok(EvictionReport {
            bytes_before: bytes,
            blobs_before: inventory.len(),
            max_bytes: self.max_bytes(quota, bytes)?,
            bytes_after: bytes,
            ..EvictionReport::default()
        })
    }

    /// Brings the store to the low watermark, as far as what is held allows.
    fn remove_oldest(
        &self,
        quota: &Quota,
        needs_of: NeedsOf<'_>,
        held: Moment,
        mut inventory: BlobInventory,
        report: &mut EvictionReport,
    ) -> Result<()> {
        let most = report.max_bytes.unwrap_or(report.bytes_before);
        let low = u128::from(quota.low_watermark.min(100));
        let target = (u128::from(most) * low / 100) as u64;
        let roots = Roots::find(self, needs_of)?;
        UsePropagation::run(self, &mut inventory, &roots);
        let cutoff = cutoff_for(&inventory, &roots, report.bytes_before - target);
        let Some(cutoff) = cutoff.map(|cutoff| cutoff.min(held.before(STEP))) else { return Ok(()) };
        let removed = Eviction { cas: self, inventory: &inventory, cutoff }.run(&roots)?;
        report.bytes_after = report.bytes_before.saturating_sub(removed.bytes);
        (report.blobs_removed, report.roots_removed) = (removed.blobs, removed.roots);
        report.cutoff = Some(cutoff.into());
        Ok(())
    }

    /// The folder to lock: the one with this name, or the store's own when it does not exist and cannot be made.
    pub(crate) fn lockable_folder(&self, name: &str) -> Result<(fs::File, std::path::PathBuf)> {
        let folder = self.shared.root.join(name);
        let made = fs::create_dir_all(&folder).map_err(CasError::io("create", &folder));
        let folder = match made {
            Err(error) if error.is_unwritable() => self.shared.root.clone(),
            other => other.map(|()| folder)?,
        };
        Ok((fs::File::open(&folder).map_err(CasError::io("open", &folder))?, folder))
    }

    /// Bytes that a store which takes `used` bytes may take, with the reserved part of the disk left free.
    fn max_bytes(&self, quota: &Quota, used: u64) -> Result<Option<u64>> {
        let unreserved = (used + self.free_bytes()?).saturating_sub(quota.reserved_bytes);
        let is_tight = quota.reserved_bytes > 0 && unreserved < used;
        Ok(match quota.max_bytes {
            Some(most) if is_tight => Some(most.min(unreserved)),
            None if is_tight => Some(unreserved),
            most => most,
        })
    }

    /// Bytes of the disk that are free for the user of this process.
    fn free_bytes(&self) -> Result<u64> {
        let found =
            rustix::fs::statvfs(self.root()).map_err(CasError::io("look at the disk of", self.root()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// Times of use are whole seconds.
const STEP: Duration = Duration::from_secs(1);

/// The time such that everything last used at it or before takes `bytes`; `None` when the store is empty.
fn cutoff_for(inventory: &BlobInventory, roots: &Roots, bytes: u64) -> Option<Moment> {
    let mut items: Vec<(Moment, u64)> = inventory.uses().chain(roots.uses()).collect();
    items.sort_unstable_by_key(|(used, _)| *used);
    let mut sum = 0u64;
    let reached = items.iter().find(|(_, disk)| {
        sum = sum.saturating_add(*disk);
        sum >= bytes
    });
    reached.or(items.last()).map(|(used, _)| *used)
}

#[cfg(test)]
mod tests;

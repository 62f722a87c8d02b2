//! Keeping the store small: what was not used for the longest time goes.
//!
//! An eviction chooses one moment and removes everything that was last used before. Records, results of actions and
//! layers made of trees go first, then the blobs that nothing younger needs. See `docs/cache.md`.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{CasError, Result};
use crate::layout;
use crate::lock::try_lock;
use crate::store::Cas;
use crate::usage::{Moment, PRECISION};

pub(crate) mod census;
mod needs;
mod removal;
mod roots;

use census::Census;
pub use needs::Need;
use needs::Needed;
pub(crate) use needs::{open_unnoticed, read_unnoticed};
use removal::Removal;
pub use roots::NeedsOf;
use roots::Roots;

/// How much of the disk the store may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Bytes that it may take; `None` for as many as there are.
    pub most: Option<u64>,
    /// Bytes of the disk that are to stay free, whoever takes them.
    pub reserved: u64,
    /// To what part of what it may take the store is brought when it takes more, in percent.
    pub low: u8,
}

/// What an eviction found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evicted {
    /// Bytes of disk that the store took, of how many blobs.
    pub before: u64,
    /// See [`before`](Self::before).
    pub blobs: usize,
    /// Bytes that it may take now.
    pub most: Option<u64>,
    /// Bytes that it takes now.
    pub after: u64,
    /// Blobs that went.
    pub removed: usize,
    /// Records, results of actions and layers made of trees that went.
    pub roots: usize,
    /// All that was last used then or before went; `None` when nothing had to go.
    pub cut: Option<SystemTime>,
    /// How long it took.
    pub took: Duration,
}

impl Evicted {
    /// Whether it takes more than it may, for all the rest is in use.
    #[must_use]
    pub fn falls_short(&self) -> bool {
        self.most.is_some_and(|most| self.after > most)
    }
}

impl Cas {
    /// Whether it is time to [evict](Self::evict), as far as can be told without counting. `None` when only counting
    /// tells.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn exceeds(&self, quota: &Quota) -> Result<Option<bool>> {
        if self.free()? < quota.reserved {
            return Ok(Some(true));
        }
        match quota.most {
            None => Ok(Some(false)),
            Some(most) => Ok(self.estimate()?.map(|bytes| bytes > most)),
        }
    }

    /// Counts what is here and, when it is more than the quota allows, removes what was not used for the longest time.
    /// What a [`Hold`](crate::Hold) covers stays, and so does what was used during the last five minutes.
    ///
    /// `needs_of` tells what records are about. Answers `None` when somebody else is evicting.
    ///
    /// # Errors
    /// When the file system fails; what is still here is whole then, too.
    pub fn evict(&self, quota: &Quota, needs_of: NeedsOf<'_>) -> Result<Option<Evicted>> {
        let start = Instant::now();
        let (lock, folder) = self.folder_to_lock(layout::QUOTA)?;
        if !try_lock(&lock, &folder, rustix::fs::FlockOperation::NonBlockingLockExclusive)? {
            return Ok(None);
        }
        // Before the scan, for what is stamped later than this is seen to be.
        let held = self.held_since()?.min(Moment::now().before(PRECISION));
        let added = self.added();
        let mut census = Census::take(self)?;
        let before = census.disk() + roots::disk_of_layers(self)?;
        let most = self.most(quota, before)?;
        let mut evicted = Evicted { before, blobs: census.len(), most, after: before, ..Evicted::default() };
        let low = u128::from(quota.low.min(100));
        let target = most.map(|most| (u128::from(most) * low / 100) as u64);
        if let Some(target) = target.filter(|_| evicted.falls_short()) {
            let roots = Roots::find(self, needs_of)?;
            Needed::mark(self, &mut census, &roots);
            let due = due(&census, &roots, before - target).map(|due| due.min(held.before(STEP)));
            if let Some(cut) = due {
                let removed = Removal { cas: self, census: &census, cut }.run(&roots)?;
                evicted.after = before.saturating_sub(removed.bytes);
                (evicted.removed, evicted.roots) = (removed.blobs, removed.roots);
                evicted.cut = Some(cut.into());
            }
        }
        self.note_count(evicted.after, added)?;
        evicted.took = start.elapsed();
        Ok(Some(evicted))
    }

    /// A folder to take a lock on: that with this name, or the store itself when it is not there and cannot be made.
    pub(crate) fn folder_to_lock(&self, name: &str) -> Result<(fs::File, std::path::PathBuf)> {
        let folder = self.shared.root.join(name);
        let made = fs::create_dir_all(&folder).map_err(CasError::io("create", &folder));
        let folder = match made {
            Err(error) if error.is_unwritable() => self.shared.root.clone(),
            other => other.map(|()| folder)?,
        };
        Ok((fs::File::open(&folder).map_err(CasError::io("open", &folder))?, folder))
    }

    /// Bytes that the store may take of which `used` are taken.
    fn most(&self, quota: &Quota, used: u64) -> Result<Option<u64>> {
        let unreserved = (used + self.free()?).saturating_sub(quota.reserved);
        let is_tight = quota.reserved > 0 && unreserved < used;
        Ok(match quota.most {
            Some(most) if is_tight => Some(most.min(unreserved)),
            None if is_tight => Some(unreserved),
            most => most,
        })
    }

    /// Bytes of the disk that are free for who runs this.
    fn free(&self) -> Result<u64> {
        let found =
            rustix::fs::statvfs(self.root()).map_err(CasError::io("look at the disk of", self.root()))?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// Times of use are whole seconds.
const STEP: Duration = Duration::from_secs(1);

/// The moment such that what was last used then or before takes `bytes`; `None` when there is nothing at all.
fn due(census: &Census, roots: &Roots, bytes: u64) -> Option<Moment> {
    let mut items: Vec<(Moment, u64)> = census.uses().chain(roots.uses()).collect();
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

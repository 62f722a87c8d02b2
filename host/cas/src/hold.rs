//! Holds: what is used while one lives is not evicted, by whatever process.
//!
//! Every process with holds has a file `tmp/OWN/hold`, whose time of change says since when. The kernel unlocks the
//! folder when the process ends, however it ends, and then the file means nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;

use crate::error::{CasError, Result};
use crate::layout;
use crate::lock::try_lock;
use crate::store::Cas;
use crate::usage::{Moment, PRECISION};

/// The file may say so much too early a time before it is written again.
const SLACK: Duration = Duration::from_secs(60);
const NAME: &str = "hold";

/// While it lives, nothing is evicted that anybody used since it was made.
#[derive(Debug)]
#[must_use = "dropping it ends the hold"]
pub struct Hold {
    cas: Cas,
    place: (Moment, u64),
}

/// The holds of one process on a store.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    made: u64,
    live: BTreeSet<(Moment, u64)>,
    /// How long everything is held after its use, beside what `live` says.
    grace: Option<Duration>,
    file: Option<(File, Moment)>,
}

impl Holds {
    /// Since when anything is held.
    fn oldest(&self) -> Option<Moment> {
        let graced = self.grace.map(|grace| Moment::now().before(grace + PRECISION));
        self.live.first().map(|(since, _)| *since).into_iter().chain(graced).min()
    }
}

impl Cas {
    /// Makes a hold. Where there is a [grace](Self::hold_recently_used), it covers what was used that long before, too. Where
    /// nothing can be written only this process heeds it, until [`publish_holds`](Self::publish_holds) tells others.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn hold(&self) -> Result<Hold> {
        let mut holds = self.holds();
        let since = Moment::now().before(holds.grace.unwrap_or_default() + PRECISION);
        let place = (since, holds.made);
        holds.made += 1;
        holds.live.insert(place);
        self.try_publish(&mut holds).inspect_err(|_| _ = holds.live.remove(&place))?;
        drop(holds);
        Ok(Hold { cas: self.clone(), place })
    }

    /// Has everything held for `grace` after its use, whoever uses it, as long as this is called again and again.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn hold_recently_used(&self, grace: Duration) -> Result<()> {
        let mut holds = self.holds();
        holds.grace = Some(grace);
        self.try_publish(&mut holds)
    }

    /// Tells other processes of holds for which there was no room.
    ///
    /// # Errors
    /// When the file system fails otherwise.
    pub fn publish_holds(&self) -> Result<()> {
        self.try_publish(&mut self.holds())
    }

    fn try_publish(&self, holds: &mut Holds) -> Result<()> {
        match self.write_hold_file(holds) {
            Err(error) if !error.is_unwritable() => Err(error),
            _ => Ok(()),
        }
    }

    fn holds(&self) -> MutexGuard<'_, Holds> {
        self.shared.holds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_hold_file(&self, holds: &mut Holds) -> Result<()> {
        let oldest = holds.oldest();
        // Without holds the file says too much until the next one comes, or the process ends.
        let Some(oldest) = oldest else { return Ok(()) };
        if matches!(&holds.file, Some((_, at)) if *at <= oldest && oldest <= at.after(SLACK)) {
            return Ok(());
        }
        let path = self.shared.temp.own()?.join(NAME);
        let file = match holds.file.take() {
            Some((file, _)) => file,
            None => File::create(&path).map_err(CasError::io("create", &path))?,
        };
        file.set_modified(SystemTime::from(oldest)).map_err(CasError::io("touch", &path))?;
        holds.file = Some((file, oldest));
        Ok(())
    }

    /// What was noted as used then or later is held, by this process or another one.
    pub(crate) fn held_since(&self) -> Result<Moment> {
        let folder = self.shared.root.join(layout::TMP);
        let mut since = self.holds().oldest().unwrap_or(Moment::LAST);
        for entry in fs::read_dir(&folder).map_err(CasError::io("list", &folder))? {
            let path = entry.map_err(CasError::io("list", &folder))?.path();
            let (Ok(owner), Ok(hold)) = (File::open(&path), fs::metadata(path.join(NAME))) else { continue };
            if !try_lock(&owner, &path, FlockOperation::NonBlockingLockExclusive)? {
                let at = hold.modified().map_err(CasError::io("look up", &path))?;
                since = since.min(at.into());
            }
        }
        Ok(since)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut holds = self.cas.holds();
        holds.live.remove(&self.place);
        // What it says is too much at worst.
        let _ = self.cas.write_hold_file(&mut holds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_are_seen_by_all_and_go_with_their_owner() -> Result<()> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (one, other) = (Cas::open(folder.path())?, Cas::open(folder.path())?);
        assert_eq!(one.held_since()?, Moment::LAST);
        let before = Moment::now().before(PRECISION);
        let hold = other.hold()?;
        let since = one.held_since()?;
        assert!(before <= since && since <= Moment::now());
        other.hold_recently_used(Duration::from_secs(1000))?;
        assert!(one.held_since()? < before.before(Duration::from_secs(900)));
        drop((hold, other));
        assert_eq!(one.held_since()?, Moment::LAST);
        Ok(())
    }
}

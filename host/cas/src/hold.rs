//! Holds: what is used while one lives is not evicted, by whatever process.
//!
//! Every process with holds has a file `tmp/PROCESS/hold`, whose time of modification says since when. The kernel unlocks
//! the folder when the process ends, however it ends, and then the file means nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;

use crate::error::{CasError, Result};
use crate::lock::try_lock;
use crate::temp::TempArea;
use crate::usage::{Moment, PRECISION};

/// The file may name a time this much too early before it is written again.
const SLACK: Duration = Duration::from_secs(60);
const FILE_NAME: &str = "hold";

/// While it lives, nothing is evicted that anybody used since it was made.
#[derive(Debug)]
#[must_use = "dropping it ends the hold"]
pub struct Hold {
    holds: Arc<Holds>,
    key: HoldKey,
}

/// Since when a hold holds, and its number.
type HoldKey = (Moment, u64);

/// The holds of one process on a store.
#[derive(Debug)]
pub(crate) struct Holds {
    temp: Arc<TempArea>,
    live: Mutex<LiveHolds>,
}

#[derive(Debug, Default)]
struct LiveHolds {
    made: u64,
    keys: BTreeSet<HoldKey>,
    /// How long everything is held after its use, whatever `keys` says.
    grace: Option<Duration>,
    /// The file, and the time that it names.
    file: Option<(File, Moment)>,
}

impl LiveHolds {
    /// Since when anything is held.
    fn oldest(&self) -> Option<Moment> {
        let with_grace = self.grace.map(|grace| Moment::now().before(grace + PRECISION));
        self.keys.first().map(|(since, _)| *since).into_iter().chain(with_grace).min()
    }
}

impl Holds {
    pub(crate) fn new(temp: Arc<TempArea>) -> Self {
        Self { temp, live: Mutex::default() }
    }

    /// Makes a hold. It covers what was used during the grace before, too.
    pub(crate) fn hold(self: &Arc<Self>) -> Result<Hold> {
        let mut live = self.lock();
        let since = Moment::now().before(live.grace.unwrap_or_default() + PRECISION);
        let key = (since, live.made);
        live.made += 1;
        live.keys.insert(key);
        self.publish_if_writable(&mut live).inspect_err(|_| _ = live.keys.remove(&key))?;
        drop(live);
        Ok(Hold { holds: Arc::clone(self), key })
    }

    /// Holds everything for `grace` after its use, from now on.
    pub(crate) fn set_grace(&self, grace: Duration) -> Result<()> {
        let mut live = self.lock();
        live.grace = Some(grace);
        self.publish_if_writable(&mut live)
    }

    /// Lets other processes know of the holds, where something can be written.
    pub(crate) fn publish(&self) -> Result<()> {
        self.publish_if_writable(&mut self.lock())
    }

    /// What was used then or later is held, by this process or another one.
    pub(crate) fn held_since(&self) -> Result<Moment> {
        let area = self.temp.path();
        let mut since = self.lock().oldest().unwrap_or(Moment::LAST);
        for entry in fs::read_dir(area).map_err(CasError::io("list", area))? {
            let path = entry.map_err(CasError::io("list", area))?.path();
            let (Ok(process), Ok(file)) = (File::open(&path), fs::metadata(path.join(FILE_NAME))) else {
                continue;
            };
            if !try_lock(&process, &path, FlockOperation::NonBlockingLockExclusive)? {
                let at = file.modified().map_err(CasError::io("look up", &path))?;
                since = since.min(at.into());
            }
        }
        Ok(since)
    }

    fn publish_if_writable(&self, live: &mut LiveHolds) -> Result<()> {
        match self.write_file(live) {
            Err(error) if !error.is_unwritable() => Err(error),
            _ => Ok(()),
        }
    }

    fn write_file(&self, live: &mut LiveHolds) -> Result<()> {
        // Without holds the file says too much until there is the next one, or the process ends.
        let Some(oldest) = live.oldest() else { return Ok(()) };
        if matches!(&live.file, Some((_, at)) if *at <= oldest && oldest <= at.after(SLACK)) {
            return Ok(());
        }
        let path = self.temp.process_folder()?.join(FILE_NAME);
        let file = match live.file.take() {
            Some((file, _)) => file,
            None => File::create(&path).map_err(CasError::io("create", &path))?,
        };
        file.set_modified(SystemTime::from(oldest)).map_err(CasError::io("touch", &path))?;
        live.file = Some((file, oldest));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, LiveHolds> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut live = self.holds.lock();
        live.keys.remove(&self.key);
        // When it cannot be written, the file holds more than it has to.
        let _ = self.holds.write_file(&mut live);
    }
}

#[cfg(test)]
mod tests;

//! Holds: what is used while a hold lives is not evicted by any process.
//!
//! Every process with holds has a file `tmp/PROCESS/hold`, whose modification time is the beginning of the oldest
//! hold. The kernel unlocks the folder when the process ends, even if it is killed; then the file is ignored.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;

use crate::error::{CasError, Result};
use crate::lock::try_lock;
use crate::temp::TempArea;
use crate::usage::{Moment, PRECISION};

/// The file is written again only when its time is too early by more than this.
const SLACK: Duration = Duration::from_secs(60);
const FILE_NAME: &str = "hold";

/// While it lives, nothing is evicted that was used since it was made.
#[derive(Debug)]
#[must_use = "dropping it ends the hold"]
pub struct Hold {
    holds: Arc<Holds>,
    key: HoldKey,
}

/// The beginning of a hold, and its number.
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
    /// How long everything is held after its use, independently of `keys`.
    grace: Option<Duration>,
    /// The file, and the time that it has.
    file: Option<(File, Moment)>,
}

impl LiveHolds {
    /// The beginning of the oldest hold.
    fn oldest(&self) -> Option<Moment> {
        let with_grace = self.grace.map(|grace| Moment::now().before(grace + PRECISION));
        self.keys.first().map(|(since, _)| *since).into_iter().chain(with_grace).min()
    }
}

impl Holds {
    pub(crate) fn new(temp: Arc<TempArea>) -> Self {
        Self { temp, live: Mutex::default() }
    }

    /// Makes a hold. It also covers what was used during the grace before.
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

    /// Writes the holds down for other processes, where something can be written.
    pub(crate) fn publish(&self) -> Result<()> {
        self.publish_if_writable(&mut self.lock())
    }

    /// The time since which uses are held, by this process or another one.
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
        // Without holds the file keeps its time until the next hold or the end of the process, which holds more than
        // needed.
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
        // When the file cannot be written, it holds more than needed.
        let _ = self.holds.write_file(&mut live);
    }
}

#[cfg(test)]
mod tests;

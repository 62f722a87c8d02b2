//! Locks on files, with a limit on waiting.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::error::{CasError, Result};

/// Nothing done under a lock takes this long unless its owner hangs.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(2);

/// Takes the lock if nobody has it.
pub(crate) fn try_lock(file: &File, path: &Path, how: FlockOperation) -> Result<bool> {
    match rustix::fs::flock(file, how) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::INTR) => Ok(false),
        Err(error) => Err(CasError::io("lock", path)(error)),
    }
}

/// Waits for the lock, which is dropped with the file.
pub(crate) fn lock_exclusive(file: &File, path: &Path) -> Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    while !try_lock(file, path, FlockOperation::NonBlockingLockExclusive)? {
        if Instant::now() > deadline {
            return Err(CasError::io("lock", path)(io::Error::from(io::ErrorKind::TimedOut)));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

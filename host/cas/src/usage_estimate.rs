//! Estimates how many bytes of disk the store takes, without counting all of it.
//!
//! `quota/usage` begins with a line `TIME BYTES`: the time of the last count, in seconds since 1970, and how many
//! bytes the store took. Every further line is the number of bytes that some handle on the store added since. A count
//! replaces the file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use crate::error::{CasError, Result};
use crate::layout;
use crate::store::Cas;

/// A count older than this is not used: killed processes did not publish what they added.
const OUTDATED: Duration = Duration::from_secs(24 * 3600);

impl Cas {
    /// An estimate of the bytes of disk that the store takes: the last count and what was added since. `None` when
    /// the count is more than a day old.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn estimated_bytes(&self) -> Result<Option<u64>> {
        let path = self.usage_file();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Something else has the file's name; the next count replaces it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(CasError::io("read", &path)(error)),
        };
        Ok(sum_of_usage(&String::from_utf8_lossy(&bytes)).map(|published| published + self.added_bytes()))
    }

    /// Writes to the file how many bytes this handle added, for other processes and later ones.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn publish_added_bytes(&self) -> Result<()> {
        let added = self.shared.added_bytes.swap(0, Ordering::Relaxed);
        if added == 0 {
            return Ok(());
        }
        let path = self.usage_file();
        let file = File::options().append(true).open(&path);
        match file.and_then(|mut file| file.write_all(format!("{added}\n").as_bytes())) {
            // There was no count yet; the first one will include these bytes.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Ok(()),
            Err(error) => match CasError::io("write to", &path)(error) {
                error if error.is_unwritable() => {
                    self.shared.added_bytes.fetch_add(added, Ordering::Relaxed);
                    Ok(())
                }
                error => Err(error),
            },
            Ok(()) => Ok(()),
        }
    }

    /// Bytes that this handle added and did not publish.
    pub(crate) fn added_bytes(&self) -> u64 {
        self.shared.added_bytes.load(Ordering::Relaxed)
    }

    /// Writes the result of a count: the store takes `bytes`, including `added` that this handle had
    /// [added](Self::added_bytes) before the count began.
    pub(crate) fn store_counted_bytes(&self, bytes: u64, added: u64) -> Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let path = self.usage_file();
        match self.replace_file(&path, format!("{} {bytes}\n", now.as_secs()).as_bytes()) {
            // Without the file the next process counts again.
            Err(error) if error.is_unwritable() => _ = fs::remove_file(&path),
            done => done?,
        }
        let left = |now: u64| Some(now.saturating_sub(added));
        let _ = self.shared.added_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        Ok(())
    }

    fn usage_file(&self) -> PathBuf {
        self.shared.root.join(layout::QUOTA).join("usage")
    }
}

/// The sum of the numbers in a usage file; `None` when its count is too old.
fn sum_of_usage(text: &str) -> Option<u64> {
    let (first, rest) = text.split_once('\n')?;
    let (at, bytes) = first.split_once(' ')?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.parse().ok()?);
    // A time in the future means that the clock was set back since.
    at.elapsed().ok().filter(|age| *age < OUTDATED)?;
    // The last line may be incomplete.
    let added = rest.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse::<u64>().ok());
    added.chain(bytes.parse().ok()).reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests;

//! About how much the store holds, without looking at all of it.
//!
//! `quota/usage` begins with a line `TIME BYTES`: when it was counted, in seconds since 1970, and what. Every further
//! line is a number of bytes that some handle on the store added since. A count replaces the file.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use spec_model::Digest;

use crate::error::{CasError, Result};
use crate::layout;
use crate::store::Cas;

/// The disk gives every file at least this many bytes.
const BLOCK: u64 = 4096;
/// A count older than this is none: killed processes did not tell what they added.
const OUTDATED: Duration = Duration::from_secs(24 * 3600);

impl Cas {
    /// About how many bytes of disk the store takes: what was counted last, and what was added since. `None` when
    /// that was more than a day ago.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn estimate(&self) -> Result<Option<u64>> {
        let path = self.usage_path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // What else is there is replaced by the next count.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(CasError::io("read", &path)(error)),
        };
        Ok(told(&String::from_utf8_lossy(&bytes))
            .map(|told| told + self.shared.added.load(Ordering::Relaxed)))
    }

    /// Tells other processes, and later ones, how much this handle added.
    ///
    /// # Errors
    /// When the file system fails.
    pub fn tell_added(&self) -> Result<()> {
        let added = self.shared.added.swap(0, Ordering::Relaxed);
        if added == 0 {
            return Ok(());
        }
        let path = self.usage_path();
        let file = File::options().append(true).open(&path);
        match file.and_then(|mut file| file.write_all(format!("{added}\n").as_bytes())) {
            // Nobody has counted yet, so nobody wants to know.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => Ok(()),
            Err(error) => match CasError::io("write to", &path)(error) {
                error if error.is_unwritable() => {
                    self.shared.added.fetch_add(added, Ordering::Relaxed);
                    Ok(())
                }
                error => Err(error),
            },
            Ok(()) => Ok(()),
        }
    }

    /// What this handle added and did not tell.
    pub(crate) fn added(&self) -> u64 {
        self.shared.added.load(Ordering::Relaxed)
    }

    /// Notes that a blob came.
    pub(crate) fn note_arrival(&self, digest: &Digest) {
        self.shared.roll.add(digest);
        self.shared.added.fetch_add(digest.size().next_multiple_of(BLOCK), Ordering::Relaxed);
    }

    /// Notes a count that has in it what this handle [added](Self::added) before.
    pub(crate) fn note_count(&self, bytes: u64, added: u64) -> Result<()> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let path = self.usage_path();
        match self.replace(&path, format!("{} {bytes}\n", now.as_secs()).as_bytes()) {
            // The next one who wants to know counts again.
            Err(error) if error.is_unwritable() => _ = fs::remove_file(&path),
            done => done?,
        }
        let left = |now: u64| Some(now.saturating_sub(added));
        let _ = self.shared.added.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        Ok(())
    }

    fn usage_path(&self) -> PathBuf {
        self.shared.root.join(layout::QUOTA).join("usage")
    }
}

/// The sum of a file; `None` when its count is too old.
fn told(text: &str) -> Option<u64> {
    let (first, rest) = text.split_once('\n')?;
    let (at, bytes) = first.split_once(' ')?;
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.parse().ok()?);
    // A count from the future is one from before the clock was set.
    at.elapsed().ok().filter(|age| *age < OUTDATED)?;
    // The last line may be half written.
    let added = rest.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse::<u64>().ok());
    added.chain(bytes.parse().ok()).reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_adds_up() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
        for (text, expected) in [
            (format!("{now} 5\n"), Some(5)),
            (format!("{now} 5\n3\n4\n"), Some(12)),
            (format!("{now} 5\n3\n4"), Some(8)),
            (format!("{} 5\n", now - 100_000), None),
            (format!("{} 5\n", now + 100_000), None),
            (String::new(), None),
            ("x".to_owned(), None),
        ] {
            assert_eq!(told(&text), expected, "{text:?}");
        }
    }
}

//! Compiled code on disk.
//!
//! The engine names an entry by the SHA-256 of the component together with the compiler's version and settings, and
//! writes it under a temporary name first. Loading it trusts the file as much as the program itself. The directory
//! therefore has no access for other users; who can write there as this user can also replace the program.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig};

use crate::private;

/// Writing an entry takes milliseconds; the temporary file of a program that was killed keeps others from writing it.
const ABANDONED: Duration = Duration::from_secs(60);

/// The cache in `directory`, which is made if it is missing.
pub(crate) fn open(directory: &Path) -> io::Result<Cache> {
    let directory = private::folder(directory)?;
    sweep(&directory.join("modules"));
    let mut config = CacheConfig::new();
    config.with_directory(directory);
    Cache::new(config).map_err(io::Error::other)
}

/// Removes what programs left that were killed while they wrote an entry.
fn sweep(directory: &Path) {
    let versions = fs::read_dir(directory).into_iter().flatten().flatten();
    let files = versions.filter_map(|version| fs::read_dir(version.path()).ok()).flatten().flatten();
    for file in files.filter(is_abandoned) {
        // Another program may have removed it.
        let _ = fs::remove_file(file.path());
    }
}

fn is_abandoned(file: &DirEntry) -> bool {
    let unfinished = file.file_name().to_string_lossy().contains(".wip-atomic-write-");
    let age = || file.metadata().ok()?.modified().ok()?.elapsed().ok();
    unfinished && age().is_some_and(|age| age > ABANDONED)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_abandoned_files_are_swept() -> io::Result<()> {
        let parent = tempfile::tempdir()?;
        let version = parent.path().join("modules/wasmtime-1");
        fs::create_dir_all(&version)?;
        let old = SystemTime::now() - 2 * ABANDONED;
        for (name, time) in
            [("a.wip-atomic-write-mod", old), ("b.wip-atomic-write-mod", SystemTime::now()), ("a", old)]
        {
            fs::File::create(version.join(name))?.set_modified(time)?;
        }
        sweep(&parent.path().join("modules"));
        let left = |name: &str| version.join(name).exists();
        assert_eq!(
            [left("a.wip-atomic-write-mod"), left("b.wip-atomic-write-mod"), left("a")],
            [false, true, true]
        );
        Ok(())
    }
}

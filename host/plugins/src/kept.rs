//! Small files that can be lost: written at once or not at all, and with a checksum, so that a damaged one is none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use spec_model::Digest;

/// A file that nobody wrote to for so long is of a component that is gone.
const FORGOTTEN: Duration = Duration::from_secs(60 * 24 * 3600);

/// Makes temporary names differ within the program.
static WRITES: AtomicU32 = AtomicU32::new(0);

/// The contents of a file; `None` when it is not there or damaged.
pub(crate) fn read(file: &Path) -> Option<Vec<u8>> {
    let mut bytes = fs::read(file).ok()?;
    let (checksum, body) = bytes.split_first_chunk::<32>()?;
    if Digest::of(body).hash() != checksum {
        return None;
    }
    bytes.drain(..32);
    Some(bytes)
}

/// Writes a file and its folder, and removes what has long been forgotten from that.
///
/// # Errors
/// When the file system fails. The old file is whole then.
pub(crate) fn write(file: &Path, body: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    sweep(folder);
    let count = WRITES.fetch_add(1, Ordering::Relaxed);
    let fresh = file.with_extension(format!("{}-{count}", std::process::id()));
    let mut to = File::create(&fresh)?;
    to.write_all(Digest::of(body).hash())?;
    to.write_all(body)?;
    fs::rename(&fresh, file)
}

fn sweep(folder: &Path) {
    let age = |file: &fs::DirEntry| file.metadata().ok()?.modified().ok()?.elapsed().ok();
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        if age(&file).is_some_and(|age| age > FORGOTTEN) {
            // Another program may have removed it.
            let _ = fs::remove_file(file.path());
        }
    }
}

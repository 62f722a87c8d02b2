//! Small files of the store, which are replaced whole: written in the folder of this process and renamed to their place.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::TempPath;

use crate::error::{CasError, Result};
use crate::temp::TempArea;

/// Writes the file of the store at `path`, below the store's folder `root`, and makes the folder that it is in: readers
/// find the old file or the new one, whole.
pub(crate) fn replace_file(temp: &TempArea, root: &Path, path: &Path, bytes: &[u8]) -> Result<()> {
    move_to(prepare_file(temp, bytes)?, root, path)
}

/// Writes a file that [`move_to`] gives its place; dropping it removes it.
pub(crate) fn prepare_file(temp: &TempArea, bytes: &[u8]) -> Result<TempPath> {
    let path = temp.unused_path()?;
    let file = TempPath::try_from_path(path.clone()).map_err(CasError::io("create", path))?;
    fs::write(&file, bytes).map_err(CasError::io("write", &file))?;
    Ok(file)
}

/// Renames a prepared file to `path`. Replaces anything there or on the way that a broken disk or a person put there.
pub(crate) fn move_to(file: TempPath, root: &Path, path: &Path) -> Result<()> {
    let Err(refused) = file.persist(path) else { return Ok(()) };
    let cleared = match refused.error.kind() {
        ErrorKind::NotFound => create_parent(path),
        ErrorKind::IsADirectory => ignore_not_found(fs::remove_dir_all(path)),
        ErrorKind::NotADirectory => remove_files_on_the_way(root, path),
        _ => Err(refused.error),
    };
    let moved = cleared.and_then(|()| refused.path.persist(path).map_err(|refused| refused.error));
    moved.map_err(CasError::io("write", path))
}

/// Makes the folders above `path`; removes files in their place.
fn remove_files_on_the_way(root: &Path, path: &Path) -> io::Result<()> {
    let folders = path.ancestors().skip(1).take_while(|folder| *folder != root);
    for folder in folders.filter(|folder| folder.is_file()) {
        ignore_not_found(fs::remove_file(folder))?;
    }
    create_parent(path)
}

fn create_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Ignores that an entry is gone already: another process that writes the same file may have removed it.
pub(crate) fn ignore_not_found(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        other => other,
    }
}

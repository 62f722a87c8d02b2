//! Where checkouts go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use spec_cas::{Cas, CheckoutMode};
use spec_model::Digest;

use crate::error::{CommandError, CommandResult};

/// Puts a tree at `dest`. A folder that is not empty is refused, unless `force` says that files may be overwritten.
///
/// # Errors
/// `checkout-directory-not-empty`, or when the cache or the disk fails.
pub(super) fn tree(cas: &Cas, root: &Digest, dest: &Path, force: bool, mode: CheckoutMode) -> CommandResult {
    let dest =
        std::path::absolute(dest).map_err(|error| CommandError::io("find the current directory", &error))?;
    let failed = |error: io::Error| CommandError::io(&format!("write to {}", dest.display()), &error);
    if let Some(parent) = dest.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    if is_free(&dest).map_err(failed)? {
        return Ok(cas.checkout(root, &dest, mode)?);
    }
    if !force {
        let message = format!("'{}' is there already and not empty", dest.display());
        let error = CommandError::failure("checkout-directory-not-empty", message);
        return Err(error.hint("choose another --directory, or overwrite with --force"));
    }
    let beside =
        tempfile::Builder::new().prefix(".spec-host-").tempdir_in(dest.parent().unwrap_or(Path::new("/")));
    let fresh: PathBuf =
        beside.as_ref().map_err(|error| failed(io::Error::from(error.kind())))?.path().join("tree");
    cas.checkout(root, &fresh, mode)?;
    merge(&fresh, &dest).map_err(failed)
}

fn is_free(dest: &Path) -> io::Result<bool> {
    match fs::read_dir(dest) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Moves everything of one folder into another, over what is there.
fn merge(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let there = fs::symlink_metadata(&target).ok();
        let both_folders = entry.file_type()?.is_dir() && there.as_ref().is_some_and(fs::Metadata::is_dir);
        match there {
            Some(_) if both_folders => {
                merge(&entry.path(), &target)?;
                continue;
            }
            Some(there) if there.is_dir() => fs::remove_dir_all(&target)?,
            Some(_) => fs::remove_file(&target)?,
            None => {}
        }
        fs::rename(entry.path(), &target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_overwrites_and_keeps_the_rest() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for (path, text) in [
            ("from/a", "new"),
            ("from/sub/b", "new"),
            ("from/file-over-folder", "new"),
            ("from/folder-over-file/c", "new"),
            ("to/a", "old"),
            ("to/sub/kept", "old"),
            ("to/file-over-folder/d", "old"),
            ("to/folder-over-file", "old"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one"))?;
            fs::write(path, text)?;
        }
        merge(&from, &to)?;
        for (path, text) in [
            ("a", "new"),
            ("sub/b", "new"),
            ("sub/kept", "old"),
            ("file-over-folder", "new"),
            ("folder-over-file/c", "new"),
        ] {
            assert_eq!(fs::read_to_string(to.join(path))?, text, "{path}");
        }
        Ok(())
    }
}

//! What commands added to a tree, as a layer of its own.

use spec_cas::{Cas, Change, Entry, TreeBuilder};
use spec_model::Digest;

use crate::error::ExecutionError;

/// The tree that gives `after` when it is laid over `before`; `None` where no tree does, since something is gone or
/// has become something else.
///
/// # Errors
/// When the store fails.
pub(crate) fn addition(cas: &Cas, before: &Digest, after: &Digest) -> Result<Option<Digest>, ExecutionError> {
    let mut builder = TreeBuilder::new();
    for Change { path, before, after } in cas.diff(before, after)? {
        match (before, after) {
            (None | Some(Entry::File(_) | Entry::Symlink(_)), Some(Entry::File(file))) => {
                builder.add_file_with(&path, file.digest, file.executable, file.properties)?;
            }
            (None | Some(Entry::File(_) | Entry::Symlink(_)), Some(Entry::Symlink(link))) => {
                builder.add_symlink(&path, &link.target)?;
            }
            (None, Some(Entry::Directory(_))) => builder.add_directory(&path)?,
            _ => return Ok(None),
        }
    }
    Ok(Some(builder.store(cas)?))
}

#[cfg(test)]
mod tests;

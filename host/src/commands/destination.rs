//! Where checkouts go.

use std::path::Path;

use spec_cas::{Cas, CasError, Destination, DestinationError};
use spec_model::{Cancel, Digest};

use crate::error::{CommandError, CommandResult};

/// Puts a tree at `dest`. A folder that is not empty is refused, unless `force` says that files may be overwritten.
///
/// # Errors
/// `checkout-directory-not-empty`, `cancelled`, or when the cache or the disk fails.
pub(super) fn write_tree(
    cas: &Cas,
    root: &Digest,
    dest: &Path,
    force: bool,
    cancel: &Cancel,
) -> CommandResult {
    let dest = prepare(dest, force)?;
    cas.export(root, &dest, cancel)?;
    Ok(dest.finish(&[])?)
}

/// Refuses what [`write_tree`] would refuse, before the work of making the tree.
///
/// # Errors
/// As [`write_tree`].
pub(super) fn check(dest: &Path, force: bool) -> CommandResult {
    prepare(dest, force).map(drop)
}

fn prepare(dest: &Path, force: bool) -> CommandResult<Destination> {
    Destination::prepare(dest, force).map_err(|error| match error {
        CasError::Destination(DestinationError::NotEmpty { .. }) => {
            CommandError::from(error).hint("choose another --directory, or overwrite with --force")
        }
        error => error.into(),
    })
}

//! Parts of a root that lie in the writable folder of an overlay from the beginning.

use std::path::Path;

use spec_cas::{Cas, Entry};
use spec_model::Digest;

use crate::error::ExecutionError;

/// Writes the directory at the relative path `path` of the tree `root` into the writable folder `upper`, as files and
/// folders of its own that hide what layers have there.
pub(crate) fn write_subtree(
    cas: &Cas,
    root: &Digest,
    path: &str,
    upper: &Path,
) -> Result<(), ExecutionError> {
    let Some(Entry::Directory(tree)) = cas.lookup(root, path)? else { return Ok(()) };
    let mut folder = upper.to_owned();
    let names: Vec<&str> = path.split('/').collect();
    for name in &names[..names.len() - 1] {
        folder.push(name);
        if !folder.is_dir() {
            cas.checkout_into(&cas.digest(b""), &folder)?;
        }
    }
    folder.push(names[names.len() - 1]);
    cas.checkout_into(&tree, &folder)?;
    close_parents(upper, &names[..names.len() - 1]);
    let opaque = rustix::fs::setxattr(&folder, "user.overlay.opaque", b"y", rustix::fs::XattrFlags::empty());
    opaque.map_err(|error| ExecutionError::Scratch { action: "mark", path: folder, source: error.into() })
}

/// Gives the folders around, which changed by what was made in them, the time that staged folders have.
fn close_parents(upper: &Path, names: &[&str]) {
    let time = rustix::fs::Timespec { tv_sec: spec_cas::MTIME, tv_nsec: 0 };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    let mut folder = upper.to_owned();
    for name in names {
        folder.push(name);
        // Where it cannot be set it is now, as for every folder that commands write to.
        let _ = rustix::fs::utimensat(rustix::fs::CWD, &folder, &times, rustix::fs::AtFlags::empty());
    }
}

//! The input root of an action that runs commands of an element, and the root of the element after it.
//!
//! As BuildStream has it: `/dev`, `/proc` and `/tmp` are there, and where only some directories can be written, node
//! properties say so.

use spec_action::path::append;
use spec_cas::{Cas, CasError, Entry};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode};

use crate::command_runner::not_an_action::NotAnAction;

/// Says of a directory whether it can be written, with all below it.
const SUBTREE_READ_ONLY: &str = "SubtreeReadOnly";

/// Directories of the sandbox that no capture contains.
const MOUNT_POINTS: [&str; 3] = ["dev", "proc", "tmp"];

/// Whether a directory is at a relative path, or can be made there.
pub(super) enum Way {
    There,
    Missing,
    Blocked(NotAnAction),
}

/// Looks at the way to a directory. Links on the way are not followed.
pub(super) fn look(cas: &Cas, root: &Digest, path: &str) -> Result<Way, CasError> {
    let mut way = String::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        way = append(&way, name);
        let found = match cas.lookup(root, &way)? {
            Some(Entry::Directory(_)) => continue,
            None => return Ok(Way::Missing),
            Some(Entry::File(_)) => "file",
            Some(Entry::Symlink(_)) => "symbolic link",
        };
        return Ok(Way::Blocked(NotAnAction::Blocked { path: format!("/{path}"), found }));
    }
    Ok(Way::There)
}

/// The input root of an action whose commands find `root`. With `writable` they can write to these directories and to
/// `/tmp` alone.
pub(super) fn input_root(cas: &Cas, root: &Digest, writable: Option<&[String]>) -> Result<Digest, CasError> {
    let mut input = *root;
    for name in MOUNT_POINTS {
        if !matches!(look(cas, &input, name)?, Way::Blocked(_)) {
            input = mark(cas, &input, name, writable.map(|_| false))?;
        }
    }
    let Some(writable) = writable else { return Ok(input) };
    for path in writable {
        input = mark(cas, &input, path, Some(false))?;
    }
    mark(cas, &input, "", Some(true))
}

/// The root `before` with the tree that an action left at `path`, without what [`input_root`] added.
pub(super) fn with_output(
    cas: &Cas,
    before: &Digest,
    path: &str,
    output: &Digest,
    writable: Option<&[String]>,
) -> Result<Digest, CasError> {
    let mut root = replace(cas, before, path, Some(*output))?;
    if path.is_empty() {
        for name in MOUNT_POINTS {
            root = replace(cas, &root, name, cas.subtree(before, name)?)?;
        }
    }
    for writable in writable.into_iter().flatten().filter(|writable| is_at_or_below(writable, path)) {
        if matches!(look(cas, &root, writable)?, Way::There) {
            root = mark(cas, &root, writable, None)?;
        }
    }
    Ok(root)
}

pub(super) fn is_at_or_below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The tree with a directory at `path`, which says whether it is read-only, or does not say it.
fn mark(cas: &Cas, root: &Digest, path: &str, read_only: Option<bool>) -> Result<Digest, CasError> {
    let found = cas.subtree(root, path)?.unwrap_or_else(|| cas.digest(b""));
    let mut directory = Directory::clone(&*cas.directory(&found)?);
    let properties = &mut directory.properties.properties;
    properties.retain(|(name, _)| name != SUBTREE_READ_ONLY);
    properties.extend(read_only.map(|value| (SUBTREE_READ_ONLY.to_owned(), value.to_string())));
    properties.sort_unstable();
    replace(cas, root, path, Some(cas.store_directory(&directory)?))
}

/// The tree with another directory at `path`, or with none there. Directories on the way are made.
fn replace(cas: &Cas, root: &Digest, path: &str, new: Option<Digest>) -> Result<Digest, CasError> {
    let Some((name, rest)) = split_first(path) else {
        return Ok(new.unwrap_or_else(|| cas.digest(b"")));
    };
    let mut directory = Directory::clone(&*cas.directory(root)?);
    let at = directory.directories.binary_search_by(|node| node.name.as_str().cmp(name));
    let child = match (at, rest.is_empty()) {
        (_, true) => new,
        (Ok(at), false) => Some(replace(cas, &directory.directories[at].digest, rest, new)?),
        (Err(_), false) => Some(replace(cas, &cas.digest(b""), rest, new)?),
    };
    match (at, child) {
        (Ok(at), Some(digest)) => directory.directories[at].digest = digest,
        (Ok(at), None) => _ = directory.directories.remove(at),
        (Err(at), Some(digest)) => {
            directory.directories.insert(at, DirectoryNode { name: name.to_owned(), digest });
        }
        (Err(_), None) => {}
    }
    cas.store_directory(&directory)
}

fn split_first(path: &str) -> Option<(&str, &str)> {
    match path.split_once('/') {
        Some(split) => Some(split),
        None => Some((path, "")).filter(|_| !path.is_empty()),
    }
}

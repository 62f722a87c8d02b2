//! Lays the trees of several sources over each other, as BuildStream imports them into one folder.

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode};

/// The tree with each layer in its folder (a path, empty for the root).
///
/// # Errors
/// `cas-collision` when a directory would lie over a file or a link.
pub(crate) fn compose(cas: &Cas, layers: &[(&str, Digest)]) -> Result<Digest, CasError> {
    let mut root = Directory::default();
    for (folder, tree) in layers {
        let names: Vec<&str> = folder.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        root = put(cas, root, &names, "", tree)?;
    }
    cas.store_directory(&root)
}

fn put(
    cas: &Cas,
    mut into: Directory,
    names: &[&str],
    path: &str,
    tree: &Digest,
) -> Result<Directory, CasError> {
    let Some((name, rest)) = names.split_first() else {
        return overlay(cas, into, &*cas.directory(tree)?, path);
    };
    let path = join(path, name);
    if *name == ".." {
        return Err(CasError::BadPath { path, why: "it leads out of the element's sources" });
    }
    refuse_leaf(&into, name, &path)?;
    let below = match child(&into, name) {
        Some(digest) => cas.directory(&digest)?.as_ref().clone(),
        None => Directory::default(),
    };
    let below = put(cas, below, rest, &path, tree)?;
    set_child(&mut into, name, cas.store_directory(&below)?);
    Ok(into)
}

fn overlay(cas: &Cas, mut into: Directory, from: &Directory, path: &str) -> Result<Directory, CasError> {
    for node in &from.directories {
        let path = join(path, &node.name);
        refuse_leaf(&into, &node.name, &path)?;
        let digest = match child(&into, &node.name) {
            Some(old) if old != node.digest => {
                let old = cas.directory(&old)?.as_ref().clone();
                cas.store_directory(&overlay(cas, old, &*cas.directory(&node.digest)?, &path)?)?
            }
            _ => node.digest,
        };
        set_child(&mut into, &node.name, digest);
    }
    for node in &from.files {
        if make_room(cas, &mut into, &node.name)? {
            let at = into.files.partition_point(|other| other.name < node.name);
            into.files.insert(at, node.clone());
        }
    }
    for node in &from.symlinks {
        if make_room(cas, &mut into, &node.name)? {
            let at = into.symlinks.partition_point(|other| other.name < node.name);
            into.symlinks.insert(at, node.clone());
        }
    }
    Ok(into)
}

/// Removes what a file or link replaces. A directory with something in it stays, as in BuildStream.
fn make_room(cas: &Cas, into: &mut Directory, name: &str) -> Result<bool, CasError> {
    if let Some(digest) = child(into, name)
        && !cas.directory(&digest)?.is_empty()
    {
        return Ok(false);
    }
    into.directories.retain(|node| node.name != name);
    into.files.retain(|node| node.name != name);
    into.symlinks.retain(|node| node.name != name);
    Ok(true)
}

fn refuse_leaf(directory: &Directory, name: &str, path: &str) -> Result<(), CasError> {
    let old = if directory.files.iter().any(|node| node.name == name) {
        "file"
    } else if directory.symlinks.iter().any(|node| node.name == name) {
        "symbolic link"
    } else {
        return Ok(());
    };
    Err(CasError::Collision { path: path.to_owned(), old, new: "directory" })
}

fn child(directory: &Directory, name: &str) -> Option<Digest> {
    let at = directory.directories.binary_search_by(|node| node.name.as_str().cmp(name)).ok()?;
    Some(directory.directories[at].digest)
}

fn set_child(directory: &mut Directory, name: &str, digest: Digest) {
    match directory.directories.binary_search_by(|node| node.name.as_str().cmp(name)) {
        Ok(at) => directory.directories[at].digest = digest,
        Err(at) => directory.directories.insert(at, DirectoryNode { name: name.to_owned(), digest }),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

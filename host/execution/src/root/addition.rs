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
mod tests {
    use super::*;

    /// A tree of files, of links (`PATH -> TARGET`) and of empty directories (`PATH/`).
    fn tree(cas: &Cas, paths: &[&str]) -> Digest {
        let mut builder = TreeBuilder::new();
        for path in paths {
            let added = match (path.split_once(" -> "), path.strip_suffix('/')) {
                (Some((path, target)), _) => builder.add_symlink(path, target),
                (None, Some(path)) => builder.add_directory(path),
                (None, None) => {
                    let (path, text) = path.split_once('=').unwrap_or((path, ""));
                    let digest = cas.put_bytes(text.as_bytes()).expect("the store takes it");
                    builder.add_file(path, digest, false)
                }
            };
            added.expect("the path is good");
        }
        builder.store(cas).expect("the store takes it")
    }

    #[test]
    fn what_is_added_or_replaced_is_a_layer_and_what_is_gone_is_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let old = ["a=1", "d/b=1", "d/e/", "l -> a"];
        for (new, expect) in [
            (&["a=1", "d/b=1", "d/e/", "l -> a"][..], Some(&[][..])),
            (&["a=2", "d/b=1", "d/e/", "l -> a"], Some(&["a=2"])),
            (&["a=1", "d/b=1", "d/e/f/", "d/e/g=2", "l -> b"], Some(&["d/e/f/", "d/e/g=2", "l -> b"])),
            (&["a -> l", "d/b=1", "d/e/", "l=3"], Some(&["a -> l", "l=3"])),
            (&["d/b=1", "d/e/", "l -> a"], None),
            (&["a=1", "d/b=1", "l -> a"], None),
            (&["a=1", "d=1", "l -> a"], None),
            (&["a/x=1", "d/b=1", "d/e/", "l -> a"], None),
            (&["a=1", "d/b=1", "d/e=1", "l -> a"], None),
        ] {
            let found = addition(&cas, &tree(&cas, &old), &tree(&cas, new)).expect("the store works");
            assert_eq!(found, expect.map(|paths| tree(&cas, paths)), "{new:?}");
        }
    }
}

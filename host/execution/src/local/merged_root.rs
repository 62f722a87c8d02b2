//! An input root with the tree that it is laid over, as one tree.

use spec_cas::{Cas, CasError, MergeInput};
use spec_model::Digest;

use crate::local::graft::graft_through_symlinks;
use crate::outcome::ActionError;

/// The tree that a command sees which is executed in `input_root` over `chroot`. Only directories that both have are read.
///
/// # Errors
/// [`ActionError::Missing`] when a directory is nowhere; [`ActionError::Invalid`] where one of them has a directory and the
/// other something else.
pub fn merged_root(cas: &Cas, chroot: &Digest, input_root: &Digest) -> Result<Digest, ActionError> {
    let merge = || {
        let over = graft_through_symlinks(cas, chroot, input_root)?;
        Ok(cas.merge(&[MergeInput::whole(*chroot), MergeInput::whole(over)])?.root)
    };
    merge().map_err(|error| match error {
        CasError::Collision { path, old, new } => collision(&path, old, new),
        other => other.into(),
    })
}

/// The input root does not fit the tree that it is laid over.
pub(crate) fn collision(path: &str, old: &str, new: &str) -> ActionError {
    ActionError::invalid(format!(
        "the input root has a {new} at '{path}', where the tree of chrootRootDigest has a {old}"
    ))
}

#[cfg(test)]
mod tests {
    use spec_cas::TreeBuilder;
    use spec_model::UserError;

    use super::*;

    fn tree(cas: &Cas, files: &[(&str, &str)], links: &[(&str, &str)]) -> Digest {
        let mut builder = TreeBuilder::new();
        for (path, text) in files {
            let digest = cas.put_bytes(text.as_bytes()).expect("the store takes it");
            builder.add_file(path, digest, false).expect("the path is good");
        }
        for (path, target) in links {
            builder.add_symlink(path, target).expect("the path is good");
        }
        builder.store(cas).expect("the store takes it")
    }

    #[test]
    fn inputs_replace_what_the_tree_has_and_follow_its_links() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let links = [("lib", "usr/lib")];
        let base = tree(&cas, &[("usr/lib/libc", "old"), ("usr/bin/gcc", "gcc")], &links);
        let inputs = tree(&cas, &[("lib/libc", "new"), ("src/a.c", "a")], &[]);
        let files = [("usr/lib/libc", "new"), ("usr/bin/gcc", "gcc"), ("src/a.c", "a")];
        assert_eq!(merged_root(&cas, &base, &inputs).expect("they fit"), tree(&cas, &files, &links));
    }

    #[test]
    fn what_does_not_fit_is_an_invalid_action_and_what_is_not_there_is_missing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let base = tree(&cas, &[("usr", "a file")], &[]);
        let inputs = tree(&cas, &[("usr/a", "a")], &[]);
        let error = merged_root(&cas, &base, &inputs).expect_err("they do not fit");
        assert_eq!(error.reason(), "action-invalid");
        assert!(error.to_string().contains("a directory at 'usr'"), "{error}");
        let nowhere = Digest::of(b"no directory");
        let error = merged_root(&cas, &nowhere, &inputs).expect_err("it is nowhere");
        assert!(matches!(error, ActionError::Missing { ref digests } if *digests == [nowhere]), "{error:?}");
    }
}

//! The branches and tags of a repository.

use git2::Oid;

use super::objects::GitObjects;
use crate::git_error::GitError;

/// A branch or tag, as a server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdvertisedRef {
    /// The full name, such as `refs/heads/main`.
    pub(crate) name: String,
    /// What it names: a commit, or the object of an annotated tag.
    pub(crate) object: Oid,
    /// The commit that an annotated tag leads to.
    pub(crate) peeled: Option<Oid>,
}

impl AdvertisedRef {
    /// The commit, if it is one.
    pub(crate) fn commit(&self) -> Oid {
        self.peeled.unwrap_or(self.object)
    }
}

/// The branches and tags of a repository on this machine.
pub(crate) fn local_refs(objects: &GitObjects) -> Result<Vec<AdvertisedRef>, GitError> {
    let unreadable = |error: git2::Error| GitError::Io {
        action: "read the branches of",
        path: objects.path().to_path_buf(),
        error: std::io::Error::other(error.message().to_owned()),
    };
    let reader = objects.reader()?;
    let mut refs = Vec::new();
    for found in objects.repository().references().map_err(unreadable)? {
        let found = found.map_err(unreadable)?;
        let Ok(name) = std::str::from_utf8(found.name_bytes()) else { continue };
        if !(name.starts_with("refs/heads/") || name.starts_with("refs/tags/")) {
            continue;
        }
        // A branch that is another name of a branch is not tracked.
        let Some(object) = found.target() else { continue };
        let peeled = reader.peel(object).ok().map(|(commit, _)| commit).filter(|commit| *commit != object);
        refs.push(AdvertisedRef { name: name.to_owned(), object, peeled });
    }
    Ok(refs)
}

//! Properties of outputs that clients ask for by name.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::{Directory, NodeProperties};

/// Which properties are wanted: REAPI's `output_node_properties`. Names that nobody knows are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    mtime: bool,
    unix_mode: bool,
}

impl Wanted {
    pub(crate) fn of(names: &[String]) -> Self {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        Self { mtime: has("mtime"), unix_mode: has("unix_mode") }
    }

    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// The wanted properties of what is at `path` on the host.
    pub(crate) fn read(self, path: &Path) -> NodeProperties {
        if self.is_nothing() {
            return NodeProperties::default();
        }
        fs::symlink_metadata(path).map(|meta| self.of_metadata(&meta)).unwrap_or_default()
    }

    fn of_metadata(self, meta: &Metadata) -> NodeProperties {
        // The kernel counts nanoseconds below a second from 0 up.
        let mtime = self.mtime.then(|| (meta.mtime(), meta.mtime_nsec() as i32));
        let unix_mode = self.unix_mode.then(|| meta.mode() & 0o7777);
        NodeProperties { properties: Vec::new(), mtime, unix_mode }
    }

    /// The tree `root` with the wanted properties of everything that is in the folder `host`; the rest stays as it is.
    pub(crate) fn add_to(self, cas: &Cas, root: &Digest, host: &Path) -> Result<Digest, CasError> {
        let mut directory = Directory::clone(&*cas.directory(root)?);
        let of = |name: &str| fs::symlink_metadata(host.join(name)).ok().map(|meta| self.of_metadata(&meta));
        for file in &mut directory.files {
            file.properties = of(&file.name).unwrap_or_else(|| std::mem::take(&mut file.properties));
        }
        for link in &mut directory.symlinks {
            link.properties = of(&link.name).unwrap_or_else(|| std::mem::take(&mut link.properties));
        }
        for child in &mut directory.directories {
            let below = host.join(&child.name);
            if below.is_dir() {
                child.digest = self.add_to(cas, &child.digest, &below)?;
            }
        }
        directory.properties = self.read(host);
        cas.store_directory(&directory)
    }
}

#[cfg(test)]
mod tests {
    use spec_model::tree::{FileNode, SymlinkNode};

    use super::*;

    #[test]
    fn what_was_not_touched_keeps_its_properties() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        let digest = cas.put_bytes(b"1").expect("room");
        let properties = NodeProperties { mtime: Some((1, 2)), ..NodeProperties::default() };
        let file = |name: &str| FileNode {
            name: name.to_owned(),
            digest,
            executable: false,
            properties: properties.clone(),
        };
        let link = |name: &str| SymlinkNode {
            name: name.to_owned(),
            target: "a".to_owned(),
            properties: properties.clone(),
        };
        let before = Directory {
            files: vec![file("same"), file("written")],
            symlinks: vec![link("same-link")],
            ..Directory::default()
        };
        let root = cas.store_directory(&before).expect("room");
        let written = folder.path().join("upper");
        fs::create_dir(&written).and_then(|()| fs::write(written.join("written"), "1")).expect("room");
        let wanted = Wanted::of(&["mtime".to_owned()]);
        let after = wanted.add_to(&cas, &root, &written).and_then(|root| cas.directory(&root));
        let after = after.expect("the store works");
        assert_eq!((&after.files[0], &after.symlinks[0]), (&before.files[0], &before.symlinks[0]));
        assert_ne!(after.files[1].properties, properties);
    }
}

//! Properties of outputs that clients ask for by name.

use spec_action::path::append;
use spec_cas::{Cas, CasError, Written, WrittenEntry};
use spec_model::Digest;
use spec_model::tree::{Directory, NodeProperties};

/// Which properties are wanted: REAPI's `output_node_properties`. Names that nobody knows are passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestedProperties {
    mtime: bool,
    unix_mode: bool,
}

impl RequestedProperties {
    pub(crate) fn of(names: &[String]) -> Self {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        Self { mtime: has("mtime"), unix_mode: has("unix_mode") }
    }

    pub(crate) fn is_nothing(self) -> bool {
        self == Self::default()
    }

    /// The wanted properties of what was written at `path`.
    pub(crate) fn read(self, written: &Written, path: &str) -> Result<NodeProperties, CasError> {
        if self.is_nothing() {
            return Ok(NodeProperties::default());
        }
        Ok(written.entry(path)?.map(|entry| self.of_entry(&entry)).unwrap_or_default())
    }

    fn of_entry(self, entry: &WrittenEntry) -> NodeProperties {
        let mtime = self.mtime.then_some(entry.mtime);
        let unix_mode = self.unix_mode.then_some(entry.mode);
        NodeProperties { properties: Vec::new(), mtime, unix_mode }
    }

    /// The tree `root` with the wanted properties of everything that was written at `path`; the rest stays as it is.
    pub(crate) fn add_to(
        self,
        cas: &Cas,
        root: &Digest,
        written: &Written,
        path: &str,
    ) -> Result<Digest, CasError> {
        let mut directory = Directory::clone(&*cas.directory(root)?);
        let found = |name: &str| written.entry(&append(path, name));
        for file in &mut directory.files {
            if let Some(entry) = found(&file.name)? {
                file.properties = self.of_entry(&entry);
            }
        }
        for link in &mut directory.symlinks {
            if let Some(entry) = found(&link.name)? {
                link.properties = self.of_entry(&entry);
            }
        }
        for child in &mut directory.directories {
            if found(&child.name)?.is_some() {
                child.digest = self.add_to(cas, &child.digest, written, &append(path, &child.name))?;
            }
        }
        directory.properties = self.read(written, path)?;
        cas.store_directory(&directory)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        let wanted = RequestedProperties::of(&["mtime".to_owned()]);
        let upper = spec_cas::Written::open(&written, spec_cas::OverlayMarks::User).expect("it is there");
        let after = wanted.add_to(&cas, &root, &upper, "").and_then(|root| cas.directory(&root));
        let after = after.expect("the store works");
        assert_eq!((&after.files[0], &after.symlinks[0]), (&before.files[0], &before.symlinks[0]));
        assert_ne!(after.files[1].properties, properties);
    }
}

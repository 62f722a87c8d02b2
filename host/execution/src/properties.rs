//! Properties of outputs that clients ask for by name.

use spec_action::path::append;
use spec_cas::{Cas, CasError, UpperEntry, UpperReader};
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
    pub(crate) fn read(self, written: &UpperReader, path: &str) -> Result<NodeProperties, CasError> {
        if self.is_nothing() {
            return Ok(NodeProperties::default());
        }
        Ok(written.entry(path)?.map(|entry| self.of_entry(&entry)).unwrap_or_default())
    }

    fn of_entry(self, entry: &UpperEntry) -> NodeProperties {
        let mtime = self.mtime.then_some(entry.mtime);
        let unix_mode = self.unix_mode.then_some(entry.mode);
        NodeProperties { properties: Vec::new(), mtime, unix_mode }
    }

    /// The tree `root` with the wanted properties of everything that was written at `path`; the rest stays as it is.
    pub(crate) fn add_to(
        self,
        cas: &Cas,
        root: &Digest,
        written: &UpperReader,
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
mod tests;

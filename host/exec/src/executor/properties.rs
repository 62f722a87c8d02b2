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
            file.properties = of(&file.name).unwrap_or_default();
        }
        for link in &mut directory.symlinks {
            link.properties = of(&link.name).unwrap_or_default();
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

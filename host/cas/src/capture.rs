//! Folders of the host into the store.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use spec_model::Digest;
use spec_model::tree::{Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode};

use crate::builder::Batch;
use crate::error::{CasError, Result};
use crate::scan::{Found, Scanned, Scanner};
use crate::store::Cas;
use crate::writer::Take;

/// What was learnt of a file by reading it.
#[derive(Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) digest: Digest,
    pub(crate) executable: bool,
}

impl Cas {
    /// Stores a folder of the host and answers with the digest of its tree.
    ///
    /// `filter` is asked with every path below the folder (relative, no leading slash); what it refuses is left out
    /// with all below it. Symbolic links are kept as they are. A file counts as executable when its owner may
    /// execute it; other mode bits, owners and times are not kept. With [`Take::Move`] the files are gone afterwards.
    ///
    /// # Errors
    /// `cas-special-file` for sockets, pipes and devices, `cas-bad-path` for names that are not UTF-8,
    /// `cas-disk-full`, or when the file system fails.
    pub fn import_dir(&self, folder: &Path, take: Take, filter: impl Fn(&str) -> bool) -> Result<Digest> {
        let mut scanner = Scanner { filter: &filter, overlay: false, files: Vec::new() };
        let scanned = scanner.scan(folder, &mut String::new())?;
        let root = self.store_scanned(&scanned, None, &scanner.files, take)?;
        self.mark_complete(&root)?;
        Ok(root)
    }

    /// Stores what an overlay's upper folder changed over the tree `lower`, and answers with the digest of the
    /// whole tree as it is seen through the overlay. Reads only what changed. Where `filter` refuses a path, what
    /// `lower` has there stays.
    ///
    /// The overlay must be mounted with `redirect_dir=off,metacopy=off`.
    ///
    /// # Errors
    /// As [`import_dir`](Self::import_dir), and as [`directory`](Self::directory) for `lower`.
    pub fn import_upper(
        &self,
        upper: &Path,
        lower: &Digest,
        take: Take,
        filter: impl Fn(&str) -> bool,
    ) -> Result<Digest> {
        let mut scanner = Scanner { filter: &filter, overlay: true, files: Vec::new() };
        let scanned = scanner.scan(upper, &mut String::new())?;
        self.store_scanned(&scanned, Some(lower), &scanner.files, take)
    }

    fn store_scanned(
        &self,
        scanned: &Scanned,
        lower: Option<&Digest>,
        files: &[PathBuf],
        take: Take,
    ) -> Result<Digest> {
        let stored = self.parallel(files, |path| self.store_found(path, take))?;
        let load = |digest: &Digest| self.directory(digest);
        let batch = Batch::new(self.function());
        let mut assembly = Assembly { load: &load, stored: &stored, batch };
        let root = assembly.assemble(scanned, lower)?;
        assembly.batch.store(self)?;
        Ok(root)
    }

    fn store_found(&self, path: &Path, take: Take) -> Result<Stored> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(CasError::io("open", path))?;
        let stat = rustix::fs::fstat(&file).map_err(CasError::io("look up", path))?;
        let digest = self.put_open_file(path, file.into(), take)?;
        Ok(Stored { digest, executable: stat.st_mode & 0o100 != 0 })
    }
}

/// Makes directories of what was scanned.
pub(crate) struct Assembly<'a> {
    /// Gives the directories of a tree below.
    pub(crate) load: &'a dyn Fn(&Digest) -> Result<Arc<Directory>>,
    pub(crate) stored: &'a [Stored],
    pub(crate) batch: Batch,
}

impl Assembly<'_> {
    pub(crate) fn assemble(&mut self, scanned: &Scanned, lower: Option<&Digest>) -> Result<Digest> {
        let lower: Arc<Directory> = match lower.filter(|_| !scanned.opaque) {
            Some(digest) => (self.load)(digest)?,
            None => Arc::default(),
        };
        let mut directory = kept(&lower, scanned);
        for (name, found) in &scanned.entries {
            let name = name.clone();
            match found {
                Found::Whiteout => {}
                Found::File(index) => {
                    let Stored { digest, executable } = self.stored[*index];
                    let properties = NodeProperties::default();
                    directory.files.push(FileNode { name, digest, executable, properties });
                }
                Found::Symlink(target) => {
                    let (target, properties) = (target.clone(), NodeProperties::default());
                    directory.symlinks.push(SymlinkNode { name, target, properties });
                }
                Found::Folder(inner) => {
                    let below =
                        lower.directories.iter().find(|node| node.name == name).map(|node| node.digest);
                    let digest = self.assemble(inner, below.as_ref())?;
                    directory.directories.push(DirectoryNode { name, digest });
                }
            }
        }
        directory.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        directory.directories.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        directory.symlinks.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(self.batch.add(directory))
    }
}

/// The part of `lower` that the names in `scanned` leave alone.
fn kept(lower: &Directory, scanned: &Scanned) -> Directory {
    let alone = |name: &str| !scanned.entries.contains_key(name);
    Directory {
        files: lower.files.iter().filter(|node| alone(&node.name)).cloned().collect(),
        directories: lower.directories.iter().filter(|node| alone(&node.name)).cloned().collect(),
        symlinks: lower.symlinks.iter().filter(|node| alone(&node.name)).cloned().collect(),
        properties: lower.properties.clone(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checkout::CheckoutMode;
    use crate::sample::{arbitrary_paths, function, store};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn import_undoes_checkout(paths in arbitrary_paths(), link: bool, function in function()) {
            let folder = tempfile::tempdir()?;
            let cas = Cas::open_with(folder.path().join("store"), function)?;
            let root = store(&cas, &paths)?;
            let mode = if link { CheckoutMode::HardLink } else { CheckoutMode::Copy };
            let dest = folder.path().join("dest");
            cas.checkout_into(&root, &dest, mode)?;
            prop_assert_eq!(cas.import_dir(&dest, Take::Copy, |_| true)?, root);
            let other = Cas::open_with(folder.path().join("other"), function)?;
            prop_assert_eq!(other.import_dir(&dest, Take::Move, |_| true)?, root);
            prop_assert!(other.complete(&root)?);
            other.checkout_into(&root, &folder.path().join("again"), mode)?;
        }
    }
}

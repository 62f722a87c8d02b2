//! A folder of this machine as one who takes blobs.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spec_cas::{CasError, Destination, FIXED_MTIME, Limits, TreeSize};
use spec_model::tree::{Directory, FileNode};
use spec_model::{Cancel, Digest};

use crate::blob::{Receiver, Sink};
use crate::tree::Directories;

/// A tree that comes to a folder: it is seen there when it is whole. Nothing is left when it is dropped before.
pub struct Landing {
    dest: Arc<Destination>,
    limits: Limits,
    cancel: Cancel,
    places: HashMap<Digest, Vec<Place>>,
    /// Permissions of folders, by their paths in the tree, a folder after its children. Set when nothing more is written.
    modes: Vec<(PathBuf, u32)>,
}

/// Where a file goes.
#[derive(Clone)]
struct Place {
    /// From the root of the tree.
    path: PathBuf,
    permissions: u32,
    modified: SystemTime,
}

impl Landing {
    /// Prepares for a tree within `limits` at `dest`, which must not exist or be an empty folder.
    ///
    /// # Errors
    /// As [`Destination::prepare`].
    pub fn prepare(dest: &Path, limits: Limits, cancel: Cancel) -> Result<Self, CasError> {
        let dest = Arc::new(Destination::prepare(dest, false)?);
        Ok(Self { dest, limits, cancel, places: HashMap::new(), modes: vec![] })
    }

    /// The files that are still to come, each once.
    #[must_use]
    pub fn files(&self) -> Vec<Digest> {
        let mut files: Vec<Digest> = self.places.keys().copied().collect();
        files.sort_unstable_by_key(|digest| std::cmp::Reverse(digest.size()));
        files
    }

    /// Makes the folders and symbolic links, and notes where the files go.
    pub(crate) fn make(mut self, root: &Digest, directories: &Directories) -> Result<Self, CasError> {
        let load = |digest: &Digest| find(directories, digest);
        TreeSize::of(root, self.limits, load)?;
        self.folder(Path::new(""), root, directories)?;
        Ok(self)
    }

    fn folder(&mut self, folder: &Path, digest: &Digest, directories: &Directories) -> Result<(), CasError> {
        let directory = find(directories, digest)?;
        if self.cancel.is_cancelled() {
            return Err(CasError::Cancelled);
        }
        if !folder.as_os_str().is_empty() {
            self.dest.make_folder(folder)?;
        }
        for link in &directory.symlinks {
            self.dest.make_link(&folder.join(&link.name), &link.target)?;
        }
        for file in &directory.files {
            self.places.entry(file.digest).or_default().push(Place::of(folder, file));
        }
        for child in &directory.directories {
            self.folder(&folder.join(&child.name), &child.digest, directories)?;
        }
        if let Some(mode) = directory.properties.unix_mode {
            self.modes.push((folder.to_owned(), mode));
        }
        Ok(())
    }

    /// Shows the tree in its place.
    pub(crate) fn finish(&self) -> Result<(), CasError> {
        self.dest.finish(&self.modes)
    }

    fn places(&self, digest: &Digest) -> &[Place] {
        self.places.get(digest).map(Vec::as_slice).unwrap_or_default()
    }
}

fn find<'a>(directories: &'a Directories, digest: &Digest) -> Result<&'a Directory, CasError> {
    let missing = || CasError::Missing { digest: *digest, what: "directory".to_owned() };
    directories.get(digest).map(|(_, directory)| directory).ok_or_else(missing)
}

impl Place {
    fn of(folder: &Path, file: &FileNode) -> Self {
        let usual = if file.executable { 0o777 } else { 0o666 };
        let (seconds, nanos) = file.properties.mtime.unwrap_or((FIXED_MTIME, 0));
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let since = seconds.saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)));
        Self {
            path: folder.join(&file.name),
            permissions: file.properties.unix_mode.unwrap_or(usual),
            // What no clock can show is as good as none.
            modified: SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }

    /// Where an earlier try broke off, its file goes.
    fn create(&self, dest: &Destination) -> Result<File, CasError> {
        dest.make_file(&self.path, self.permissions)
    }

    fn write(&self, dest: &Destination, bytes: &[u8]) -> Result<(), CasError> {
        let mut file = self.create(dest)?;
        let written = file.write_all(bytes).and_then(|()| file.set_modified(self.modified));
        written.map_err(|error| self.failed(dest, error))
    }

    fn failed(&self, dest: &Destination, error: io::Error) -> CasError {
        CasError::writing(dest.path().join(&self.path), error)
    }
}

impl Receiver for Landing {
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        self.places(digest).iter().try_for_each(|place| place.write(&self.dest, bytes))
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn Sink>, CasError> {
        let missing = || CasError::Missing { digest: *digest, what: "a place for the blob".to_owned() };
        let (first, others) = self.places(digest).split_first().ok_or_else(missing)?;
        let (file, dest) = (first.create(&self.dest)?, Arc::clone(&self.dest));
        Ok(Box::new(Landed { dest, file, first: first.clone(), others: others.to_vec() }))
    }
}

/// A large file on its way to its first place; copied to the others when it is whole.
struct Landed {
    dest: Arc<Destination>,
    file: File,
    first: Place,
    others: Vec<Place>,
}

impl Write for Landed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for Landed {
    fn finish(self: Box<Self>) -> Result<(), CasError> {
        let Self { dest, mut file, first, others } = *self;
        for other in &others {
            let mut to = other.create(&dest)?;
            let copied = file.rewind().and_then(|()| io::copy(&mut file, &mut to));
            let copied = copied.and_then(|_| to.set_modified(other.modified));
            copied.map_err(|error| other.failed(&dest, error))?;
        }
        file.set_modified(first.modified).map_err(|error| first.failed(&dest, error))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use spec_model::UserError;
    use spec_model::tree::{DirectoryNode, NodeProperties};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("it is there").permissions().mode() & 0o7777
    }

    fn closed(directory: Directory) -> Directory {
        let properties = NodeProperties { unix_mode: Some(0o6555), ..NodeProperties::default() };
        Directory { properties, ..directory }
    }

    #[test]
    fn a_folder_is_closed_when_nothing_more_comes() {
        let beside = tempfile::tempdir().expect("a temporary folder");
        let dest = beside.path().join("dest");
        let [root, inner, data] = [&b"root"[..], b"inner", b"data"].map(Digest::of);
        let properties = NodeProperties { unix_mode: Some(0o7755), ..NodeProperties::default() };
        let file = FileNode { name: "file".to_owned(), digest: data, executable: false, properties };
        let child = DirectoryNode { name: "inner".to_owned(), digest: inner };
        let directories = Directories::from([
            (root, (vec![], closed(Directory { directories: vec![child], ..Directory::default() }))),
            (inner, (vec![], closed(Directory { files: vec![file], ..Directory::default() }))),
        ]);
        let landing = Landing::prepare(&dest, Limits::default(), Cancel::new())
            .and_then(|landing| landing.make(&root, &directories));
        let landing = landing.expect("it is made");
        landing.put(&data, b"data").expect("it is written");
        landing.finish().expect("it is moved");
        drop(landing);
        assert_eq!([mode(&dest), mode(&dest.join("inner"))], [0o555; 2]);
        assert_eq!(mode(&dest.join("inner/file")), 0o755, "nobody else's rights come with it");
        assert_eq!(fs::read_dir(beside.path()).expect("a folder").count(), 1, "nothing else is left");
        assert_eq!(fs::read(dest.join("inner/file")).expect("it is there"), b"data");
        fs::set_permissions(&dest, fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::set_permissions(dest.join("inner"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    #[test]
    fn a_tree_that_unfolds_without_end_is_refused_before_anything_is_made() {
        let beside = tempfile::tempdir().expect("a temporary folder");
        let mut directories = Directories::new();
        let mut root = Digest::of(b"");
        directories.insert(root, (vec![], Directory::default()));
        for level in 0..30 {
            let node = |n: u32| DirectoryNode { name: n.to_string(), digest: root };
            let directory = Directory { directories: (0..10).map(node).collect(), ..Directory::default() };
            root = Digest::of(&[level]);
            directories.insert(root, (vec![], directory));
        }
        let landing = Landing::prepare(&beside.path().join("dest"), Limits::default(), Cancel::new());
        let made = landing.and_then(|landing| landing.make(&root, &directories));
        assert_eq!(made.err().map(|error| error.reason().to_owned()).as_deref(), Some("tree-too-large"));
        assert_eq!(fs::read_dir(beside.path()).expect("a folder").count(), 0);
    }
}

//! A folder of this machine as one who takes blobs.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use spec_cas::{CasError, MTIME, ScratchArea, ScratchDir};
use spec_model::Digest;
use spec_model::tree::FileNode;

use crate::blob::{Receiver, Sink};
use crate::tree::Directories;

/// As deep as a tree may be that is made at all.
const DEEPEST: usize = 256;

/// A tree that comes to a folder: made beside its place and moved there when it is whole. Nothing else is left when
/// it is dropped before, or when the process is killed and another one lands in the same folder later.
pub struct Landing {
    dest: PathBuf,
    places: HashMap<Digest, Vec<Place>>,
    /// Modes of folders, by their paths in the tree, a folder after its children. Set when nothing more is written.
    modes: Vec<(PathBuf, u32)>,
    staging: ScratchDir,
    // Dropped after what is in them, in this order.
    _area: ScratchArea,
    _beside: Beside,
}

/// The folder of all who land in one folder. Whoever leaves last removes it.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Where a file goes.
#[derive(Clone)]
struct Place {
    path: PathBuf,
    mode: u32,
    modified: SystemTime,
}

impl Landing {
    /// Prepares for a tree at `dest`, which must not exist or be an empty folder.
    ///
    /// # Errors
    /// When something is there, or the file system fails.
    pub fn prepare(dest: &Path) -> Result<Self, CasError> {
        let occupied = fs::read_dir(dest).map(|mut entries| entries.next().is_some());
        if occupied.unwrap_or(dest.symlink_metadata().is_ok()) {
            return Err(CasError::writing(dest, io::ErrorKind::AlreadyExists.into()));
        }
        let parent = dest.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let beside = Beside(parent.join(".spec-host-pull"));
        let area = ScratchArea::open(&beside.0)?;
        let staging = area.scratch()?;
        let (dest, places, modes) = (dest.to_owned(), HashMap::new(), vec![]);
        Ok(Self { dest, places, modes, staging, _area: area, _beside: beside })
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
        let folder = self.tree();
        self.folder(&folder, root, directories, 0)?;
        Ok(self)
    }

    fn folder(
        &mut self,
        folder: &Path,
        digest: &Digest,
        directories: &Directories,
        depth: usize,
    ) -> Result<(), CasError> {
        let missing = || CasError::Missing { digest: *digest, what: "directory".to_owned() };
        let (_, directory) = directories.get(digest).ok_or_else(missing)?;
        let failed = |error| CasError::writing(folder, error);
        if depth > DEEPEST {
            return Err(failed(io::Error::other("the tree is deeper than 256 folders")));
        }
        fs::create_dir(folder).map_err(failed)?;
        for link in &directory.symlinks {
            symlink(&link.target, folder.join(&link.name)).map_err(failed)?;
        }
        for file in &directory.files {
            self.places.entry(file.digest).or_default().push(Place::of(folder, file));
        }
        for child in &directory.directories {
            self.folder(&folder.join(&child.name), &child.digest, directories, depth + 1)?;
        }
        if let Some(mode) = directory.properties.unix_mode {
            let path = folder.strip_prefix(self.tree()).unwrap_or(folder).to_owned();
            self.modes.push((path, mode));
        }
        Ok(())
    }

    /// Moves the tree to its place.
    pub(crate) fn finish(&self) -> Result<(), CasError> {
        let (root, below): (Vec<_>, Vec<_>) =
            self.modes.iter().partition(|(path, _)| path.as_os_str().is_empty());
        // Children come before their folders: where a folder is closed, nothing below it is reached any more.
        set_modes(&self.tree(), below)?;
        fs::rename(self.tree(), &self.dest).map_err(|error| CasError::writing(&self.dest, error))?;
        // A folder that may not be written cannot be moved to another one.
        set_modes(&self.dest, root)
    }

    /// Where the tree is made.
    fn tree(&self) -> PathBuf {
        self.staging.path().join("tree")
    }

    fn places(&self, digest: &Digest) -> &[Place] {
        self.places.get(digest).map(Vec::as_slice).unwrap_or_default()
    }
}

fn set_modes<'a>(root: &Path, modes: impl IntoIterator<Item = &'a (PathBuf, u32)>) -> Result<(), CasError> {
    modes.into_iter().try_for_each(|(path, mode)| {
        let path = if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) };
        let set = fs::set_permissions(&path, fs::Permissions::from_mode(mode & 0o7777));
        set.map_err(|error| CasError::writing(&path, error))
    })
}

impl Place {
    fn of(folder: &Path, file: &FileNode) -> Self {
        let usual = if file.executable { 0o755 } else { 0o644 };
        let (seconds, nanos) = file.properties.mtime.unwrap_or((MTIME, 0));
        let seconds = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
        let since = seconds.saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or(0)));
        Self {
            path: folder.join(&file.name),
            mode: file.properties.unix_mode.unwrap_or(usual) & 0o7777,
            // What no clock can show is as good as none.
            modified: SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }

    /// Where an earlier try broke off, its file is there.
    fn create(&self) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&self.path)
    }

    fn settle(&self, file: &File) -> io::Result<()> {
        file.set_permissions(fs::Permissions::from_mode(self.mode))?;
        file.set_modified(self.modified)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.create()?;
        file.write_all(bytes)?;
        self.settle(&file)
    }
}

impl Receiver for Landing {
    fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), CasError> {
        let write = |place: &Place| place.write(bytes).map_err(|error| CasError::writing(&place.path, error));
        self.places(digest).iter().try_for_each(write)
    }

    fn sink(&self, digest: &Digest) -> Result<Box<dyn Sink>, CasError> {
        let missing = || CasError::Missing { digest: *digest, what: "a place for the blob".to_owned() };
        let (first, others) = self.places(digest).split_first().ok_or_else(missing)?;
        let file = first.create().map_err(|error| CasError::writing(&first.path, error))?;
        Ok(Box::new(Landed { file, first: first.clone(), others: others.to_vec() }))
    }
}

/// A large file on its way to its first place; copied to the others when it is whole.
struct Landed {
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
        let failed = |place: &Place, error| CasError::writing(&place.path, error);
        self.first.settle(&self.file).map_err(|error| failed(&self.first, error))?;
        self.others.iter().try_for_each(|other| {
            let copy = || {
                let mut from = File::open(&self.first.path)?;
                let mut to = other.create()?;
                io::copy(&mut from, &mut to)?;
                other.settle(&to)
            };
            copy().map_err(|error| failed(other, error))
        })
    }
}

#[cfg(test)]
mod tests {
    use spec_model::tree::{Directory, DirectoryNode, NodeProperties};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("it is there").permissions().mode() & 0o7777
    }

    fn closed(directory: Directory) -> Directory {
        let properties = NodeProperties { unix_mode: Some(0o555), ..NodeProperties::default() };
        Directory { properties, ..directory }
    }

    #[test]
    fn a_folder_is_closed_when_nothing_more_comes() {
        let beside = tempfile::tempdir().expect("a temporary folder");
        let dest = beside.path().join("dest");
        let [root, inner, data] = [&b"root"[..], b"inner", b"data"].map(Digest::of);
        let properties = NodeProperties::default();
        let file = FileNode { name: "file".to_owned(), digest: data, executable: false, properties };
        let child = DirectoryNode { name: "inner".to_owned(), digest: inner };
        let directories = Directories::from([
            (root, (vec![], closed(Directory { directories: vec![child], ..Directory::default() }))),
            (inner, (vec![], closed(Directory { files: vec![file], ..Directory::default() }))),
        ]);
        let landing = Landing::prepare(&dest).and_then(|landing| landing.make(&root, &directories));
        let landing = landing.expect("it is made");
        // Root may write everywhere, so what counts is that everybody else may.
        assert_eq!(mode(&landing.tree().join("inner")) & 0o200, 0o200, "files are still to come");
        landing.put(&data, b"data").expect("it is written");
        landing.finish().expect("it is moved");
        assert_eq!([mode(&dest), mode(&dest.join("inner"))], [0o555; 2]);
        assert_eq!(fs::read(dest.join("inner/file")).expect("it is there"), b"data");
        fs::set_permissions(&dest, fs::Permissions::from_mode(0o755)).expect("it is ours");
        fs::set_permissions(dest.join("inner"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
}

//! Folders for unfinished files, which are removed when their process ends.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::fs::{Dir, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::attributes::{set_exact_mode, spread_subfolders};
use crate::error::{CasError, Result};
use crate::folder_remover::FolderRemover;
use crate::remove_tree::{remove_all, remove_entry};

/// A folder in which every running process may have one folder, which is locked as long as the process lives.
#[derive(Debug)]
pub(crate) struct TempArea {
    path: PathBuf,
    /// The thread of the remover ends before the folder of this process is removed.
    pub(crate) remover: Arc<FolderRemover>,
    process_folder: OnceLock<ProcessFolder>,
    next: AtomicU64,
}

/// The folder of this process, removed when dropped.
#[derive(Debug)]
struct ProcessFolder {
    path: PathBuf,
    _lock: File,
}

impl TempArea {
    /// Opens the area at `path` and removes what dead processes left there.
    pub(crate) fn open(path: PathBuf) -> Result<Self> {
        match fs::create_dir_all(&path).map_err(CasError::io("create", &path)) {
            // Nothing can be made in it either then, and whoever tries gets the error.
            Err(error) if error.is_unwritable() => {}
            made => {
                made?;
                remove_abandoned(&path)?;
            }
        }
        Ok(Self { path, remover: Arc::default(), process_folder: OnceLock::new(), next: AtomicU64::new(0) })
    }

    /// The path of the area.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An unused path in the folder of this process.
    pub(crate) fn unused_path(&self) -> Result<PathBuf> {
        Ok(self.process_folder()?.join(self.next.fetch_add(1, Ordering::Relaxed).to_string()))
    }

    /// The folder of this process. Numbers in it are those of [`unused_path`](Self::unused_path).
    pub(crate) fn process_folder(&self) -> Result<&Path> {
        let folder = match self.process_folder.get() {
            Some(folder) => folder,
            None => {
                let made = create_process_folder(&self.path)?;
                self.process_folder.get_or_init(|| made)
            }
        };
        Ok(&folder.path)
    }
}

impl Drop for ProcessFolder {
    fn drop(&mut self) {
        let _ = remove_all(&self.path);
    }
}

/// Makes and locks a folder. Another process that removes abandoned folders may remove it between the two steps; then
/// another one is made.
fn create_process_folder(parent: &Path) -> Result<ProcessFolder> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{}-{number}", std::process::id()));
        // Closed to other users, because what commands leave here may have set-uid bits.
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other.map_err(CasError::io("create", &path))?,
        }
        let Ok(lock) = File::open(&path) else { continue };
        set_exact_mode(&lock, 0o700).map_err(CasError::io("take", &path))?;
        spread_subfolders(&lock);
        let locked = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        if locked && is_same_file(&lock, &path) {
            return Ok(ProcessFolder { path, _lock: lock });
        }
    }
}

fn is_same_file(open: &File, path: &Path) -> bool {
    let inode = |meta: fs::Metadata| (meta.dev(), meta.ino());
    matches!((open.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if inode(a.clone()) == inode(b.clone()))
}

/// Removes the folders of dead processes. Only folders of this user are touched, and no link is followed, because the
/// area may lie in a folder of another user.
fn remove_abandoned(parent: &Path) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let area = match rustix::fs::open(parent, flags, Mode::empty()) {
        // The folder belongs to another user.
        Err(Errno::ACCESS) => return Ok(()),
        other => other.map_err(CasError::io("open", parent))?,
    };
    for entry in Dir::read_from(&area).map_err(CasError::io("list", parent))? {
        let entry = entry.map_err(CasError::io("list", parent))?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Ok(lock) = rustix::fs::openat(&area, name, flags, Mode::empty()) else { continue };
        let ours = rustix::fs::fstat(&lock).is_ok_and(|stat| stat.st_uid == geteuid().as_raw());
        if ours && rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = remove_entry(area.as_fd(), name);
        }
    }
    Ok(())
}

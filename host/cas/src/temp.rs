//! Unfinished things: files without a name, and folders that outlive no process.

use std::ffi::{CStr, CString};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::fs::{AtFlags, CWD, Dir, FlockOperation, IFlags, Mode, OFlags, Timespec, Timestamps};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::error::{CasError, Result};
use crate::folder_remover::FolderRemover;
use crate::layout::MTIME;
use crate::removal::{remove_all, remove_entry};
use crate::store::{Cas, is_file_of};

/// A folder in which every running process may own one sub-folder, marked by a lock the kernel drops with the process.
#[derive(Debug)]
pub(crate) struct TempArea {
    parent: PathBuf,
    /// Ends before the sub-folder is removed.
    pub(crate) remover: Arc<FolderRemover>,
    owned: OnceLock<Owned>,
    next: AtomicU64,
}

#[derive(Debug)]
struct Owned {
    path: PathBuf,
    _lock: File,
}

impl TempArea {
    /// Opens the area at `parent` and removes what dead processes left there.
    pub(crate) fn open(parent: PathBuf) -> Result<Self> {
        match fs::create_dir_all(&parent).map_err(CasError::io("create", &parent)) {
            // Then nothing can be made in it either, which matters only to who wants to.
            Err(error) if error.is_unwritable() => {}
            made => {
                made?;
                remove_abandoned(&parent)?;
            }
        }
        Ok(Self { parent, remover: Arc::default(), owned: OnceLock::new(), next: AtomicU64::new(0) })
    }

    /// A path that nobody else uses, below the sub-folder of this process. Nothing is there yet.
    pub(crate) fn fresh(&self) -> Result<PathBuf> {
        Ok(self.own()?.join(self.next.fetch_add(1, Ordering::Relaxed).to_string()))
    }

    /// The sub-folder of this process. Numbers in it are those of [`fresh`](Self::fresh).
    pub(crate) fn own(&self) -> Result<&Path> {
        let owned = match self.owned.get() {
            Some(owned) => owned,
            None => {
                let made = claim(&self.parent)?;
                self.owned.get_or_init(|| made)
            }
        };
        Ok(&owned.path)
    }
}

impl Cas {
    /// Writes a file of the store that may be there already, and its folder if need be: whoever looks finds the old
    /// one or the new one, whole.
    pub(crate) fn replace(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let fresh = self.write_fresh(bytes)?;
        self.move_fresh(&fresh, path)
    }

    /// Writes a file that waits for its place; nothing is left of it when that fails.
    pub(crate) fn write_fresh(&self, bytes: &[u8]) -> Result<PathBuf> {
        let fresh = self.shared.temp.fresh()?;
        let written = fs::write(&fresh, bytes).map_err(CasError::io("write", &fresh));
        written.inspect_err(|_| _ = fs::remove_file(&fresh))?;
        Ok(fresh)
    }

    /// Makes the folders of a file of the store, in the place of files.
    fn clear_way(&self, path: &Path) -> io::Result<()> {
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != self.root());
        for folder in folders.filter(|folder| folder.is_file()) {
            unless_gone(fs::remove_file(folder))?;
        }
        path.parent().map_or(Ok(()), fs::create_dir_all)
    }

    /// Moves such a file to its place, or removes it when that fails.
    pub(crate) fn move_fresh(&self, fresh: &Path, path: &Path) -> Result<()> {
        let rename = || fs::rename(fresh, path);
        let moved = match rename() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| rename())
            }
            // What a broken disk or a hand put in its place goes.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                unless_gone(fs::remove_dir_all(path)).and_then(|()| rename())
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                self.clear_way(path).and_then(|()| rename())
            }
            other => other,
        };
        moved.map_err(CasError::io("write", path)).inspect_err(|_| _ = fs::remove_file(fresh))
    }
}

/// Who else stores the same may have put a file in the place of what is removed here.
fn unless_gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(())
        }
        other => other,
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = remove_all(&self.path);
    }
}

/// Makes and locks a sub-folder. A cleaner may take it between the two steps; then another is made.
fn claim(parent: &Path) -> Result<Owned> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{}-{number}", std::process::id()));
        // Whoever else may look at the area: what commands leave here may have set-uid bits.
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            other => other.map_err(CasError::io("create", &path))?,
        }
        let Ok(lock) = File::open(&path) else { continue };
        make_ours(&lock, 0o700).map_err(CasError::io("take", &path))?;
        spread(&lock);
        let locked = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        if locked && same_file(&lock, &path) {
            return Ok(Owned { path, _lock: lock });
        }
    }
}

/// Takes from a folder that this process made what it got from the folder around it: a group, a set-group-id bit, an
/// access list and one for what will be made in it. What sandboxes find has none of that: a group that they do not know
/// is an error to them, and modes are those that they ask for.
pub(crate) fn make_ours(folder: &File, mode: u32) -> io::Result<()> {
    for list in ["system.posix_acl_default", "system.posix_acl_access"] {
        match rustix::fs::fremovexattr(folder, list) {
            Ok(()) | Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let group = rustix::process::getegid();
    if folder.metadata()?.gid() != group.as_raw() {
        rustix::fs::fchown(folder, None, Some(group))?;
    }
    // After the group, which takes bits away.
    Ok(rustix::fs::fchmod(folder, Mode::from_raw_mode(mode))?)
}

/// Has ext4 put each folder made in this one far from the others, with all that is made in it. A file is made slowly
/// where many were removed during the last five minutes, for ext4 then passes over the place of each of them.
pub(crate) fn spread(folder: impl AsFd) {
    if let Ok(flags) = rustix::fs::ioctl_getflags(&folder)
        && !flags.contains(IFlags::TOPDIR)
    {
        // Other file systems have no such flag and no such trouble.
        let _ = rustix::fs::ioctl_setflags(&folder, flags | IFlags::TOPDIR);
    }
}

/// The last component of a path, for names that are made of it.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn same_file(open: &File, path: &Path) -> bool {
    let inode = |meta: fs::Metadata| (meta.dev(), meta.ino());
    matches!((open.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if inode(a.clone()) == inode(b.clone()))
}

/// Removes the folders of dead processes. Only folders of our own are touched, and no link is followed: the area may
/// lie in a folder of somebody else.
fn remove_abandoned(parent: &Path) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let area = match rustix::fs::open(parent, flags, Mode::empty()) {
        // It is another user's.
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

/// A file that becomes visible only when published, whole, under its final name.
///
/// It has no name until then, so a killed process leaves nothing; where the file system cannot do that
/// it has one in the [`TempArea`].
pub(crate) struct TempFile {
    file: File,
    name: Option<PathBuf>,
}

impl TempFile {
    /// A new empty file in the folder of `near`, which has the form `xx/HASH` and is below `dir`.
    pub(crate) fn create(dir: &OwnedFd, near: &CStr, area: &TempArea) -> Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let folder = near.to_bytes().get(..2).unwrap_or(b".");
        let made =
            in_fan_out(dir, near, || rustix::fs::openat(dir, folder, flags, Mode::from_raw_mode(0o644)));
        match made {
            Ok(fd) => Ok(Self { file: fd.into(), name: None }),
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Self::named(area),
            Err(error) => Err(CasError::io("create a file in", &area.parent)(error)),
        }
    }

    fn named(area: &TempArea) -> Result<Self> {
        let path = area.fresh()?;
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        Ok(Self { file: file.map_err(CasError::io("create", &path))?, name: Some(path) })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its mode, the fixed time and the name `name` below `dir`. Whatever has this name stays if
    /// it is as long as this file: names are digests, so it is the same; anything shorter is a torn write.
    pub(crate) fn publish(mut self, dir: &OwnedFd, name: &CStr, mode: u32, area: &TempArea) -> Result<()> {
        let failed = CasError::io("store a file in", &area.parent);
        match self.link(dir, name, mode) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => return Err(failed(error)),
        }
        let path = match self.name.take() {
            Some(path) => path,
            None => area.fresh()?,
        };
        self.replace(dir, name, &path).map_err(failed)
    }

    /// Gives the file its final name; `false` when that belongs to a file of another size.
    fn link(&self, dir: &OwnedFd, name: &CStr, mode: u32) -> io::Result<bool> {
        settle(&self.file, mode)?;
        let link = || match &self.name {
            None => link_nameless(&self.file, dir, name),
            Some(path) => rustix::fs::linkat(CWD, path, dir, name, AtFlags::empty()),
        };
        match in_fan_out(dir, name, link) {
            Err(Errno::EXIST) => {
                match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(there) => Ok(is_file_of(&there, self.file.metadata()?.len())),
                    // Another thread is about to replace what is damaged.
                    Err(Errno::NOENT) => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
            other => other.map(|()| true).map_err(Into::into),
        }
    }

    fn replace(&self, dir: &OwnedFd, name: &CStr, path: &Path) -> io::Result<()> {
        if !path.exists() {
            link_nameless(&self.file, CWD, &CString::new(path.as_os_str().as_encoded_bytes())?)?;
        }
        match rustix::fs::renameat(CWD, path, dir, name) {
            Err(Errno::ISDIR) => {
                // Nobody but a broken disk or a hand puts a folder here.
                let aside = path.with_extension("folder");
                unless_gone(rustix::fs::renameat(dir, name, CWD, aside).map_err(Into::into))?;
                Ok(rustix::fs::renameat(CWD, path, dir, name)?)
            }
            done => Ok(done?),
        }
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if let Some(path) = &self.name {
            let _ = fs::remove_file(path);
        }
    }
}

/// The fixed time of modification, and now as the time of access, which tells of a blob when it was last used.
pub(crate) fn fixed_times() -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        last_modification: Timespec { tv_sec: MTIME, tv_nsec: 0 },
    }
}

/// Gives an open file its final mode and time.
pub(crate) fn settle(file: &File, mode: u32) -> io::Result<()> {
    rustix::fs::futimens(file, &fixed_times())?;
    if file.metadata()?.permissions().mode() & 0o7777 != mode {
        rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}

/// Runs something that gives a file the name `xx/HASH` below `dir`, making the folder `xx` when it is not there yet.
pub(crate) fn in_fan_out<T>(
    dir: &OwnedFd,
    name: &CStr,
    job: impl Fn() -> Result<T, Errno>,
) -> Result<T, Errno> {
    match (job(), name.to_bytes().get(..2)) {
        (Err(Errno::NOENT), Some(folder)) => {
            match rustix::fs::mkdirat(dir, folder, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => job(),
                Err(error) => Err(error),
            }
        }
        (done, _) => done,
    }
}

/// Kernels before 6.10 want a capability for the direct way, so there is the way through `/proc`.
fn link_nameless(file: &File, dir: impl AsFd, name: &CStr) -> Result<(), Errno> {
    match rustix::fs::linkat(file, c"", &dir, name, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT | Errno::PERM) => {
            let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(file));
            rustix::fs::linkat(CWD, path, &dir, name, AtFlags::SYMLINK_FOLLOW)
        }
        other => other,
    }
}

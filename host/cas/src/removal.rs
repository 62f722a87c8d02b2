//! Removing folders that commands wrote to.
//!
//! They may hold anything: folders closed to their owner, links to elsewhere, thousands of folders within each other.
//! All of it goes by descriptors, without following a link, without entering another file system, and with few folders
//! open at a time: what lies deep is moved up first.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, IFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::host_folder::change_mode;

/// Folders within each other that are open at a time.
const LEVELS: u32 = 24;
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Removes what is at a path of ours, which nobody else can change, with all that is in it. Nothing there is no error.
///
/// # Errors
/// The first one that was met; everything else is gone.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    at(path, remove_entry)
}

/// Removes the files at a path of ours, whose room is free then; folders stay, and what lies in them very deep.
///
/// # Errors
/// As [`remove_all`].
pub(crate) fn remove_files(path: &Path) -> io::Result<()> {
    at(path, |folder, name| {
        let top = open(folder, name)?;
        let mut removal = Removal { top: top.as_fd(), what: What::Files, moved: 0, failure: None };
        removal.empty(top.as_fd(), 1)
    })
}

fn at(path: &Path, remove: impl FnOnce(BorrowedFd<'_>, &CStr) -> Result<(), Errno>) -> io::Result<()> {
    let (folder, Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
        Err(Errno::NOENT) => Ok(()),
        opened => {
            let name = std::ffi::CString::new(name.as_encoded_bytes())?;
            Ok(remove(opened?.as_fd(), &name)?)
        }
    }
}

/// Removes what is called `name` in an open folder, with all that is in it.
///
/// # Errors
/// As [`remove_all`].
pub(crate) fn remove_entry(folder: BorrowedFd<'_>, name: &CStr) -> Result<(), Errno> {
    let top = match open(folder, name) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        Err(Errno::NOTDIR | Errno::LOOP) => return unlink(folder, name, AtFlags::empty()),
        Err(error) => return Err(error),
    };
    let mut removal = Removal { top: top.as_fd(), what: What::All, moved: 0, failure: None };
    loop {
        let before = removal.moved;
        removal.failure = None;
        removal.empty(top.as_fd(), 1)?;
        if removal.moved == before {
            break;
        }
    }
    let removed = unlink(folder, name, AtFlags::REMOVEDIR);
    removal.failure.map_or(removed, Err)
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    All,
    Files,
}

struct Removal<'a> {
    /// Where what lies deep is moved to.
    top: BorrowedFd<'a>,
    what: What,
    moved: u64,
    failure: Option<Errno>,
}

impl Removal<'_> {
    /// Removes what is in a folder, as far as that is possible.
    fn empty(&mut self, folder: BorrowedFd<'_>, level: u32) -> Result<(), Errno> {
        if !Mode::from_raw_mode(rustix::fs::fstat(folder)?.st_mode).contains(Mode::RWXU) {
            rustix::fs::fchmod(folder, Mode::RWXU)?;
        }
        for entry in Dir::read_from(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let removed = match entry.file_type() {
                FileType::Directory => self.folder(folder, name, level),
                FileType::Unknown => match unlink(folder, name, AtFlags::empty()) {
                    Err(Errno::ISDIR | Errno::PERM) => self.folder(folder, name, level),
                    done => done,
                },
                _ => unlink(folder, name, AtFlags::empty()),
            };
            if let Err(error) = removed {
                self.failure.get_or_insert(error);
            }
        }
        Ok(())
    }

    fn folder(&mut self, folder: BorrowedFd<'_>, name: &CStr, level: u32) -> Result<(), Errno> {
        if self.what == What::Files {
            return if level == LEVELS { Ok(()) } else { self.empty(open(folder, name)?.as_fd(), level + 1) };
        }
        // An empty one need not be opened.
        if rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_ok() {
            return Ok(());
        }
        let child = open(folder, name)?;
        if level == LEVELS {
            return self.move_up(folder, name, &child);
        }
        self.empty(child.as_fd(), level + 1)?;
        unlink(folder, name, AtFlags::REMOVEDIR)
    }

    /// Moves a folder to the top, where it is removed in the next round. Its own mode counts too, for its parent changes.
    fn move_up(&mut self, folder: BorrowedFd<'_>, name: &CStr, child: &OwnedFd) -> Result<(), Errno> {
        rustix::fs::fchmod(child, Mode::RWXU)?;
        unprotect(child);
        loop {
            self.moved += 1;
            match rustix::fs::renameat(folder, name, self.top, format!(".moved-{}", self.moved)) {
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR | Errno::ISDIR) => {}
                done => return done,
            }
        }
    }
}

/// Opens a folder, also one that is closed to us, its owner.
fn open(folder: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let open = |flags: OFlags| match rustix::fs::openat2(folder, name, flags, Mode::empty(), resolve) {
        // Kernels and containers that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(folder, name, flags, Mode::empty()),
        opened => opened,
    };
    match open(OFlags::RDONLY | DIRECTORY) {
        Err(Errno::ACCESS) => {
            change_mode(&open(OFlags::PATH | DIRECTORY)?, Mode::RWXU)?;
            open(OFlags::RDONLY | DIRECTORY)
        }
        opened => opened,
    }
}

fn unlink(folder: BorrowedFd<'_>, name: &CStr, flags: AtFlags) -> Result<(), Errno> {
    let unlink = || match rustix::fs::unlinkat(folder, name, flags) {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    };
    match unlink() {
        Err(Errno::PERM) => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            if let Ok(entry) = rustix::fs::openat(folder, name, flags, Mode::empty()) {
                unprotect(entry);
            }
            unprotect(folder);
            unlink()
        }
        done => done,
    }
}

/// Takes back that a file or folder can neither be changed nor removed, which commands of root can set.
fn unprotect(file: impl AsFd) {
    let protection = IFlags::IMMUTABLE | IFlags::APPEND;
    if let Ok(flags) = rustix::fs::ioctl_getflags(&file)
        && flags.intersects(protection)
    {
        let _ = rustix::fs::ioctl_setflags(&file, flags - protection);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use proptest::prelude::*;
    use rustix::fs::mkdirat;

    use super::*;

    fn close(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
    }

    #[test]
    fn links_are_removed_and_what_they_lead_to_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (kept, gone) = (folder.path().join("kept"), folder.path().join("gone"));
        fs::create_dir_all(kept.join("inner")).expect("a folder");
        fs::write(kept.join("file"), "kept").expect("a file");
        fs::create_dir(&gone).expect("a folder");
        symlink(&kept, gone.join("absolute")).expect("a link");
        symlink("../kept", gone.join("relative")).expect("a link");
        remove_all(&gone).expect("all is ours");
        assert!(!gone.exists() && kept.join("inner").exists() && kept.join("file").exists());
        symlink("kept", &gone).expect("a link");
        remove_all(&gone).expect("all is ours");
        assert!(gone.symlink_metadata().is_err() && kept.join("file").exists());
        remove_all(&gone).expect("nothing is there");
        remove_all(&gone.join("nor/here")).expect("nothing is there");
    }

    #[test]
    fn folders_deeper_than_any_path_go() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let flags = OFlags::RDONLY | DIRECTORY;
        let top = folder.path().join("top");
        fs::create_dir(&top).expect("a folder");
        let mut at = rustix::fs::open(&top, flags, Mode::empty()).expect("it is there");
        for level in 0..5000 {
            // Closed ones among them, and names that look like ours.
            let name = if level % 7 == 0 { ".moved-1" } else { "folder" };
            mkdirat(&at, name, Mode::RWXU).expect("there is room");
            let next = rustix::fs::openat(&at, name, flags, Mode::empty()).expect("it is there");
            if level % 100 == 0 {
                rustix::fs::fchmod(&at, Mode::empty()).expect("it is ours");
            }
            at = next;
        }
        remove_all(&top).expect("all is ours");
        assert!(!top.exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30))]
        #[test]
        fn modes_keep_nothing(entries in prop::collection::vec(("[ab]{1,2}(/[ab]{1,2}){0,4}", 0..0o1000_u32, any::<bool>()), 0..20)) {
            let folder = tempfile::tempdir()?;
            let top = folder.path().join("top");
            fs::create_dir(&top)?;
            let mut made = vec![];
            for (path, mode, file) in entries {
                let path = top.join(path);
                let done = if file { fs::write(&path, "") } else { fs::create_dir_all(&path) };
                made.extend(done.is_ok().then_some((path, mode)));
            }
            made.sort();
            for (path, mode) in made.iter().rev() {
                let _ = fs::set_permissions(path, fs::Permissions::from_mode(*mode));
            }
            close(&top, 0);
            remove_all(&top)?;
            prop_assert!(!top.exists());
        }
    }
}

//! What a folder of the host holds, before anything is read.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

use crate::error::{CasError, Result};
use crate::tree::push_name;

/// A folder of the host.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) entries: BTreeMap<String, Found>,
    /// An overlay's upper folder that hides what is below it.
    pub(crate) opaque: bool,
}

pub(crate) enum Found {
    /// Index into [`Scanner::files`].
    File(usize),
    Symlink(String),
    Folder(Scanned),
    /// An overlay's mark that the name below it is gone.
    Whiteout,
}

/// Lists folders, collecting the files that are to be read.
pub(crate) struct Scanner<'a> {
    /// Says of a relative path whether it is wanted, with all below it.
    pub(crate) filter: &'a dyn Fn(&str) -> bool,
    /// Whether whiteouts and opaque folders have their overlay meaning.
    pub(crate) overlay: bool,
    pub(crate) files: Vec<PathBuf>,
}

impl Scanner<'_> {
    /// Lists the folder at `host`, which is at the relative path `path` in the tree.
    pub(crate) fn scan(&mut self, host: &Path, path: &mut String) -> Result<Scanned> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(host, flags, Mode::empty()).map_err(CasError::io("open", host))?;
        let mut scanned = Scanned { opaque: self.overlay && is_opaque(host)?, ..Scanned::default() };
        for entry in Dir::read_from(&folder).map_err(CasError::io("list", host))? {
            let entry = entry.map_err(CasError::io("list", host))?;
            let raw = entry.file_name().to_bytes();
            if raw == b"." || raw == b".." {
                continue;
            }
            let child = host.join(OsStr::from_bytes(raw));
            let name = text(raw, &child)?;
            let length = path.len();
            push_name(path, &name);
            if (self.filter)(path) {
                let kind = match entry.file_type() {
                    FileType::Unknown => kind_of(&child)?,
                    known => known,
                };
                let found = self.found(child, kind, path)?;
                scanned.entries.insert(name, found);
            }
            path.truncate(length);
        }
        Ok(scanned)
    }

    fn found(&mut self, host: PathBuf, kind: FileType, path: &mut String) -> Result<Found> {
        match kind {
            FileType::RegularFile => {
                self.files.push(host);
                Ok(Found::File(self.files.len() - 1))
            }
            FileType::Directory => self.scan(&host, path).map(Found::Folder),
            FileType::Symlink => {
                let target = fs::read_link(&host).map_err(CasError::io("read", &host))?;
                text(target.as_os_str().as_bytes(), &host).map(Found::Symlink)
            }
            FileType::CharacterDevice if self.overlay && is_whiteout(&host)? => Ok(Found::Whiteout),
            other => Err(CasError::SpecialFile { path: host, kind: special(other) }),
        }
    }
}

fn text(raw: &[u8], host: &Path) -> Result<String> {
    String::from_utf8(raw.to_vec()).map_err(|_| CasError::BadPath {
        path: host.to_string_lossy().into_owned(),
        why: "its name or target is not UTF-8",
    })
}

fn kind_of(host: &Path) -> Result<FileType> {
    let stat = rustix::fs::lstat(host).map_err(CasError::io("look up", host))?;
    Ok(FileType::from_raw_mode(stat.st_mode))
}

fn special(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "named pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        _ => "special file",
    }
}

/// Overlayfs writes a deleted name as a character device with number 0/0.
fn is_whiteout(host: &Path) -> Result<bool> {
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    let stat = rustix::fs::statat(rustix::fs::CWD, host, flags).map_err(CasError::io("look up", host))?;
    Ok(stat.st_rdev == 0)
}

/// Overlayfs marks its folders in the `trusted` name space as root and in `user` with the option `userxattr`.
fn is_opaque(host: &Path) -> Result<bool> {
    for space in ["trusted", "user"] {
        if attribute(host, &format!("{space}.overlay.redirect")).is_some() {
            return Err(CasError::SpecialFile { path: host.to_owned(), kind: "redirected overlay folder" });
        }
        if attribute(host, &format!("{space}.overlay.opaque")).is_some_and(|value| value == b"y") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn attribute(host: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 256];
    let length = rustix::fs::lgetxattr(host, name, &mut value).ok()?;
    Some(value[..length.min(value.len())].to_vec())
}

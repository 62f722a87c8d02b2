//! Blobs that are being written.

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::attributes::set_mode_and_time;
use crate::error::{CasError, Result};
use crate::layout::is_whole_blob;
use crate::replace_file::ignore_not_found;
use crate::temp::TempArea;

/// A file that becomes visible only when it is published as a whole under its final name.
///
/// It has no name until then (`O_TMPFILE`), so a killed process leaves nothing; where the file system cannot do that, it
/// has a name in the [`TempArea`].
pub(crate) struct UnpublishedBlob {
    file: File,
    name: Option<PathBuf>,
}

impl UnpublishedBlob {
    /// A new empty file in the folder of `near`, which has the form `xx/HASH` and is below `dir`.
    pub(crate) fn create(dir: &OwnedFd, near: &CStr, area: &TempArea) -> Result<Self> {
        let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
        let folder = near.to_bytes().get(..2).unwrap_or(b".");
        let made = with_prefix_folder(dir, near, || {
            rustix::fs::openat(dir, folder, flags, Mode::from_raw_mode(0o644))
        });
        match made {
            Ok(fd) => Ok(Self { file: fd.into(), name: None }),
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => Self::create_named(area),
            Err(error) => Err(CasError::io("create a file in", area.path())(error)),
        }
    }

    fn create_named(area: &TempArea) -> Result<Self> {
        let path = area.unused_path()?;
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        Ok(Self { file: file.map_err(CasError::io("create", &path))?, name: Some(path) })
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Gives the file its mode, the fixed time and the name `name` below `dir`. An existing file with this name stays
    /// if it is as long as this one, since names are digests; a shorter one is a torn write and is replaced.
    pub(crate) fn publish(mut self, dir: &OwnedFd, name: &CStr, mode: u32, area: &TempArea) -> Result<()> {
        let failed = CasError::io("store a file in", area.path());
        match self.link(dir, name, mode) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) => return Err(failed(error)),
        }
        let path = match self.name.take() {
            Some(path) => path,
            None => area.unused_path()?,
        };
        self.replace(dir, name, &path).map_err(failed)
    }

    /// Gives the file its final name; `false` when that belongs to a file of another size.
    fn link(&self, dir: &OwnedFd, name: &CStr, mode: u32) -> io::Result<bool> {
        set_mode_and_time(&self.file, mode)?;
        let link = || match &self.name {
            None => link_unnamed(&self.file, dir, name),
            Some(path) => rustix::fs::linkat(CWD, path, dir, name, AtFlags::empty()),
        };
        match with_prefix_folder(dir, name, link) {
            Err(Errno::EXIST) => {
                match rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Ok(there) => Ok(is_whole_blob(&there, self.file.metadata()?.len())),
                    // Another thread is replacing a damaged file.
                    Err(Errno::NOENT) => Ok(false),
                    Err(error) => Err(error.into()),
                }
            }
            other => other.map(|()| true).map_err(Into::into),
        }
    }

    fn replace(&self, dir: &OwnedFd, name: &CStr, path: &Path) -> io::Result<()> {
        if !path.exists() {
            link_unnamed(&self.file, CWD, &CString::new(path.as_os_str().as_encoded_bytes())?)?;
        }
        match rustix::fs::renameat(CWD, path, dir, name) {
            Err(Errno::ISDIR) => {
                // Only a broken disk or a person puts a folder here.
                let aside = path.with_extension("folder");
                ignore_not_found(rustix::fs::renameat(dir, name, CWD, aside).map_err(Into::into))?;
                Ok(rustix::fs::renameat(CWD, path, dir, name)?)
            }
            done => Ok(done?),
        }
    }
}

impl Drop for UnpublishedBlob {
    fn drop(&mut self) {
        if let Some(path) = &self.name {
            let _ = fs::remove_file(path);
        }
    }
}

/// Runs `job`, which gives a file the name `xx/HASH` below `dir`, and makes the folder `xx` when it is not there yet.
pub(crate) fn with_prefix_folder<T>(
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

/// Gives an unnamed file a name. Kernels before 6.10 require a capability for doing so by descriptor, so it is tried
/// through `/proc` then.
fn link_unnamed(file: &File, dir: impl AsFd, name: &CStr) -> Result<(), Errno> {
    match rustix::fs::linkat(file, c"", &dir, name, AtFlags::EMPTY_PATH) {
        Err(Errno::NOENT | Errno::PERM) => {
            let path = format!("/proc/self/fd/{}", file.as_raw_fd());
            rustix::fs::linkat(CWD, path, &dir, name, AtFlags::SYMLINK_FOLLOW)
        }
        other => other,
    }
}

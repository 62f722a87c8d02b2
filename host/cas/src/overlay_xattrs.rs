//! The extended attributes that overlayfs sets in an upper folder (the kernel's `overlayfs.rst`).

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::io::Errno;
use spec_model::Digest;

use crate::error::{CasError, Result};

/// Bytes of the longest attribute, which names a path.
const LONGEST: usize = 4096;

/// The name space of an overlay's extended attributes. Only those that the overlay was mounted with are valid:
/// commands can set the others themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayXattrs {
    /// `user.overlay.*`, of overlays with the option `userxattr`. Upper folders have whiteouts and opaque folders
    /// only.
    User,
    /// `trusted.overlay.*`. Renamed folders of a layer refer to their old path, and so do files of which only the
    /// mode, the time or the name changed.
    Trusted,
}

/// An overlay's upper folder, or a folder in it.
#[derive(Clone, Copy)]
pub struct UpperDir<'a> {
    /// The folder on the host.
    pub folder: &'a Path,
    /// The name space of the overlay's attributes.
    pub xattrs: OverlayXattrs,
    /// The tree below this folder.
    pub below: Digest,
    /// Gives the tree below the overlay's root, where it is needed.
    pub root_below: &'a dyn Fn() -> Result<Digest>,
}

/// The entry of the layers below that a folder or file in an upper folder extends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LowerPart {
    /// None.
    Nothing,
    /// The entry with the same name in the lower part of its folder.
    #[default]
    SameName,
    /// The entry with this name there.
    Name(String),
    /// The entry at this relative path in the tree below the overlay's root.
    Path(String),
}

impl OverlayXattrs {
    /// The entry of the layers below that a folder extends.
    ///
    /// # Errors
    /// When the file system fails, or the attribute has a value that the kernel does not write.
    pub(crate) fn lower_part(self, folder: &Path) -> io::Result<LowerPart> {
        if self.read(folder, "opaque")?.as_deref() == Some(b"y") {
            return Ok(LowerPart::Nothing);
        }
        match self {
            // The kernel neither writes nor follows redirects with `userxattr`.
            Self::User => Ok(LowerPart::SameName),
            Self::Trusted => part(self.read(folder, "redirect")?),
        }
    }

    /// The lower entry that has the contents of a file; `None` when the file has them itself.
    ///
    /// # Errors
    /// As [`lower_part`](Self::lower_part).
    pub(crate) fn contents(self, file: &Path) -> io::Result<Option<LowerPart>> {
        match self {
            Self::Trusted if self.read(file, "metacopy")?.is_some() => {
                part(self.read(file, "redirect")?).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn read(self, path: &Path, mark: &str) -> io::Result<Option<Vec<u8>>> {
        let space = if self == Self::User { "user" } else { "trusted" };
        let mut value = vec![0; LONGEST];
        match rustix::fs::lgetxattr(path, format!("{space}.overlay.{mark}"), value.as_mut_slice()) {
            Ok(length) => {
                value.truncate(length);
                Ok(Some(value))
            }
            Err(Errno::NODATA | Errno::OPNOTSUPP | Errno::ACCESS) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// A path in `/proc/self/fd` to an entry of an open folder, or to the folder itself (`.`).
pub(crate) fn proc_path(folder: impl AsFd, name: &str) -> PathBuf {
    Path::new(&format!("/proc/self/fd/{}", folder.as_fd().as_raw_fd())).join(name)
}

fn part(redirect: Option<Vec<u8>>) -> io::Result<LowerPart> {
    let Some(redirect) = redirect else { return Ok(LowerPart::SameName) };
    let text = String::from_utf8(redirect).map_err(io::Error::other)?;
    Ok(match text.strip_prefix('/') {
        Some(path) => LowerPart::Path(path.to_owned()),
        None => LowerPart::Name(text),
    })
}

/// Whether a mode is that of an executable.
pub(crate) fn is_executable(mode: u32) -> bool {
    Mode::from_raw_mode(mode).contains(Mode::XUSR)
}

/// The error that a redirect leads to nothing.
pub(crate) fn dangling_redirect(path: impl AsRef<Path>) -> CasError {
    CasError::BadPath {
        path: path.as_ref().to_string_lossy().into_owned(),
        why: "the overlay's redirect on it leads to nothing",
    }
}

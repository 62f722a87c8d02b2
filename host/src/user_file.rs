//! Writes files that the user names: existing ones keep their kind, owner and mode.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use spec_model::Blame;

use crate::error::{CommandError, CommandResult};

/// A file that is being written. A new one is removed again unless it is [kept](Self::keep).
#[derive(Debug)]
pub(crate) struct NewFile {
    file: File,
    /// Its path, if it was created.
    made: Option<PathBuf>,
}

impl NewFile {
    /// Refuses what [`open`](Self::open) would refuse, before the work of making the contents.
    ///
    /// # Errors
    /// `file-exists`, `file-is-directory`.
    pub(crate) fn check(path: &Path, force: bool) -> CommandResult {
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => {
                let message = format!("'{}' is a folder, not a file", path.display());
                Err(CommandError::new(Blame::Machine, "file-is-directory", message))
            }
            Ok(there) if there.is_file() && !force => {
                let message = format!("'{}' is there already", path.display());
                Err(CommandError::new(Blame::Machine, "file-exists", message)
                    .hint("choose another name, or overwrite it with --force"))
            }
            _ => Ok(()),
        }
    }

    /// Opens `path` for writing. A device or a pipe is written to, a link is followed, and an existing file is
    /// overwritten if `force` permits it, and keeps its owner and mode. A new one has the mode that the umask gives.
    ///
    /// # Errors
    /// As [`check`](Self::check), or when the file system fails.
    pub(crate) fn open(path: &Path, force: bool) -> CommandResult<Self> {
        Self::check(path, force)?;
        let new = OpenOptions::new().write(true).create_new(true).open(path);
        let opened = match new {
            Ok(file) => Ok(Self { file, made: Some(path.to_owned()) }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => overwrite(path),
            Err(error) => Err(error),
        };
        opened.map_err(|error| CommandError::io(&format!("write {}", path.display()), &error))
    }

    /// Keeps the file when this is dropped.
    pub(crate) fn keep(mut self) {
        self.made = None;
    }
}

/// Opens an existing file. The target of a dangling symbolic link is created.
fn overwrite(path: &Path) -> io::Result<NewFile> {
    let leads_nowhere = fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let made = if leads_nowhere { Some(target_of(path)?) } else { None };
    let file = OpenOptions::new().write(true).create(leads_nowhere).truncate(false).open(path)?;
    // Neither devices nor pipes have a length.
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    Ok(NewFile { file, made })
}

/// The target of a symbolic link, which need not exist.
fn target_of(link: &Path) -> io::Result<PathBuf> {
    const MOST: usize = 40;
    let mut path = link.to_owned();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(rustix::io::Errno::LOOP.into())
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        let Some(path) = &self.made else { return };
        let inode = |meta: fs::Metadata| (meta.dev(), meta.ino());
        // Another process may have replaced it.
        if let (Ok(own), Ok(there)) = (self.file.metadata(), fs::symlink_metadata(path))
            && inode(own) == inode(there)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// Replaces the text of a file of the project, or creates the file. An existing file keeps its owner and mode, and a
/// link to it stays. The replacement is atomic, except where only writing into the file keeps its attributes.
///
/// # Errors
/// When the file system fails.
pub(crate) fn rewrite(path: &Path, text: &str) -> CommandResult {
    let written = target_of(path).and_then(|path| match fs::symlink_metadata(&path) {
        Ok(there) => replace(&path, &there, text.as_bytes()),
        Err(error) if error.kind() == ErrorKind::NotFound => create(&path, text.as_bytes()),
        Err(error) => Err(error),
    });
    written.map_err(|error| CommandError::io(&format!("write {}", path.display()), &error))
}

fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let mut new = NewFile { file, made: Some(path.to_owned()) };
    new.write_all(bytes)?;
    new.file.sync_all()?;
    new.keep();
    Ok(())
}

fn replace(path: &Path, there: &fs::Metadata, bytes: &[u8]) -> io::Result<()> {
    // A new file would not have the hard links and attributes of this one.
    if there.is_file() && there.nlink() == 1 && !has_attributes(path) {
        match replace_by_new(path, there, bytes) {
            // The folder cannot be written, or the owner cannot be set.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
            done => return done,
        }
    }
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn replace_by_new(path: &Path, there: &fs::Metadata, bytes: &[u8]) -> io::Result<()> {
    // A user who cannot write the old file must not replace it either.
    drop(OpenOptions::new().write(true).open(path)?);
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    let own = file.as_file().metadata()?;
    if (own.uid(), own.gid()) != (there.uid(), there.gid()) {
        fchown(file.as_file(), Some(there.uid()), Some(there.gid()))?;
    }
    file.as_file().set_permissions(there.permissions())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Whether a file has an access control list or other attributes that a new file would not get.
fn has_attributes(path: &Path) -> bool {
    let mut names = vec![0; 64 << 10];
    let length = rustix::fs::listxattr(path, &mut names).unwrap_or(0);
    names[..length].split(|byte| *byte == 0).any(|name| !name.is_empty() && name != b"security.selinux")
}

#[cfg(test)]
mod tests;

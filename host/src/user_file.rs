//! Files that a user named: what is there stays what it is, and who owns it.

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
    /// Where it is, if it was made.
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

    /// Opens `path` for writing. A device or a pipe is written to, a link is followed, a file that is there is
    /// overwritten if `force` allows it, and keeps its owner and mode. A new one has the mode that the umask gives.
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

    /// Leaves the file where it is.
    pub(crate) fn keep(mut self) {
        self.made = None;
    }
}

/// Opens what is there. Where that is a link to nothing yet, what it leads to is made.
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

/// What a link leads to, which need not be there.
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
        // Somebody may have put another one there.
        if let (Ok(own), Ok(there)) = (self.file.metadata(), fs::symlink_metadata(path))
            && inode(own) == inode(there)
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// Replaces the text of a file of the project, or makes it. What is there keeps its owner, its mode and its place behind
/// a link; it is the old one or the new one at any time, except where only writing into it keeps what it is.
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
    // A file of that name would be another one: not under the other names, without attributes.
    if there.is_file() && there.nlink() == 1 && !has_attributes(path) {
        match replace_by_new(path, there, bytes) {
            // The folder may not be written, or nobody else's file can be made.
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
    // Who may not write the old one may not replace it either.
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

/// Whether a file has an access control list or other attributes that a new one would not get by itself.
fn has_attributes(path: &Path) -> bool {
    let mut names = vec![0; 64 << 10];
    let length = rustix::fs::listxattr(path, &mut names).unwrap_or(0);
    names[..length].split(|byte| *byte == 0).any(|name| !name.is_empty() && name != b"security.selinux")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("it is there").mode() & 0o777
    }

    /// What a new file has here.
    fn usual(folder: &Path) -> u32 {
        let file = folder.join("usual");
        fs::write(&file, "").expect("the folder is ours");
        mode(&file)
    }

    #[test]
    fn a_file_that_is_there_needs_force_and_stays_what_it_is() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "precious").expect("the folder is ours");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is ours");
        symlink("file", &link).expect("the folder is ours");
        for path in [&file, &link] {
            let reason = NewFile::open(path, false).map_err(|error| error.reason().to_owned());
            assert_eq!(reason.err().as_deref(), Some("file-exists"));
            let mut new = NewFile::open(path, true).expect("it may be overwritten");
            new.write_all(b"new").expect("there is room");
            drop(new);
            assert_eq!(fs::read_to_string(&file).expect("what was there stays"), "new");
        }
        assert!(link.is_symlink());
        assert_eq!(mode(&file), 0o640);
    }

    #[test]
    fn what_was_made_goes_unless_it_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink("target", &link).expect("the folder is ours");
        drop(NewFile::open(&link, false).expect("nothing is there"));
        assert!(!target.exists() && link.is_symlink());
        NewFile::open(&link, false).expect("nothing is there").keep();
        assert_eq!(mode(&target), usual(folder.path()));
    }

    #[test]
    fn a_rewritten_file_keeps_mode_names_and_links_to_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        rewrite(&path("new"), "one").expect("there is room");
        assert_eq!(mode(&path("new")), usual(folder.path()));
        fs::set_permissions(path("new"), fs::Permissions::from_mode(0o664)).expect("it is ours");
        symlink("new", path("link")).expect("the folder is ours");
        rewrite(&path("link"), "two").expect("there is room");
        assert!(path("link").is_symlink());
        assert_eq!(
            (fs::read_to_string(path("new")).ok().as_deref(), mode(&path("new"))),
            (Some("two"), 0o664)
        );
        fs::hard_link(path("new"), path("other")).expect("the folder is ours");
        rewrite(&path("other"), "three").expect("there is room");
        assert_eq!(fs::read_to_string(path("new")).ok().as_deref(), Some("three"));
        rewrite(&path("gone/file"), "").expect_err("its folder is not there");
    }
}

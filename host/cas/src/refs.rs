//! Small named records beside the blobs: artifacts and sources under their names.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;

use crate::error::{CasError, Result};
use crate::layout;
use crate::replace_file::{move_to, prepare_file};
use crate::store::Cas;
use crate::tree::{components, push_name};
use crate::usage::{note_use_of_record, open_noatime};

/// The records of one kind, such as `artifacts` or `sources`. Names are relative paths: `PROJECT/NORMAL-NAME/KEY`.
#[derive(Clone, Debug)]
pub struct Refs {
    cas: Cas,
    folder: PathBuf,
}

impl Cas {
    /// The records of the kind `kind`, one path component.
    #[must_use]
    pub fn refs(&self, kind: &str) -> Refs {
        Refs { cas: self.clone(), folder: self.shared.root.join(layout::REFS).join(kind) }
    }
}

impl Refs {
    /// The record called `name`. An empty one, as a power failure may leave, is damaged and counts as absent, and so does
    /// a folder in its place. Counts as a use.
    ///
    /// # Errors
    /// `cas-bad-path`, or when the file system fails.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let record = self.read(name, |path| File::open(path).inspect(note_use_of_record))?;
        let path = self.folder.join(name);
        match (&record, fs::metadata(&path)) {
            (None, Ok(there)) if there.is_dir() => self.report_damaged(name, "it is a folder"),
            (None, Ok(there)) if there.len() == 0 => self.report_damaged(name, "it is empty"),
            _ => {}
        }
        Ok(record)
    }

    /// Reports that a record which [`get`](Self::get) returned is invalid; see [`Cas::on_damaged_file`].
    pub fn report_damaged(&self, name: &str, why: &str) {
        self.cas.report_damaged_file(&self.folder.join(name), why);
    }

    /// As [`get`](Self::get), but it does not count as a use.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn peek(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.read(name, |path| Ok(open_noatime(CWD, path)?))
    }

    fn read(&self, name: &str, open: impl Fn(&Path) -> io::Result<File>) -> Result<Option<Vec<u8>>> {
        let (path, mut bytes) = (self.path(name)?, Vec::new());
        match open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(bytes)),
            Err(error) if is_absent(error.kind()) => Ok(None),
            Err(error) => Err(CasError::io("read", &path)(error)),
        }
    }

    /// Stores the same record under each of `names`, replacing earlier ones. All are written before the first becomes
    /// visible; then each becomes visible as a whole, in the order given.
    ///
    /// # Errors
    /// `cas-bad-path`, `cas-disk-full`, or when the file system fails.
    pub fn put(&self, names: &[&str], bytes: &[u8]) -> Result<()> {
        let paths = names.iter().map(|name| self.path(name)).collect::<Result<Vec<_>>>()?;
        let prepare = |_: &PathBuf| prepare_file(&self.cas.shared.temp, bytes);
        let files = paths.iter().map(prepare).collect::<Result<Vec<_>>>()?;
        files.into_iter().zip(&paths).try_for_each(|(file, path)| move_to(file, self.cas.root(), path))
    }

    /// The names of all records below `prefix` (a relative path, or empty for all), sorted.
    ///
    /// # Errors
    /// `cas-bad-path`, or when the file system fails.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let start = if prefix.is_empty() { self.folder.clone() } else { self.path(prefix)? };
        let mut names = Vec::new();
        collect(&start, &mut prefix.to_owned(), &mut names)?;
        names.sort_unstable();
        Ok(names)
    }

    /// The names of all records below `prefix`, as [`list`](Self::list), most recently stored first. Uses do not
    /// change the order, and this does not count as one.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn newest(&self, prefix: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for name in self.list(prefix)? {
            // A record that was removed meanwhile is left out.
            if let Ok(put) = fs::metadata(self.path(&name)?).and_then(|data| data.modified()) {
                names.push((put, name));
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        Ok(names.into_iter().map(|(_, name)| name).collect())
    }

    /// Removes a record; `false` when there was none. What it names stays in the store.
    ///
    /// # Errors
    /// `cas-bad-path`, or when the file system fails.
    pub fn remove(&self, name: &str) -> Result<bool> {
        let path = self.path(name)?;
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if is_absent(error.kind()) => Ok(false),
            Err(error) => Err(CasError::io("remove", &path)(error)),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        components(name)?;
        Ok(self.folder.join(name))
    }
}

fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

fn collect(folder: &Path, name: &mut String, names: &mut Vec<String>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absent(error.kind()) => return Ok(()),
        other => other.map_err(CasError::io("list", folder))?,
    };
    for entry in entries {
        let entry = entry.map_err(CasError::io("list", folder))?;
        let kind = entry.file_type().map_err(CasError::io("look up", entry.path()))?;
        let length = name.len();
        push_name(name, &entry.file_name().to_string_lossy());
        match kind.is_dir() {
            true => collect(&entry.path(), name, names)?,
            false => names.push(name.clone()),
        }
        name.truncate(length);
    }
    Ok(())
}

#[cfg(test)]
mod tests;

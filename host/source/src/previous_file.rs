//! Files of the sources before one, which it is tracked or staged by.

use spec_cas::{Cas, CasError};
use spec_model::{Digest, NodeError};

use crate::error::{SourceError, SourceName};

/// Bytes of the largest file that is read. Lists of dependencies have hundreds of kilobytes.
const LARGEST: u64 = 16 << 20;

/// A file that a source needs of those before it.
pub(crate) struct PreviousFile<'f> {
    pub(crate) name: &'f SourceName,
    pub(crate) cas: &'f Cas,
    /// The tree of the sources before it.
    pub(crate) root: &'f Digest,
    /// The path below the directory of the source.
    pub(crate) path: &'f str,
}

impl PreviousFile<'_> {
    /// Its text.
    ///
    /// # Errors
    /// `previous-file-missing` when there is none, or one that is no text.
    pub(crate) fn text(&self) -> Result<String, SourceError> {
        self.text_if_there()?.ok_or_else(|| self.wrong("is missing"))
    }

    /// Its text; `None` when there is no such file.
    ///
    /// # Errors
    /// `previous-file-missing` when it is no text.
    pub(crate) fn text_if_there(&self) -> Result<Option<String>, SourceError> {
        let found = find(self.cas, self.root, self.path).map_err(|error| self.name.cas_error(error))?;
        let digest = match found {
            Found::File(digest) if digest.size() <= LARGEST => digest,
            Found::File(_) => return Err(self.wrong(&format!("has more than {LARGEST} bytes"))),
            Found::Link => return Err(self.wrong("is a symbolic link")),
            Found::Nothing => return Ok(None),
        };
        let bytes = self.cas.get(&digest).map_err(|error| self.name.cas_error(error))?;
        String::from_utf8(bytes).map(Some).map_err(|_| self.wrong("is not text in UTF-8"))
    }

    fn wrong(&self, what: &str) -> SourceError {
        let message = format!("{}: '{}' of the sources before it {what}", self.name, self.path);
        let error = NodeError::new("previous-file-missing", self.name.position.as_ref(), message);
        error.with_hint("put the source after the one that has the file").into()
    }
}

enum Found {
    File(Digest),
    Link,
    Nothing,
}

fn find(cas: &Cas, root: &Digest, path: &str) -> Result<Found, CasError> {
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    let Some((last, folders)) = names.split_last() else { return Ok(Found::Nothing) };
    if path.starts_with('/') || names.contains(&"..") {
        return Ok(Found::Nothing);
    }
    let folder = match folders.is_empty() {
        true => Some(*root),
        false => cas.subtree(root, &folders.join("/"))?,
    };
    let Some(folder) = folder else { return Ok(Found::Nothing) };
    let folder = cas.directory(&folder)?;
    if folder.symlinks.iter().any(|link| link.name == *last) {
        return Ok(Found::Link);
    }
    let file = folder.files.iter().find(|file| file.name == *last);
    Ok(file.map_or(Found::Nothing, |file| Found::File(file.digest)))
}

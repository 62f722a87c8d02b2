//! Lists the contents of artifacts.

use spec_cas::{EntryRef, Walk};

use crate::artifact::Artifact;
use crate::error::ArtifactError;
use crate::split::SplitFilter;
use crate::store::Artifacts;

/// A file, symbolic link or directory of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentEntry {
    /// The path below the artifact's root, without a leading slash.
    pub path: String,
    /// What it is.
    pub kind: ContentKind,
}

/// What a [`ContentEntry`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// A regular file.
    File {
        /// In bytes.
        size: u64,
        /// Whether it may be executed.
        executable: bool,
    },
    /// A symbolic link.
    Symlink {
        /// What it points at, as written.
        target: String,
    },
    /// A directory.
    Directory,
}

impl ContentEntry {
    /// The size in bytes as `ls` shows it; 0 for a directory.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.kind {
            ContentKind::File { size, .. } => *size,
            ContentKind::Symlink { target } => target.len() as u64,
            ContentKind::Directory => 0,
        }
    }

    /// The permission bits that it is checked out with.
    #[must_use]
    pub fn mode(&self) -> u32 {
        match self.kind {
            ContentKind::File { executable: false, .. } => 0o644,
            ContentKind::File { executable: true, .. } | ContentKind::Directory => 0o755,
            ContentKind::Symlink { .. } => 0o777,
        }
    }
}

impl Artifacts {
    /// Everything in an artifact that the filter selects, in BuildStream's order: a directory before its entries, in
    /// each directory first files and symbolic links by name, then directories by name.
    ///
    /// # Errors
    /// When a part of the tree is missing or the store fails.
    pub fn list_contents(
        &self,
        artifact: &Artifact,
        filter: &SplitFilter,
    ) -> Result<Vec<ContentEntry>, ArtifactError> {
        let mut entries = Vec::new();
        let Some(files) = &artifact.trees.files else { return Ok(entries) };
        self.cas.walk(files, |path, entry| {
            if filter.selects(path) {
                entries.push(ContentEntry { path: path.to_owned(), kind: kind(entry) });
            }
            Ok(Walk::Enter)
        })?;
        Ok(entries)
    }
}

fn kind(entry: EntryRef<'_>) -> ContentKind {
    match entry {
        EntryRef::File(file) => ContentKind::File { size: file.digest.size(), executable: file.executable },
        EntryRef::Symlink(link) => ContentKind::Symlink { target: link.target.clone() },
        EntryRef::Directory(_) => ContentKind::Directory,
    }
}

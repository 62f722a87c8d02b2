//! The kind `local`: a file or folder of the project.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use spec_cas::{Cas, CasError, DirectoryBatch, StatCache};
use spec_model::tree::{Directory, FileNode, NodeProperties};
use spec_model::{Digest, Mapping, UniqueKey, Value};

use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::local_files::LocalFiles;
use crate::monitor::FetchMonitor;
use crate::project_path::{PathKind, project_path};
use crate::source::Source;
use crate::source_info::SourceInfo;

const KEYS: [&str; 4] = ["path", "kind", "directory", "provenance"];

/// Files of the project itself. The unique key is the hash of their tree. They are stored when the key is computed,
/// so that the staged files always match the key, even if the project's files change later. Where nothing can be
/// stored the key is computed all the same, for commands that only read.
#[derive(Debug)]
pub(crate) struct LocalSource {
    name: SourceName,
    cas: Cas,
    path: PathBuf,
    /// The path in the project, as written.
    written: String,
    /// The stored tree.
    tree: OnceLock<Digest>,
    /// The digest of the tree when it could not be stored.
    unstored: OnceLock<Digest>,
    seen: Seen,
}

/// Where the digests of files are kept, so that those that did not change are not read again.
#[derive(Debug)]
enum Seen {
    /// With those of other sources of the project.
    InProject(Arc<LocalFiles>),
    /// In a file of its own, in this folder.
    Alone(PathBuf),
}

impl LocalSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        let path = local_path(&context.project_directory, config)?;
        let (tree, unstored) = (OnceLock::new(), OnceLock::new());
        let written = config.str("path")?.to_owned();
        let seen = Seen::InProject(Arc::clone(&context.local_files));
        Ok(Self { name, cas: context.cas.clone(), path, written, tree, unstored, seen })
    }

    /// A folder that need not be in a project, and that is read again and again.
    pub(crate) fn at(name: SourceName, cas: Cas, path: PathBuf) -> Self {
        let seen = Seen::Alone(LocalFiles::folder(&cas));
        let written = path.display().to_string();
        Self { name, cas, path, written, tree: OnceLock::new(), unstored: OnceLock::new(), seen }
    }

    fn tree(&self, cas: &Cas) -> Result<Digest, SourceError> {
        if let Some(tree) = self.tree.get() {
            return Ok(*tree);
        }
        let tree = self.import(|| self.store(cas))?;
        if self.unstored.get().is_some_and(|key| *key != tree) {
            return Err(self.failed(io::Error::other("it has changed meanwhile")));
        }
        Ok(*self.tree.get_or_init(|| tree))
    }

    /// The digest of the tree, stored if that is possible.
    fn any_tree(&self) -> Result<Digest, SourceError> {
        if let Some(key) = self.unstored.get() {
            return Ok(*key);
        }
        match self.tree(&self.cas) {
            Err(SourceError::Cas { error, .. }) if error.is_unwritable() => {
                let key = self.import(|| self.digest())?;
                Ok(*self.unstored.get_or_init(|| key))
            }
            tree => tree,
        }
    }

    /// Where the files come from.
    pub(crate) fn info(&self, medium: &'static str) -> Result<SourceInfo, SourceError> {
        Ok(SourceInfo::tree(medium, &self.written, &self.any_tree()?))
    }

    fn failed(&self, error: io::Error) -> SourceError {
        self.name.io_error("read", &self.path, error)
    }

    fn import(&self, import: impl FnOnce() -> spec_cas::Result<Digest>) -> Result<Digest, SourceError> {
        import().map_err(|error| self.name.cas_error(error))
    }

    fn store(&self, cas: &Cas) -> spec_cas::Result<Digest> {
        match &self.seen {
            Seen::InProject(files) if self.path.is_dir() => files.store_folder(cas, &self.path),
            Seen::InProject(files) => self.store_alone(cas, files.store_file(cas, &self.path)?),
            Seen::Alone(seen) => {
                let mut seen = StatCache::open(seen, &self.path, cas.function());
                cas.import_dir_again(&self.path, &mut seen)
            }
        }
    }

    fn store_alone(&self, cas: &Cas, file: Digest) -> spec_cas::Result<Digest> {
        cas.store_directory(&self.alone(file)?)
    }

    fn digest(&self) -> spec_cas::Result<Digest> {
        if self.path.is_dir() {
            return self.cas.digest_of_dir(&self.path, |path| self.takes(path));
        }
        let directory = self.alone(self.cas.digest_of_file(&self.path)?)?;
        Ok(DirectoryBatch::new(self.cas.function()).add(directory))
    }

    /// Whether it is a file, folder or link: BuildStream ignores sockets, pipes and devices.
    fn takes(&self, path: &str) -> bool {
        !is_special(&self.path.join(path))
    }

    /// The directory of a single file.
    fn alone(&self, digest: Digest) -> spec_cas::Result<Directory> {
        let meta = fs::metadata(&self.path).map_err(|error| CasError::writing(&self.path, error))?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let executable = meta.mode() & 0o100 != 0;
        let file = FileNode { name, digest, executable, properties: NodeProperties::default() };
        Ok(Directory { files: vec![file], ..Directory::default() })
    }
}

impl Source for LocalSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        Ok(Some(Value::Str(self.any_tree()?.hex()).into()))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        Ok(vec![self.info("local")?])
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.tree(&self.cas.clone().with_cancel(&monitor.cancel))
    }
}

fn is_special(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| {
        let kind = meta.file_type();
        !(kind.is_dir() || kind.is_file() || kind.is_symlink())
    })
}

/// The file or folder of a source of kind `local` of the project in a folder.
///
/// # Errors
/// `invalid-data` when its configuration is wrong, and those of a path that a project may not use.
pub fn local_path(project: &Path, config: &Mapping) -> Result<PathBuf, SourceError> {
    config.validate_keys(&KEYS)?;
    project_path(project, config.require("path")?, PathKind::Any)
}

#[cfg(test)]
mod tests;

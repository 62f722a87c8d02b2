//! The configuration and keys of patches.

use std::fs;
use std::path::{Path, PathBuf};

use spec_cas::Cas;
use spec_model::{Digest, Mapping, UniqueKey, Value};

use super::apply::apply_patch;
use super::match_hunks::ApplyRules;
use super::patched_tree::PatchedTree;
use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::patch_error::PatchError;
use crate::project_path::{PathKind, project_path};
use crate::source::Source;
use crate::source_info::SourceInfo;

const KEYS: [&str; 4] = ["kind", "directory", "provenance", "path"];
/// Bytes of a patch. It is in memory as a whole.
const LARGEST_PATCH: u64 = 256 << 20;

/// A patch, applied as GNU patch does.
#[derive(Debug)]
pub(crate) struct PatchSource {
    name: SourceName,
    cas: Cas,
    /// The path as written.
    path: String,
    file: PathBuf,
    strip_level: i64,
}

impl PatchSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&[&KEYS[..], &["strip-level"]].concat())?;
        let node = config.require("path")?;
        let file = project_path(&context.project_directory, node, PathKind::File)?;
        let strip_level = config.opt_int("strip-level")?.unwrap_or(1);
        Ok(Self { name, cas: context.cas.clone(), path: node.as_str()?.to_owned(), file, strip_level })
    }
}

/// The bytes of a patch.
fn read(name: &SourceName, path: &Path) -> Result<Vec<u8>, SourceError> {
    spec_files::read(path, LARGEST_PATCH).map_err(|error| name.io_error("read", path, error))
}

/// Applies patches in order, each by its path as it is told and its bytes.
fn apply_all(
    name: &SourceName,
    cas: &Cas,
    root: Digest,
    patches: &[(String, Vec<u8>)],
    rules: ApplyRules,
) -> Result<Digest, SourceError> {
    let cas_error = |error| name.cas_error(error);
    let mut tree = PatchedTree::new(cas, root);
    for (path, bytes) in patches {
        let refused = |error| match error {
            PatchError::Cas(error) => cas_error(*error),
            error => SourceError::Patch { name: name.clone(), patch: path.clone(), error },
        };
        if rules != ApplyRules::Git && tree.is_empty().map_err(cas_error)? {
            return Err(refused(PatchError::NothingToPatch));
        }
        apply_patch(&mut tree, bytes, rules).map_err(refused)?;
    }
    tree.store().map_err(cas_error)
}

impl Source for PatchSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let sha256 = Digest::of(&read(&self.name, &self.file)?).hex();
        let key = vec![self.path.as_str().into(), sha256.into(), self.strip_level.into()];
        Ok(Some(Value::Seq(key).into()))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let contents = Digest::of(&read(&self.name, &self.file)?);
        Ok(vec![SourceInfo::local_file(&self.path, &contents)])
    }

    fn changes_previous(&self) -> bool {
        true
    }

    fn stage(&self, _: &FetchMonitor) -> Result<Digest, SourceError> {
        let (name, patch) = (self.name.clone(), self.path.clone());
        Err(SourceError::Patch { name, patch, error: PatchError::NothingToPatch })
    }

    fn stage_onto(&self, previous: Digest, _: &FetchMonitor) -> Result<Digest, SourceError> {
        let patch = (self.path.clone(), read(&self.name, &self.file)?);
        let strip = usize::try_from(self.strip_level).unwrap_or_default();
        apply_all(&self.name, &self.cas, previous, &[patch], ApplyRules::GnuPatch { strip })
    }
}

/// The patches of a folder, applied in the order of their names as `git apply` does.
#[derive(Debug)]
pub(crate) struct PatchQueueSource {
    name: SourceName,
    cas: Cas,
    path: String,
    folder: PathBuf,
}

impl PatchQueueSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
    ) -> Result<Self, SourceError> {
        config.validate_keys(&KEYS)?;
        let node = config.require("path")?;
        let folder = project_path(&context.project_directory, node, PathKind::Directory)?;
        Ok(Self { name, cas: context.cas.clone(), path: node.as_str()?.to_owned(), folder })
    }

    /// The patches by their paths as they are told, and their bytes.
    fn patches(&self) -> Result<Vec<(String, Vec<u8>)>, SourceError> {
        let list = || -> std::io::Result<Vec<String>> {
            let name = |entry: std::io::Result<fs::DirEntry>| {
                let name = entry?.file_name().into_string();
                name.map_err(|name| std::io::Error::other(format!("the name {name:?} is not UTF-8")))
            };
            let mut names: Vec<String> = fs::read_dir(&self.folder)?.map(name).collect::<Result<_, _>>()?;
            names.sort();
            Ok(names)
        };
        let names = list().map_err(|error| self.name.io_error("read", &self.folder, error))?;
        let one = |file: String| {
            let bytes = read(&self.name, &self.folder.join(&file))?;
            Ok((format!("{}/{file}", self.path), bytes))
        };
        names.into_iter().map(one).collect()
    }
}

impl Source for PatchQueueSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let sha256 = |(_, bytes): (String, Vec<u8>)| Value::from(Digest::of(&bytes).hex());
        Ok(Some(Value::Seq(self.patches()?.into_iter().map(sha256).collect()).into()))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let patches = self.patches()?;
        Ok(patches.iter().map(|(path, bytes)| SourceInfo::local_file(path, &Digest::of(bytes))).collect())
    }

    fn changes_previous(&self) -> bool {
        true
    }

    fn stage(&self, _: &FetchMonitor) -> Result<Digest, SourceError> {
        let (name, patch) = (self.name.clone(), self.path.clone());
        Err(SourceError::Patch { name, patch, error: PatchError::NothingToPatch })
    }

    fn stage_onto(&self, previous: Digest, _: &FetchMonitor) -> Result<Digest, SourceError> {
        apply_all(&self.name, &self.cas, previous, &self.patches()?, ApplyRules::Git)
    }
}

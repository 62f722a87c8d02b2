//! Finds a crate in a repository, which may have several, and makes a manifest for it that stands for itself.

use std::collections::BTreeMap;

use spec_cas::{Cas, CasError, Entry};
use spec_model::Digest;
use toml::{Table, Value};

use super::inherit::{MissingInheritance, inherit};
use super::toml_file::{TomlFileError, parse};
use crate::fnmatch::fnmatch;

/// Bytes of the largest manifest that is read.
const LARGEST: u64 = 16 << 20;

/// A crate of a repository.
#[derive(Debug, PartialEq)]
pub(super) struct FoundCrate {
    /// Its folder; empty for the root of the repository.
    pub(super) folder: String,
    /// Its manifest with what it inherits, if it is of a workspace.
    pub(super) manifest: Option<Table>,
}

/// Why a repository does not have a crate.
#[derive(Debug)]
pub(super) enum CrateError {
    Cas(CasError),
    /// The file at a path is not a manifest.
    Manifest {
        path: String,
        error: TomlFileError,
    },
    TooLarge {
        path: String,
    },
    Missing {
        path: String,
        error: MissingInheritance,
    },
    /// There is no manifest at the root.
    NoManifest,
    /// The repository has only these crates.
    NotFound {
        found: Vec<String>,
    },
}

impl From<CasError> for CrateError {
    fn from(error: CasError) -> Self {
        Self::Cas(error)
    }
}

/// Finds the crate called `name` in the files of a repository, where BuildStream's plugin looks for it.
pub(super) fn find_crate(cas: &Cas, root: Digest, name: &str) -> Result<FoundCrate, CrateError> {
    let files = RepositoryFiles { cas, root };
    let manifest = files.manifest("")?.ok_or(CrateError::NoManifest)?;
    let is_root = package_name(&manifest) == Some(name);
    let Some(workspace) = table(&manifest, "workspace") else {
        let found = package_name(&manifest).map(str::to_owned);
        return match is_root {
            true => Ok(FoundCrate { folder: String::new(), manifest: None }),
            false => Err(CrateError::NotFound { found: found.into_iter().collect() }),
        };
    };
    let mut members = Members { files: &files, workspace, crates: BTreeMap::new() };
    for pattern in workspace.get("members").and_then(Value::as_array).into_iter().flatten() {
        members.add_matching(pattern.as_str().unwrap_or_default())?;
    }
    if is_root {
        members.add(String::new())?;
    }
    let Some((folder, mut manifest)) = members.crates.remove(name) else {
        return Err(CrateError::NotFound { found: members.crates.into_keys().collect() });
    };
    members.inherit(&folder, &mut manifest)?;
    Ok(FoundCrate { folder, manifest: Some(manifest) })
}

/// The crates of a workspace, with their folders and manifests.
struct Members<'w> {
    files: &'w RepositoryFiles<'w>,
    workspace: &'w Table,
    crates: BTreeMap<String, (String, Table)>,
}

impl Members<'_> {
    fn add_matching(&mut self, pattern: &str) -> Result<(), CrateError> {
        for folder in self.files.folders(pattern)? {
            self.add(folder)?;
        }
        Ok(())
    }

    /// Adds the crate in a folder, and those that it names by their paths.
    fn add(&mut self, folder: String) -> Result<(), CrateError> {
        let Some(manifest) = self.files.manifest(&folder)? else { return Ok(()) };
        let Some(name) = package_name(&manifest).map(str::to_owned) else { return Ok(()) };
        let mut waiting = paths_of_dependencies(&folder, &manifest);
        self.crates.insert(name, (folder, manifest));
        while let Some(folder) = waiting.pop() {
            let Some(mut manifest) = self.files.manifest(&folder)? else { continue };
            let Some(name) = package_name(&manifest).map(str::to_owned) else { continue };
            if !self.crates.contains_key(&name) {
                self.inherit(&folder, &mut manifest)?;
                waiting.extend(paths_of_dependencies(&folder, &manifest));
                self.crates.insert(name, (folder, manifest));
            }
        }
        Ok(())
    }

    fn inherit(&self, folder: &str, manifest: &mut Table) -> Result<(), CrateError> {
        inherit(manifest, self.workspace)
            .map_err(|error| CrateError::Missing { path: below(folder, "Cargo.toml"), error })
    }
}

/// The folders that a manifest names as dependencies, the last one first.
fn paths_of_dependencies(folder: &str, manifest: &Table) -> Vec<String> {
    let dependencies = table(manifest, "dependencies").into_iter().flat_map(Table::values);
    let paths = dependencies.filter_map(|details| details.get("path")?.as_str());
    let mut folders: Vec<String> = paths.filter_map(|path| normalized(&below(folder, path))).collect();
    folders.reverse();
    folders
}

/// The files of a commit.
struct RepositoryFiles<'r> {
    cas: &'r Cas,
    root: Digest,
}

impl RepositoryFiles<'_> {
    /// The manifest in a folder, if it has one.
    fn manifest(&self, folder: &str) -> Result<Option<Table>, CrateError> {
        let path = below(folder, "Cargo.toml");
        let Some(Entry::File(file)) = self.cas.lookup(&self.root, &path)? else { return Ok(None) };
        if file.digest.size() > LARGEST {
            return Err(CrateError::TooLarge { path });
        }
        let bytes = self.cas.get(&file.digest)?;
        match parse(&String::from_utf8_lossy(&bytes)) {
            Ok(manifest) => Ok(Some(manifest)),
            Err(error) => Err(CrateError::Manifest { path, error }),
        }
    }

    /// The folders that match a pattern. As in a shell, a star takes one name, but none that begins with a dot.
    fn folders(&self, pattern: &str) -> Result<Vec<String>, CasError> {
        let mut found = vec![String::new()];
        if pattern.starts_with('/') {
            return Ok(Vec::new());
        }
        for part in pattern.split('/').filter(|part| !matches!(*part, "" | ".")) {
            let mut next = Vec::new();
            for folder in &found {
                if part.contains(['*', '?', '[']) {
                    next.extend(self.matching(folder, part)?);
                } else {
                    next.extend(normalized(&below(folder, part)));
                }
            }
            found = next;
        }
        Ok(found)
    }

    fn matching(&self, folder: &str, pattern: &str) -> Result<Vec<String>, CasError> {
        let Some(tree) = self.cas.subtree(&self.root, folder)? else { return Ok(Vec::new()) };
        let directory = self.cas.directory(&tree)?;
        let names = directory.directories.iter().map(|node| node.name.as_str());
        let names = names.filter(|name| pattern.starts_with('.') || !name.starts_with('.'));
        let names = names.filter(|name| fnmatch(pattern.as_bytes(), name.as_bytes()));
        Ok(names.map(|name| below(folder, name)).collect())
    }
}

fn package_name(manifest: &Table) -> Option<&str> {
    table(manifest, "package")?.get("name")?.as_str()
}

fn table<'t>(table: &'t Table, key: &str) -> Option<&'t Table> {
    table.get(key)?.as_table()
}

fn below(folder: &str, path: &str) -> String {
    match folder.is_empty() || path.starts_with('/') {
        true => path.to_owned(),
        false => format!("{folder}/{path}"),
    }
}

/// A path without `.` and `..`; `None` when it leaves the repository.
fn normalized(path: &str) -> Option<String> {
    let mut names = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()?),
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

#[cfg(test)]
mod tests;

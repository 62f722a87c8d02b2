//! The kinds `cargo` and `cargo2`: the crates that a `Cargo.lock` names, in the form of `cargo vendor`.

mod git_crate;
mod inherit;
mod lock_file;
mod toml_file;
mod vendored;
mod workspace;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use spec_cas::{CasError, MergeInput, TreeBuilder};
use spec_model::{Digest, Mapping, Node, NodeError, UniqueKey, Value};

use crate::context::SourceContext;
use crate::download::DownloadableFile;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::previous_file::PreviousFile;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::url::directory_name;
use git_crate::{GitCrate, StagedCommits};
use lock_file::{LockedCrate, LockedOrigin};
use toml_file::TomlFileError;
pub(crate) use vendored::CargoKind;
use vendored::{CrateFiles, CrateOrigin, VendoredCrate, check_file_name};

const KEYS: [&str; 7] = ["kind", "directory", "provenance", "url", "ref", "cargo-lock", "vendor-dir"];

/// The crates of a lock file.
#[derive(Debug)]
pub(crate) struct CargoSource {
    kind: CargoKind,
    name: SourceName,
    context: SourceContext,
    url: SourceUrl,
    original_url: String,
    /// What URLs of git repositories are replaced by when they are tracked, by what they begin with.
    git_mirrors: Vec<(String, String)>,
    /// What the ref says of where crates come from, by their names. Tracking keeps it.
    provenance: BTreeMap<String, Node>,
    cargo_lock: String,
    vendor_dir: String,
    /// The crates of the ref; `None` without one.
    crates: Option<Box<[VendoredCrate]>>,
    /// The files of the crates, when they were needed: there may be thousands, and keys do without.
    files: OnceLock<Vec<CrateFiles>>,
}

impl CargoSource {
    pub(crate) fn configure(
        name: SourceName,
        context: &SourceContext,
        config: &Mapping,
        kind: CargoKind,
    ) -> Result<Self, SourceError> {
        let more: &[&str] = if kind == CargoKind::Cargo2 { &["git-mirrors"] } else { &[] };
        config.validate_keys(&[&KEYS[..], more].concat())?;
        let mirrors = config.opt_mapping("git-mirrors")?.into_iter().flat_map(|mirrors| &mirrors.entries);
        let mirrors = mirrors.map(|(url, mirror)| Ok((url.to_string(), mirror.as_str()?.to_owned())));
        let git_mirrors = mirrors.collect::<Result<_, NodeError>>()?;
        let node = config.get("url");
        let original_url =
            node.map_or(Ok("https://static.crates.io/crates"), |node| node.as_str())?.to_owned();
        let slash = if original_url.ends_with([':', '/']) { "" } else { "/" };
        let place = node.and_then(|node| node.position.clone());
        let url = SourceUrl::new(&name, context, &format!("{original_url}{slash}"), place)?;
        let vendor_dir = match kind {
            CargoKind::Cargo => "crates",
            CargoKind::Cargo2 => ".vendored-crates",
        };
        let mut source = Self {
            kind,
            context: context.clone(),
            git_mirrors,
            provenance: BTreeMap::new(),
            cargo_lock: config.opt_str("cargo-lock")?.unwrap_or("Cargo.lock").to_owned(),
            vendor_dir: config.opt_str("vendor-dir")?.unwrap_or(vendor_dir).to_owned(),
            crates: None,
            files: OnceLock::new(),
            name,
            url,
            original_url,
        };
        let crates = config.get("ref").map(Node::as_sequence).transpose()?;
        source.set_crates(crates)?;
        Ok(source)
    }

    /// Takes the crates of a ref. As for BuildStream's plugins, `cargo` without crates has no ref, and `cargo2` has an empty one.
    fn set_crates(&mut self, nodes: Option<&[Node]>) -> Result<(), SourceError> {
        let nodes = nodes.unwrap_or_default();
        for node in nodes {
            let entry = node.as_mapping()?;
            if let Some(provenance) = entry.get("provenance") {
                self.provenance.insert(entry.str("name")?.to_owned(), provenance.clone());
            }
        }
        let crates = nodes.iter().map(|node| VendoredCrate::of_node(node, self.kind));
        // A vector would have room for twice as many.
        let crates = crates.collect::<Result<Box<[_]>, _>>()?;
        self.crates = match self.kind {
            CargoKind::Cargo => Some(crates).filter(|crates| !crates.is_empty()),
            CargoKind::Cargo2 => Some(crates),
        };
        self.files = OnceLock::new();
        Ok(())
    }

    /// The URL of the archive of a crate, and the folder of its downloads.
    fn archive(&self, name: &str, version: &str) -> Result<(SourceUrl, PathBuf), SourceError> {
        let registry = &self.url.url.original;
        let path = format!("{registry}{name}/{name}-{version}.crate");
        let url = SourceUrl::new(&self.name, &self.context, &path, self.url.position.clone())?;
        let folder = self.context.download_directory.join(self.name.kind).join(directory_name(registry));
        Ok((url, folder.join(name).join(version)))
    }

    /// The crates that a `Cargo.lock` names, as the ref lists them.
    fn locked(&self, text: &str, monitor: &FetchMonitor) -> Result<Vec<Node>, SourceError> {
        let crates = lock_file::read(text).map_err(|error| self.wrong_lock(&error))?;
        let mut entries: Vec<([String; 4], Node)> = Vec::new();
        for found in crates {
            let origin = match self.kind {
                CargoKind::Cargo => LockedOrigin::Registry,
                CargoKind::Cargo2 => self.origin(&found)?,
            };
            let (repo, commit) = match &origin {
                LockedOrigin::Registry => Default::default(),
                LockedOrigin::Git { repo, commit, .. } => (repo.clone(), commit.clone()),
            };
            let order = [found.name.clone(), found.version.clone(), repo, commit];
            entries.push((order, self.entry(&found, &origin, monitor)?));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    fn origin(&self, found: &LockedCrate) -> Result<LockedOrigin, SourceError> {
        let origin = LockedOrigin::of(found.source.as_deref().unwrap_or_default());
        match origin {
            Ok(LockedOrigin::Git { repo, commit, query }) => {
                Ok(LockedOrigin::Git { repo: self.mirrored(&repo), commit, query })
            }
            Ok(LockedOrigin::Registry) => Ok(LockedOrigin::Registry),
            Err(kind) => {
                let message = format!(
                    "{}: '{}' of the sources before it has the crate {} from '{kind}', neither a registry nor git",
                    self.name, self.cargo_lock, found.name
                );
                let error = NodeError::new("lock-file-invalid", self.name.position.as_ref(), message);
                Err(error
                    .with_hint("have the crate from a registry with an index in git, or from git")
                    .into())
            }
        }
    }

    /// The URL of a repository in the mirror whose original has most of its beginning.
    fn mirrored(&self, repo: &str) -> String {
        let fitting = self.git_mirrors.iter().filter(|(url, _)| repo.starts_with(url.as_str()));
        let longest = fitting.max_by_key(|(url, _)| url.len());
        longest.map_or_else(|| repo.to_owned(), |(url, mirror)| repo.replace(url.as_str(), mirror))
    }

    /// The entry of the ref for a crate, with its keys in the order of the plugins. A crate without checksum is downloaded for it.
    fn entry(
        &self,
        found: &LockedCrate,
        origin: &LockedOrigin,
        monitor: &FetchMonitor,
    ) -> Result<Node, SourceError> {
        let mut entry = Mapping::new();
        let mut set = |key: &str, text: &str| entry.set(key, Node::text(text));
        if let LockedOrigin::Git { repo, commit, .. } = origin {
            set("kind", "git");
            set("commit", commit);
            set("repo", repo);
        } else if self.kind == CargoKind::Cargo2 {
            set("kind", "registry");
        }
        if let LockedOrigin::Git { query, .. } = origin
            && !query.is_empty()
        {
            let mut pairs = Mapping::new();
            query.iter().for_each(|(key, value)| pairs.set(key, Node::text(value.as_str())));
            entry.set("query", pairs);
        }
        entry.set("name", Node::text(found.name.as_str()));
        entry.set("version", Node::text(found.version.as_str()));
        if *origin == LockedOrigin::Registry {
            let sha = match &found.checksum {
                Some(sha) => Node::text(sha.as_str()),
                None => {
                    check_file_name(&Node::from(entry.clone()), [&found.name, &found.version])?;
                    let (url, folder) = self.archive(&found.name, &found.version)?;
                    DownloadableFile::at(self.name.clone(), &self.context, url, folder).track(monitor)?.new
                }
            };
            entry.set("sha", sha);
        }
        if let Some(provenance) = self.provenance.get(&found.name) {
            entry.set("provenance", provenance.clone());
        }
        Ok(entry.into())
    }

    fn wrong_lock(&self, error: &TomlFileError) -> SourceError {
        let TomlFileError { line, column, why } = error;
        let message = format!(
            "{}: '{}' of the sources before it, line {line}, column {column}: {why}",
            self.name, self.cargo_lock
        );
        let error = NodeError::new("lock-file-invalid", self.name.position.as_ref(), message);
        error
            .with_hint("check the key 'cargo-lock', or make the file again with: cargo generate-lockfile")
            .into()
    }

    /// The crates, all of which must have a digest or a commit.
    fn crates(&self) -> Result<&[VendoredCrate], SourceError> {
        let crates = self.crates.as_deref().filter(|crates| crates.iter().all(VendoredCrate::is_resolved));
        crates.ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }

    fn files(&self) -> Result<&[CrateFiles], SourceError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files =
            self.crates()?.iter().map(|vendored| self.files_of(vendored)).collect::<Result<_, _>>()?;
        Ok(self.files.get_or_init(|| files))
    }

    fn files_of(&self, vendored: &VendoredCrate) -> Result<CrateFiles, SourceError> {
        let VendoredCrate { name, version, origin } = vendored;
        match origin {
            CrateOrigin::Registry(None) => Err(SourceError::NoRef { name: self.name.clone() }),
            CrateOrigin::Registry(Some((sha, place))) => {
                let (url, folder) = self.archive(name, version)?;
                let (context, place) = (&self.context, place.clone());
                let file = DownloadableFile::with_sha256(&self.name, context, url, folder, sha, place);
                Ok(CrateFiles::Archive(Box::new(file)))
            }
            CrateOrigin::Git { repo, commit, query } => {
                let urls = (repo.as_str(), &*self.mirrored(repo));
                let found = GitCrate::new(&self.name, &self.context, name, urls, commit, query)?;
                Ok(CrateFiles::Git(Box::new(found)))
            }
        }
    }

    /// Refuses crates that would be in the same folder. Cargo cannot have them in one folder of crates either.
    fn check_folders(&self) -> Result<(), SourceError> {
        let mut folders = HashSet::new();
        let twice = self.crates()?.iter().find(|vendored| !folders.insert(vendored.folder()));
        let Some(VendoredCrate { name, version, .. }) = twice.filter(|_| self.kind == CargoKind::Cargo2)
        else {
            return Ok(());
        };
        let message = format!("{}: the ref has version {version} of the crate {name} twice", self.name);
        let error = NodeError::new("invalid-ref", self.name.position.as_ref(), message);
        Err(error
            .with_hint("have the crate from one place in Cargo.toml, then track the source again")
            .into())
    }

    /// The ref as the configuration has it, with what it says of where crates come from.
    fn written(&self) -> Option<Value> {
        let entry = |vendored: &VendoredCrate| {
            let mut value = vendored.value(self.kind);
            if let (Value::Map(entries), Some(provenance)) =
                (&mut value, self.provenance.get(&*vendored.name))
            {
                entries.insert("provenance".to_owned(), provenance.to_value());
            }
            value
        };
        Some(Value::Seq(self.crates.as_ref()?.iter().map(entry).collect()))
    }

    /// The configuration that makes cargo look for crates in the folder.
    fn cargo_config(&self) -> Result<(&'static str, String), SourceError> {
        let (registry, folder) = (&self.url.url.resolved, &self.vendor_dir);
        if self.kind == CargoKind::Cargo {
            let text = format!(
                "[source.crates-io]\nregistry = \"{registry}\"\nreplace-with = \"vendored-sources\"\n\
                 [source.vendored-sources]\ndirectory = \"{folder}\"\n"
            );
            return Ok((".cargo/config", text));
        }
        let table = |entries: &[(&str, &str)]| -> toml::Table {
            entries.iter().map(|(key, text)| ((*key).to_owned(), (*text).into())).collect()
        };
        let mut sources = toml::Table::new();
        let crates_io = table(&[("registry", registry), ("replace-with", "vendored-sources")]);
        sources.insert("crates-io".to_owned(), crates_io.into());
        for files in self.files()? {
            if let CrateFiles::Git(found) = files {
                let (name, section) = found.replacement();
                sources.insert(name, section.into());
            }
        }
        sources.insert("vendored-sources".to_owned(), table(&[("directory", folder)]).into());
        let config = toml::Table::from_iter([("source".to_owned(), sources.into())]);
        Ok((".cargo/config.toml", config.to_string()))
    }

    fn assemble(&self, trees: &[(Digest, &VendoredCrate)], config: (&str, &str)) -> Result<Digest, CasError> {
        let (cas, mut builder) = (&self.context.cas, TreeBuilder::new());
        builder.add_file(config.0, cas.put_bytes(config.1.as_bytes())?, false)?;
        let mut places = Vec::new();
        for (tree, vendored) in trees {
            let CrateOrigin::Registry(Some((sha, _))) = &vendored.origin else {
                places.push(format!("{}/{}", self.vendor_dir, vendored.folder()));
                continue;
            };
            places.push(self.vendor_dir.clone());
            // cargo refuses a crate without this file.
            let text = format!("{{\"package\": \"{sha}\", \"files\": {{}}}}");
            let digest = cas.put_bytes(text.as_bytes())?;
            for node in &cas.directory(tree)?.directories {
                let path = format!("{}/{}/.cargo-checksum.json", self.vendor_dir, node.name);
                builder.add_file(&path, digest, false)?;
            }
        }
        let own = builder.store(cas)?;
        let mut layers: Vec<MergeInput<'_>> = trees
            .iter()
            .zip(&places)
            .map(|((root, _), place)| MergeInput { root: *root, location: place, filter: None })
            .collect();
        layers.push(MergeInput::whole(own));
        Ok(cas.merge(&layers)?.root)
    }
}

impl Source for CargoSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<UniqueKey>, SourceError> {
        let Ok(crates) = self.crates() else { return Ok(None) };
        let text = |text: &String| Value::from(text.as_str()).canonical();
        let mut key =
            format!("[{},{},{},[", text(&self.original_url), text(&self.cargo_lock), text(&self.vendor_dir));
        // There may be thousands, so they are not all there as values at once.
        for (index, vendored) in crates.iter().enumerate() {
            if index > 0 {
                key.push(',');
            }
            vendored.value(self.kind).write_canonical(&mut key);
        }
        key += match self.kind {
            CargoKind::Cargo => "]]",
            CargoKind::Cargo2 => "],\"a\"]",
        };
        Ok(Some(UniqueKey::of_canonical(key)))
    }

    fn reference(&self) -> Option<Value> {
        let crates = self.crates.as_ref()?;
        Some(Value::Seq(crates.iter().map(|vendored| vendored.value(self.kind)).collect()))
    }

    fn set_ref(&mut self, reference: &Node) -> Result<(), SourceError> {
        self.set_crates(Some(reference.as_sequence()?))
    }

    fn is_cached(&self) -> bool {
        self.files().is_ok_and(|files| files.iter().all(CrateFiles::is_cached))
    }

    fn check(&self) -> Result<(), SourceError> {
        self.check_folders()?;
        self.files()?.iter().try_for_each(CrateFiles::check)
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.files()?.iter().try_for_each(|file| file.fetch(monitor))
    }

    fn tracks_previous(&self) -> bool {
        true
    }

    fn track(
        &self,
        previous: &dyn PreviousSources,
        monitor: &FetchMonitor,
    ) -> Result<Option<TrackedRef>, SourceError> {
        let root = previous.tree()?;
        let file =
            PreviousFile { name: &self.name, cas: &self.context.cas, root: &root, path: &self.cargo_lock };
        let new = Node::sequence(self.locked(&file.text()?, monitor)?);
        Ok(Some(TrackedRef::new(self.written(), new)))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        self.check_folders()?;
        let (mut trees, mut staged) = (Vec::new(), StagedCommits::new());
        for (files, vendored) in self.files()?.iter().zip(self.crates()?) {
            trees.push((files.stage(&self.context, &mut staged, monitor)?, vendored));
        }
        let (path, text) = self.cargo_config()?;
        self.assemble(&trees, (path, &text)).map_err(|error| self.name.cas_error(error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let resolved = self.crates.iter().flatten().filter(|vendored| vendored.is_resolved());
        let infos = resolved.map(|vendored| Ok(self.files_of(vendored)?.info(vendored, self.kind)));
        infos.filter_map(Result::transpose).collect()
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::lock_file::{LockedOrigin, read};

    /// The names of the crates of a lock file that come from git, with their commits; the error is its line, column and message.
    ///
    /// # Errors
    /// When it is no lock file.
    pub fn crates(text: &str) -> Result<Vec<(String, String)>, (usize, usize, String)> {
        let crates = read(text).map_err(|error| (error.line, error.column, error.why))?;
        let origin = |source: Option<String>| LockedOrigin::of(&source.unwrap_or_default());
        let git = crates.into_iter().filter_map(|found| match origin(found.source) {
            Ok(LockedOrigin::Git { commit, .. }) => Some((found.name, commit)),
            _ => None,
        });
        Ok(git.collect())
    }
}

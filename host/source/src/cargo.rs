//! The kinds `cargo` and `cargo2`: the crates that a `Cargo.lock` names, in the form of `cargo vendor`.

use std::sync::{Arc, OnceLock};

use spec_cas::{CasError, MergeInput, TreeBuilder};
use spec_model::{Digest, FilePosition, Mapping, Node, NodeError, Value};

use crate::archive::ArchivePart;
use crate::archive_source::{ArchiveFormat, stage_archive};
use crate::context::SourceContext;
use crate::download::DownloadableFile;
use crate::error::{SourceError, SourceName};
use crate::monitor::FetchMonitor;
use crate::source::{PreviousSources, Source, SourceWarning, TrackedRef};
use crate::source_info::SourceInfo;
use crate::source_url::SourceUrl;
use crate::untracked::not_tracked;
use crate::url::directory_name;

const KEYS: [&str; 7] = ["kind", "directory", "provenance", "url", "ref", "cargo-lock", "vendor-dir"];

/// Which of the two kinds it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CargoKind {
    Cargo,
    /// Crates may also come from git repositories.
    Cargo2,
}

/// The crates of a lock file.
#[derive(Debug)]
pub(crate) struct CargoSource {
    kind: CargoKind,
    name: SourceName,
    context: SourceContext,
    url: SourceUrl,
    original_url: String,
    cargo_lock: String,
    vendor_dir: String,
    /// The crates of the ref; `None` without one.
    crates: Option<Vec<VendoredCrate>>,
    /// The files of the crates, when they were needed: there may be thousands, and keys do without.
    files: OnceLock<Vec<DownloadableFile>>,
}

/// A crate of the ref.
#[derive(Debug)]
struct VendoredCrate {
    name: Arc<str>,
    version: Arc<str>,
    origin: CrateOrigin,
}

#[derive(Debug)]
enum CrateOrigin {
    /// A file of a registry, by its SHA-256, and where that is written; `None` without it.
    Registry(Option<(Arc<str>, Option<FilePosition>)>),
    /// A commit of a git repository, with the query of its URL.
    Git { repo: String, commit: String, query: Vec<(String, String)> },
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
        config.opt_mapping("git-mirrors")?;
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
            cargo_lock: config.opt_str("cargo-lock")?.unwrap_or("Cargo.lock").to_owned(),
            vendor_dir: config.opt_str("vendor-dir")?.unwrap_or(vendor_dir).to_owned(),
            crates: None,
            files: OnceLock::new(),
            name,
            url,
            original_url,
        };
        let crates = config.get("ref").map(Node::as_sequence).transpose()?;
        let crates = crates.map(|crates| crates.iter().map(|node| source.vendored(node)).collect());
        let crates: Option<Vec<VendoredCrate>> = crates.transpose()?;
        // As for BuildStream's plugins, `cargo` without crates has no ref, and `cargo2` has an empty one.
        source.crates = match kind {
            CargoKind::Cargo => crates.filter(|crates| !crates.is_empty()),
            CargoKind::Cargo2 => Some(crates.unwrap_or_default()),
        };
        Ok(source)
    }

    fn vendored(&self, node: &Node) -> Result<VendoredCrate, SourceError> {
        let entry = node.as_mapping()?;
        let (name, version) = (entry.require("name")?.shared_str()?, entry.require("version")?.shared_str()?);
        let is_git = self.kind == CargoKind::Cargo2 && entry.opt_str("kind")? == Some("git");
        if is_git {
            let query = entry.opt_mapping("query")?;
            let query = query.into_iter().flat_map(|query| &query.entries);
            let query = query.map(|(key, value)| Ok((key.to_string(), value.as_str()?.to_owned())));
            let query = query.collect::<Result<_, NodeError>>()?;
            let (repo, commit) = (entry.str("repo")?.to_owned(), entry.str("commit")?.to_owned());
            return Ok(VendoredCrate { name, version, origin: CrateOrigin::Git { repo, commit, query } });
        }
        let sha = entry.get("sha").map(|sha| Ok::<_, NodeError>((sha.shared_str()?, sha.position.clone())));
        let sha = sha.transpose()?;
        let is_part = |text: &str| !matches!(text, "" | "." | "..") && !text.contains('/');
        if sha.is_some() && !(is_part(&name) && is_part(&version)) {
            return Err(node.expected("a crate whose name and version are parts of a file name").into());
        }
        Ok(VendoredCrate { name, version, origin: CrateOrigin::Registry(sha) })
    }

    /// The crates, all of which must have a digest or a commit.
    fn crates(&self) -> Result<&[VendoredCrate], SourceError> {
        let crates = self.crates.as_deref().filter(|crates| crates.iter().all(VendoredCrate::is_resolved));
        crates.ok_or_else(|| SourceError::NoRef { name: self.name.clone() })
    }

    fn files(&self) -> Result<&[DownloadableFile], SourceError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = self.crates()?.iter().map(|vendored| self.file(vendored)).collect::<Result<_, _>>()?;
        Ok(self.files.get_or_init(|| files))
    }

    /// The file of a crate, as it is downloaded.
    fn file(&self, vendored: &VendoredCrate) -> Result<DownloadableFile, SourceError> {
        let VendoredCrate { name, version, origin: CrateOrigin::Registry(Some((sha, place))) } = vendored
        else {
            return Err(self.git_crate(vendored));
        };
        let registry = &self.url.url.original;
        let path = format!("{registry}{name}/{name}-{version}.crate");
        let url = SourceUrl::new(&self.name, &self.context, &path, self.url.position.clone())?;
        let folder = self.context.download_directory.join(self.name.kind).join(directory_name(registry));
        let folder = folder.join(&**name).join(&**version);
        Ok(DownloadableFile::with_sha256(&self.name, &self.context, url, folder, sha, place.clone()))
    }

    fn git_crate(&self, vendored: &VendoredCrate) -> SourceError {
        let message = format!(
            "{}: the crate {} comes from a git repository, which cannot be fetched yet",
            self.name, vendored.name
        );
        let error = NodeError::new("source-kind-not-fetched", self.name.position.as_ref(), message);
        error.with_hint("use a release of the crate").into()
    }

    fn cas_error(&self, error: CasError) -> SourceError {
        SourceError::Cas { who: self.name.to_string(), error: Box::new(error) }
    }

    /// The configuration that makes cargo look for crates in the folder.
    fn cargo_config(&self) -> (&'static str, String) {
        let (registry, folder) = (&self.url.url.resolved, &self.vendor_dir);
        match self.kind {
            CargoKind::Cargo => (
                ".cargo/config",
                format!(
                    "[source.crates-io]\nregistry = \"{registry}\"\nreplace-with = \"vendored-sources\"\n\
                     [source.vendored-sources]\ndirectory = \"{folder}\"\n"
                ),
            ),
            CargoKind::Cargo2 => (
                ".cargo/config.toml",
                format!(
                    "[source.crates-io]\nregistry = \"{registry}\"\nreplace-with = \"vendored-sources\"\n\n\
                     [source.vendored-sources]\ndirectory = \"{folder}\"\n"
                ),
            ),
        }
    }

    fn assemble(&self, trees: &[(Digest, &VendoredCrate)]) -> Result<Digest, CasError> {
        let (cas, mut builder) = (&self.context.cas, TreeBuilder::new());
        let (path, text) = self.cargo_config();
        builder.add_file(path, cas.put_bytes(text.as_bytes())?, false)?;
        for (tree, vendored) in trees {
            if let CrateOrigin::Registry(Some((sha, _))) = &vendored.origin {
                // cargo refuses a crate without this file.
                let text = format!("{{\"package\": \"{sha}\", \"files\": {{}}}}");
                let digest = cas.put_bytes(text.as_bytes())?;
                for node in &cas.directory(tree)?.directories {
                    let path = format!("{}/{}/.cargo-checksum.json", self.vendor_dir, node.name);
                    builder.add_file(&path, digest, false)?;
                }
            }
        }
        let own = builder.store(cas)?;
        let mut layers: Vec<MergeInput<'_>> = trees
            .iter()
            .map(|(root, _)| MergeInput { root: *root, location: &self.vendor_dir, filter: None })
            .collect();
        layers.push(MergeInput::whole(own));
        Ok(cas.merge(&layers)?.root)
    }
}

impl VendoredCrate {
    fn is_resolved(&self) -> bool {
        !matches!(self.origin, CrateOrigin::Registry(None))
    }

    fn value(&self, kind: CargoKind) -> Value {
        let text = |text: &str| Value::from(text);
        let mut entries = vec![("name", text(&self.name)), ("version", text(&self.version))];
        match &self.origin {
            CrateOrigin::Registry(sha) => {
                entries.push(("sha", sha.as_ref().map_or(Value::Null, |(sha, _)| text(sha))));
                if kind == CargoKind::Cargo2 {
                    entries.push(("kind", text("registry")));
                }
            }
            CrateOrigin::Git { repo, commit, query } => {
                entries.extend([("kind", text("git")), ("repo", text(repo)), ("commit", text(commit))]);
                if !query.is_empty() {
                    let query = query.iter().map(|(key, value)| (key.as_str(), text(value)));
                    entries.push(("query", Value::map(query)));
                }
            }
        }
        Value::map(entries)
    }
}

impl Source for CargoSource {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn unique_key(&self) -> Result<Option<Value>, SourceError> {
        if self.crates().is_err() {
            return Ok(None);
        }
        let text = |text: &String| Value::from(text.as_str());
        let mut key = vec![text(&self.original_url), text(&self.cargo_lock), text(&self.vendor_dir)];
        key.extend(self.reference());
        if self.kind == CargoKind::Cargo2 {
            key.push("a".into());
        }
        Ok(Some(Value::Seq(key)))
    }

    fn reference(&self) -> Option<Value> {
        let crates = self.crates.as_ref()?;
        Some(Value::Seq(crates.iter().map(|vendored| vendored.value(self.kind)).collect()))
    }

    fn set_ref(&mut self, _: Option<Value>) {}

    fn is_cached(&self) -> bool {
        let is_cached = |vendored| self.file(vendored).is_ok_and(|file| file.is_cached());
        self.crates().is_ok_and(|crates| crates.iter().all(is_cached))
    }

    fn check(&self) -> Result<(), SourceError> {
        self.files()?.iter().try_for_each(DownloadableFile::check)
    }

    fn fetch(&self, monitor: &FetchMonitor) -> Result<(), SourceError> {
        self.files()?.iter().try_for_each(|file| file.fetch(monitor))
    }

    fn tracks_previous(&self) -> bool {
        true
    }

    fn track(&self, _: &dyn PreviousSources, _: &FetchMonitor) -> Result<Option<TrackedRef>, SourceError> {
        Err(not_tracked(&self.name))
    }

    fn stage(&self, monitor: &FetchMonitor) -> Result<Digest, SourceError> {
        let cas = self.context.cas.clone().with_cancel(&monitor.cancel);
        let (part, limits) = (ArchivePart::BaseDir(""), self.context.limits);
        let staged = |file| stage_archive(file, ArchiveFormat::Tar, part, &cas, limits, monitor);
        let trees: Vec<Digest> = self.files()?.iter().map(staged).collect::<Result<_, _>>()?;
        let trees: Vec<(Digest, &VendoredCrate)> = trees.into_iter().zip(self.crates()?).collect();
        self.assemble(&trees).map_err(|error| self.cas_error(error))
    }

    fn infos(&self) -> Result<Vec<SourceInfo>, SourceError> {
        let of_kind = |text: &'static str| (self.kind == CargoKind::Cargo2).then_some(text);
        let one = |vendored: &VendoredCrate| {
            let version = Some(vendored.version.to_string());
            Ok(match &vendored.origin {
                CrateOrigin::Registry(None) => None,
                CrateOrigin::Registry(Some((sha, _))) => Some(
                    SourceInfo::remote_file(&self.file(vendored)?.url.resolved, sha, version)
                        .with("ecosystem", of_kind("crates.io")),
                ),
                CrateOrigin::Git { repo, commit, .. } => Some(
                    SourceInfo::git(repo, commit, version)
                        .with("crate-name", Some(&*vendored.name))
                        .with("ecosystem", Some("GIT")),
                ),
            })
        };
        self.crates.iter().flatten().filter_map(|vendored| one(vendored).transpose()).collect()
    }

    fn warnings(&self) -> Vec<SourceWarning> {
        self.url.warning(&self.name).into_iter().collect()
    }
}

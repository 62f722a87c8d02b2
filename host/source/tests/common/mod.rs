//! Shared by the tests of this crate: an element's sources in a temporary project.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

use spec_cas::Cas;
use spec_model::{
    Cancel, Digest, FolderPlugin, Mapping, Node, PackageRequirement, PluginOrigin, PythonText, StatedText,
};
use spec_source::{Alias, ElementSources, FetchMonitor, SourceContext, SourceError, SourceSpec};
use tempfile::TempDir;

/// A project folder with its caches beside it; the alias `files` leads to its files.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) context: SourceContext,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let project = folder.path().join("project");
        fs::create_dir(&project).expect("the folder is new");
        let cas = Cas::open(folder.path().join("cas")).expect("the folder is new");
        let files = format!("file://{}/", project.display());
        let alias = move |name: &str| {
            Ok((name == "files").then(|| Alias { url: files.clone(), mirrors: Vec::new() }))
        };
        let context = SourceContext::new(project, folder.path().join("mirror"), cas, alias);
        Self { folder, context }
    }

    pub(crate) fn project(&self) -> &Path {
        &self.context.project_directory
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.project().join(name);
        fs::create_dir_all(path.parent().expect("it is below the project"))
            .expect("the project can be written");
        fs::write(&path, bytes).expect("the project can be written");
        path
    }

    /// The name of a folder of the project that was not there before. What local sources stage is read once.
    pub(crate) fn new_folder(&self) -> String {
        let numbers = (0..).map(|number| format!("folder{number}"));
        let free = numbers.into_iter().find(|name| !self.project().join(name).exists());
        let name = free.expect("there are enough numbers");
        fs::create_dir(self.project().join(&name)).expect("the project can be written");
        name
    }

    pub(crate) fn sources(&self, specs: &[SourceSpec]) -> Result<ElementSources, SourceError> {
        ElementSources::new("app.bst", &self.context, specs)
    }
}

pub(crate) fn spec(kind: &str, config: &[(&str, &str)]) -> SourceSpec {
    let mut mapping = Mapping::new();
    for (key, value) in config {
        mapping.set(key, Node::text(*value));
    }
    SourceSpec {
        kind: kind.to_owned(),
        origin: origin(kind),
        position: None,
        directory: None,
        config: mapping,
    }
}

/// The package that projects take a kind from; `svn` is a plugin of their own.
fn origin(kind: &str) -> PluginOrigin {
    let package = |name: &str| {
        let requirement = name.to_owned();
        PluginOrigin::Package(PackageRequirement { requirement, position: None, behind: None })
    };
    match kind {
        "local" | "remote" | "tar" | "workspace" => PluginOrigin::Undeclared,
        "svn" => PluginOrigin::Folder(FolderPlugin::default()),
        "bzr" | "cargo" | "docker" | "git" | "patch" | "pip" => package("buildstream-plugins"),
        _ => package("buildstream-plugins-community"),
    }
}

pub(crate) fn silent() -> FetchMonitor {
    FetchMonitor::silent(Cancel::new())
}

/// The SHA-256 of `bytes`, as refs have it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    spec_model::Digest::of(bytes).hex()
}

/// Adds an entry with unchecked name and link target.
pub(crate) fn append(
    tar: &mut tar::Builder<Vec<u8>>,
    kind: tar::EntryType,
    name: &str,
    mode: u32,
    link: &str,
    data: &[u8],
) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(data.len() as u64);
    long(tar, b'L', name, &mut header.as_old_mut().name);
    long(tar, b'K', link, &mut header.as_old_mut().linkname);
    header.set_cksum();
    tar.append(&header, data).expect("writing to memory");
}

/// Writes `text` into a field, or into a GNU entry of its own when it is too long for it.
fn long(tar: &mut tar::Builder<Vec<u8>>, flag: u8, text: &str, field: &mut [u8; 100]) {
    let short = &text.as_bytes()[..text.len().min(100)];
    field[..short.len()].copy_from_slice(short);
    if text.len() > 100 {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..13].copy_from_slice(b"././@LongLink");
        header.set_entry_type(tar::EntryType::new(flag));
        header.set_mode(0o644);
        header.set_size(text.len() as u64 + 1);
        header.set_cksum();
        tar.append(&header, &[text.as_bytes(), b"\0"].concat()[..]).expect("writing to memory");
    }
}

/// A source of a plugin in a folder with this text.
pub(crate) fn with_text(mut spec: SourceSpec, sha256: &str, stated: &[&str]) -> SourceSpec {
    let digest = Digest::from_hex(sha256, 1).expect("it is one");
    let stated = stated.iter().map(|sha256| StatedText { sha256: (*sha256).to_owned(), position: None });
    spec.origin = PluginOrigin::Folder(FolderPlugin {
        file: format!("plugins/{}.py", spec.kind),
        component: None,
        text: Some(PythonText { digest, others: Vec::new() }),
        stated: stated.collect(),
    });
    spec
}

//! The `plugins` stanzas: the component files of a project.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use spec_model::{
    Digest, FolderPlugin, Mapping, Node, NodeError, NodeKind, PackageRequirement, PluginOrigin, StatedText,
};

use super::path::{PathKind, project_path};
use super::python_text::python_text;
use crate::LoadError;
use crate::project_files::ProjectFiles;

const COMMON: [&str; 5] = ["origin", "sources", "elements", "source-mirrors", "allow-deprecated"];

/// The key of the settings of the program with the texts of Python plugins that are equal to its own kinds of sources.
pub(crate) const EQUAL_SOURCE_PLUGINS: &str = "equal-source-plugins";

/// Where the kinds of a project come from: directories with components, and Python packages.
#[derive(Debug, Default)]
pub(crate) struct LocalPlugins {
    local: HashMap<String, PathBuf>,
    packages: HashMap<String, PackageRequirement>,
    /// The kinds of sources that do not count by their name alone.
    sources: HashMap<String, PluginOrigin>,
    files: Option<ProjectFiles>,
    /// The kinds of all stanzas so far, by the name of their list.
    declared: HashSet<(&'static str, String)>,
}

/// A kind that a stanza lists.
struct ListedKind<'n> {
    name: String,
    node: &'n Node,
}

impl LocalPlugins {
    /// Reads the list of stanzas.
    ///
    /// # Errors
    /// `invalid-data` when one is malformed, `duplicate-plugin` when two have a kind, those of a project
    /// path for the `path` of a local one.
    pub(crate) fn new(stanzas: &[Node], files: &ProjectFiles) -> Result<Self, LoadError> {
        let mut plugins = Self { files: Some(files.clone()), ..Self::default() };
        for stanza in stanzas {
            plugins.stanza(stanza.as_mapping()?, files)?;
        }
        Ok(plugins)
    }

    /// The component that the project declares for an element kind, and whether the file is there.
    pub(crate) fn component(&self, kind: &str) -> Option<(PathBuf, bool)> {
        let file = self.local.get(kind)?.join(format!("{kind}.wasm"));
        let is_there = self.files.as_ref().is_some_and(|files| files.has_file(&file));
        Some((file, is_there))
    }

    /// The Python plugin of the project for an element kind, in the place of the component.
    pub(crate) fn python(&self, kind: &str) -> Option<Digest> {
        let files = self.files.as_ref()?;
        let below = self.local.get(kind)?.strip_prefix(&files.directory).ok()?;
        Some(python_text(files, below, kind)?.digest)
    }

    /// Where the project takes a kind of sources from.
    pub(crate) fn source_origin(&self, kind: &str) -> PluginOrigin {
        self.sources.get(kind).cloned().unwrap_or_default()
    }

    /// Takes the statements of a project, or of the user about it, that texts are equal to kinds of sources of the program.
    ///
    /// # Errors
    /// `invalid-data` when one is no SHA-256.
    pub(crate) fn take_statements(&mut self, settings: &Mapping) -> Result<(), NodeError> {
        for (kind, node) in
            settings.opt_mapping(EQUAL_SOURCE_PLUGINS)?.into_iter().flat_map(|kinds| &kinds.entries)
        {
            let sha256 = stated_sha256(node)?;
            if let Some(PluginOrigin::Folder(plugin)) = self.sources.get_mut(&**kind) {
                plugin.stated.push(StatedText { sha256, position: node.position.clone() });
            }
        }
        Ok(())
    }

    /// The Python package that the project takes an element kind from.
    pub(crate) fn package(&self, kind: &str) -> Option<PackageRequirement> {
        self.packages.get(kind).cloned()
    }

    /// All kinds with the components that the project declares for them, sorted.
    pub(crate) fn components(&self) -> Vec<(String, PathBuf)> {
        let mut all: Vec<_> =
            self.local.iter().map(|(kind, path)| (kind.clone(), path.join(format!("{kind}.wasm")))).collect();
        all.sort_unstable();
        all
    }

    fn stanza(&mut self, stanza: &Mapping, files: &ProjectFiles) -> Result<(), LoadError> {
        let origin = stanza.require("origin")?;
        let own = match origin.as_str()? {
            "local" => "path",
            "pip" => "package-name",
            "junction" => "junction",
            _ => return Err(origin.expected("an origin (local, pip or junction)").into()),
        };
        let keys: Vec<&str> = COMMON.iter().copied().chain([own]).collect();
        stanza.validate_keys(&keys)?;
        stanza.str(own)?;
        stanza.bool_or("allow-deprecated", false)?;
        let elements = self.declare(stanza, "elements")?;
        let sources = self.declare(stanza, "sources")?;
        self.declare(stanza, "source-mirrors")?;
        if own == "package-name" {
            let node = stanza.require(own)?;
            let package = PackageRequirement {
                requirement: node.as_str()?.to_owned(),
                position: node.position.clone(),
            };
            let origin = PluginOrigin::Package(package.clone());
            self.sources.extend(sources.into_iter().map(|kind| (kind, origin.clone())));
            self.packages.extend(elements.into_iter().map(|kind| (kind, package.clone())));
        } else if own == "path" {
            let path = project_path(&files.directory, stanza.require("path")?, PathKind::Directory)?;
            let below = path.strip_prefix(&files.directory).unwrap_or(&path);
            self.sources.extend(sources.into_iter().map(|kind| {
                let file = files.shown(&below.join(format!("{kind}.py")).to_string_lossy());
                let text = python_text(files, below, &kind);
                (kind, PluginOrigin::Folder(FolderPlugin { file, text, stated: Vec::new() }))
            }));
            self.local.extend(elements.into_iter().map(|kind| (kind, path.clone())));
        }
        Ok(())
    }

    /// The kinds that a stanza lists. Another stanza must not have them.
    fn declare(&mut self, stanza: &Mapping, list: &'static str) -> Result<Vec<String>, LoadError> {
        let kinds = kinds(stanza, list)?;
        for kind in &kinds {
            if self.declared.contains(&(list, kind.name.clone())) {
                let message = format!("there is another plugin for the kind '{}'", kind.name);
                let error = NodeError::new("duplicate-plugin", kind.node.position.as_ref(), message);
                return Err(error.with_hint("take it out of one of the two lists").into());
            }
        }
        let names: Vec<String> = kinds.into_iter().map(|kind| kind.name).collect();
        self.declared.extend(names.iter().map(|name| (list, name.clone())));
        Ok(names)
    }
}

/// The kinds that a stanza lists: names, or dictionaries with a name.
fn kinds<'n>(stanza: &'n Mapping, list: &str) -> Result<Vec<ListedKind<'n>>, LoadError> {
    let kind = |node: &'n Node| match &node.kind {
        NodeKind::Scalar(name) => Ok(ListedKind { name: name.to_string(), node }),
        NodeKind::Mapping(mapping) => {
            mapping.validate_keys(&["kind", "allow-deprecated"])?;
            mapping.bool_or("allow-deprecated", false)?;
            Ok(ListedKind { name: mapping.str("kind")?.to_owned(), node })
        }
        NodeKind::Sequence(_) => Err(node.expected("the name of a kind or a dictionary").into()),
    };
    stanza.sequence_or_empty(list)?.iter().map(kind).collect()
}

/// The digest of a text in a statement.
fn stated_sha256(node: &Node) -> Result<String, NodeError> {
    let text = node.as_str()?.to_lowercase();
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one {
        Ok(text)
    } else {
        Err(node.expected("the SHA-256 of a Python plugin, 64 digits of 0-9 and a-f"))
    }
}

//! The `plugins` stanzas: where a project takes the kinds of its elements, sources and mirrors from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use spec_model::{
    FolderPlugin, Mapping, Node, NodeError, NodeKind, PackageRequirement, PluginJunction, PluginOrigin,
    StatedText,
};

use super::path::{PathKind, project_path};
use super::python_text::python_text;
use crate::LoadError;
use crate::project_files::ProjectFiles;

const COMMON: [&str; 5] = ["origin", "sources", "elements", "source-mirrors", "allow-deprecated"];

/// What a plugin is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PluginType {
    Element,
    Source,
    SourceMirror,
}

impl PluginType {
    const ALL: [Self; 3] = [Self::Element, Self::Source, Self::SourceMirror];

    /// The key of its list in a stanza.
    fn list(self) -> &'static str {
        match self {
            Self::Element => "elements",
            Self::Source => "sources",
            Self::SourceMirror => "source-mirrors",
        }
    }

    /// The key of the settings of the program with the texts of Python plugins that are equal to its own.
    fn statements(self) -> Option<&'static str> {
        match self {
            Self::Element => Some("equal-element-plugins"),
            Self::Source => Some("equal-source-plugins"),
            Self::SourceMirror => None,
        }
    }

    /// How messages call it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Element => "element kind",
            Self::Source => "source kind",
            Self::SourceMirror => "kind of mirror",
        }
    }
}

/// Where a stanza says that kinds come from.
#[derive(Clone, Debug)]
pub(crate) enum DeclaredOrigin {
    /// From a Python package; the node is the requirement.
    Package(Node),
    /// From a folder of the project, by its real path.
    Folder(PathBuf),
    /// From the project behind a junction; the node names it.
    Junction(Node),
}

/// Where the kinds of a project come from.
#[derive(Debug, Default)]
pub(crate) struct DeclaredPlugins {
    origins: HashMap<(PluginType, String), DeclaredOrigin>,
    /// The texts of Python plugins that are stated to be equal to those of the program.
    statements: HashMap<(PluginType, String), Vec<StatedText>>,
}

impl DeclaredPlugins {
    /// Reads the list of stanzas.
    ///
    /// # Errors
    /// `invalid-data` when one is malformed, `duplicate-plugin` when two have a kind, those of a project
    /// path for the `path` of a local one.
    pub(crate) fn new(stanzas: &[Node], files: &ProjectFiles) -> Result<Self, LoadError> {
        let mut plugins = Self::default();
        for stanza in stanzas {
            plugins.stanza(stanza.as_mapping()?, files)?;
        }
        Ok(plugins)
    }

    /// Where the project says that a kind comes from.
    pub(crate) fn origin(&self, of: PluginType, kind: &str) -> Option<&DeclaredOrigin> {
        self.origins.get(&(of, kind.to_owned()))
    }

    /// The statements that texts are equal to a kind of the program.
    pub(crate) fn stated(&self, of: PluginType, kind: &str) -> &[StatedText] {
        self.statements.get(&(of, kind.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Takes the statements of a project, or of the user about it, that texts are equal to kinds of the program.
    ///
    /// # Errors
    /// `invalid-data` when one is no SHA-256.
    pub(crate) fn take_statements(&mut self, settings: &Mapping) -> Result<(), NodeError> {
        for of in PluginType::ALL {
            let kinds = of.statements().map(|key| settings.opt_mapping(key)).transpose()?.flatten();
            for (kind, node) in kinds.into_iter().flat_map(|kinds| &kinds.entries) {
                let stated = StatedText { sha256: stated_sha256(node)?, position: node.position.clone() };
                self.statements.entry((of, kind.to_string())).or_default().push(stated);
            }
        }
        Ok(())
    }

    /// All element kinds with the components that the project declares for them, sorted.
    pub(crate) fn components(&self) -> Vec<(String, PathBuf)> {
        let component = |((of, kind), origin): (&(PluginType, String), &DeclaredOrigin)| match origin {
            DeclaredOrigin::Folder(path) if *of == PluginType::Element => {
                Some((kind.clone(), component(path, kind)))
            }
            _ => None,
        };
        let mut all: Vec<_> = self.origins.iter().filter_map(component).collect();
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
        let node = stanza.require(own)?;
        let declared = match own {
            "path" => DeclaredOrigin::Folder(project_path(&files.directory, node, PathKind::Directory)?),
            "junction" => DeclaredOrigin::Junction(node.clone()),
            _ => DeclaredOrigin::Package(node.clone()),
        };
        PluginType::ALL.into_iter().try_for_each(|of| self.declare(of, stanza, &declared))
    }

    /// Takes the kinds that a stanza lists. Another stanza must not have them.
    fn declare(
        &mut self,
        of: PluginType,
        stanza: &Mapping,
        declared: &DeclaredOrigin,
    ) -> Result<(), LoadError> {
        let listed = kinds(stanza, of.list())?;
        for ListedKind { name, node } in &listed {
            if self.origins.contains_key(&(of, name.clone())) {
                let message = format!("there is another plugin for the kind '{name}'");
                let error = NodeError::new("duplicate-plugin", node.position.as_ref(), message);
                return Err(error.with_hint("take it out of one of the two lists").into());
            }
        }
        self.origins.extend(listed.into_iter().map(|kind| ((of, kind.name), declared.clone())));
        Ok(())
    }
}

/// The origin of a kind that a project takes from a package, or another one behind a junction.
pub(crate) fn package(requirement: &Node, behind: Option<PluginJunction>) -> Result<PluginOrigin, NodeError> {
    Ok(PluginOrigin::Package(PackageRequirement {
        requirement: requirement.as_str()?.to_owned(),
        position: requirement.position.clone(),
        behind,
    }))
}

/// The origin of a kind in a folder of a project.
pub(crate) fn folder(
    of: PluginType,
    kind: &str,
    path: &Path,
    files: &ProjectFiles,
    stated: Vec<StatedText>,
) -> PluginOrigin {
    let below = path.strip_prefix(&files.directory).unwrap_or(path);
    let file = files.shown(&below.join(format!("{kind}.py")).to_string_lossy());
    let is_element = of == PluginType::Element;
    let component = Some(component(path, kind)).filter(|file| is_element && files.has_file(file));
    let text = component.is_none().then(|| python_text(files, below, kind, is_element)).flatten();
    PluginOrigin::Folder(FolderPlugin { file, component, text, stated })
}

/// The component of an element kind in a folder of a project.
fn component(folder: &Path, kind: &str) -> PathBuf {
    folder.join(format!("{kind}.wasm"))
}

/// A kind that a stanza lists.
struct ListedKind<'n> {
    name: String,
    node: &'n Node,
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

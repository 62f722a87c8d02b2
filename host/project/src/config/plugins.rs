//! The `plugins` stanzas: the component files of a project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use spec_model::{Mapping, Node, NodeKind};

use super::path::{PathKind, project_path};
use crate::LoadError;

const COMMON: [&str; 5] = ["origin", "sources", "elements", "source-mirrors", "allow-deprecated"];

/// The directories in which a project keeps components of element kinds.
#[derive(Debug, Default)]
pub(crate) struct LocalPlugins {
    local: HashMap<String, PathBuf>,
}

impl LocalPlugins {
    /// Reads the list of stanzas.
    ///
    /// # Errors
    /// `invalid-data` or `unknown-key` when one is malformed, those of a project path for the `path` of a local one.
    pub(crate) fn new(stanzas: &[Node], directory: &Path) -> Result<Self, LoadError> {
        let mut plugins = Self::default();
        for stanza in stanzas {
            plugins.stanza(stanza.as_mapping()?, directory)?;
        }
        Ok(plugins)
    }

    /// The component that the project declares for an element kind; the file may be missing.
    pub(crate) fn component(&self, kind: &str) -> Option<PathBuf> {
        Some(self.local.get(kind)?.join(format!("{kind}.wasm")))
    }

    /// All kinds with the components that the project declares for them, sorted.
    pub(crate) fn components(&self) -> Vec<(String, PathBuf)> {
        let mut all: Vec<_> =
            self.local.iter().map(|(kind, path)| (kind.clone(), path.join(format!("{kind}.wasm")))).collect();
        all.sort_unstable();
        all
    }

    fn stanza(&mut self, stanza: &Mapping, directory: &Path) -> Result<(), LoadError> {
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
        let elements = kinds(stanza, "elements")?;
        kinds(stanza, "sources")?;
        kinds(stanza, "source-mirrors")?;
        if own == "path" {
            let path = project_path(directory, stanza.require("path")?, PathKind::Directory)?;
            self.local.extend(elements.into_iter().map(|kind| (kind, path.clone())));
        }
        Ok(())
    }
}

/// The kinds that a stanza lists: names, or dictionaries with a name.
fn kinds(stanza: &Mapping, list: &str) -> Result<Vec<String>, LoadError> {
    let kind = |node: &Node| match &node.kind {
        NodeKind::Scalar(name) => Ok(name.to_string()),
        NodeKind::Mapping(mapping) => {
            mapping.validate_keys(&["kind", "allow-deprecated"])?;
            mapping.bool_or("allow-deprecated", false)?;
            Ok(mapping.str("kind")?.to_owned())
        }
        NodeKind::Sequence(_) => Err(node.expected("the name of a kind or a dictionary").into()),
    };
    stanza.sequence_or_empty(list)?.iter().map(kind).collect()
}

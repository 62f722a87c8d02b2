//! The sources of an element.

use std::path::Path;

use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind, PluginOrigin};

use super::parts::ElementParts;
use crate::LoadError;
use crate::compose::{assert_composed, compose};
use crate::config::{PluginOrigins, ProjectConfig, ProjectDefaults, ProjectSettings};
use crate::loaded_element::LoadedElement;
use crate::project_files::is_of_subproject;
use crate::project_refs::{ProjectRefs, RefFiles};
use crate::workspaces::WORKSPACE_KIND;

/// A source as an element declares it, with the project's defaults for its kind.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Where the project takes the kind from.
    pub origin: PluginOrigin,
    /// The kind's name, such as `tar`.
    pub kind: String,
    /// Its position among the element's sources, from 0.
    pub index: usize,
    /// The directory below the build root into which it is staged, as written; variables are not expanded.
    pub directory: Option<String>,
    /// Its settings, composed and expanded, without `kind`, `directory` and `provenance`.
    pub config: Mapping,
    /// The user's description of where it comes from: attributes and their texts.
    pub provenance: Vec<(String, String)>,
    /// Where it is declared.
    pub position: Option<FilePosition>,
    /// Where its ref is, or is to be added.
    pub ref_place: RefPlace,
}

/// The location of a source's ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefPlace {
    /// At this place, as the value of `ref`.
    Value(FilePosition),
    /// There is none yet; it is to be added to the dictionary that begins at this place.
    Dictionary(FilePosition),
    /// In this file of refs of the top-level project, or it is to be added there.
    RefsFile(&'static str),
    /// In a file of a subproject, which is not ours to write.
    Subproject,
    /// In no file: the program made the source.
    Nowhere,
}

impl SourceConfig {
    /// The place of a setting that has the ref or a part of it.
    #[must_use]
    pub fn place_of(&self, key: &str) -> RefPlace {
        let in_file = matches!(self.ref_place, RefPlace::Value(_) | RefPlace::Dictionary(_));
        if key == "ref" || !in_file {
            return self.ref_place.clone();
        }
        let value = self.config.get(key).and_then(|node| node.position.clone()).map(RefPlace::Value);
        match value.or_else(|| self.position.clone().map(RefPlace::Dictionary)) {
            Some(RefPlace::Value(at) | RefPlace::Dictionary(at)) if is_of_subproject(&at.file) => {
                RefPlace::Subproject
            }
            place => place.unwrap_or(RefPlace::Nowhere),
        }
    }

    /// The source that stands for those of an element with a workspace in `folder`.
    pub(crate) fn of_workspace(folder: &Path) -> Self {
        let mut config = Mapping::new();
        config.set("path", Node::text(folder.display().to_string()));
        Self {
            kind: WORKSPACE_KIND.to_owned(),
            index: 0,
            directory: None,
            config,
            origin: PluginOrigin::Undeclared,
            provenance: Vec::new(),
            position: None,
            ref_place: RefPlace::Nowhere,
        }
    }
}

/// The kinds that have no ref. BuildStream gives them what files of refs say of them, too, and they ignore it.
const WITHOUT_REF: [&str; 3] = ["local", "patch", "patch_queue"];

/// Composes and expands the sources of an element.
pub(super) fn sources(
    element: &ElementParts<'_>,
    settings: &ProjectSettings,
    origins: &PluginOrigins,
    refs: &RefFiles,
) -> Result<Vec<SourceConfig>, LoadError> {
    let nodes = element.loaded.node.sequence_or_empty("sources")?;
    let is_first = element.kind.is_first;
    let one = |(index, node): (usize, &Node)| {
        let mut source = declared(index, node, &settings.config, is_first)?;
        source.origin = origins.source(&source.kind);
        find_ref(&mut source, element.loaded, &settings.config.name, refs)?;
        source.config = composed(&source, &settings.defaults)?;
        element.variables.expand(&mut source.config)?;
        Ok(source)
    };
    // A vector would have room for four.
    Ok(nodes.iter().enumerate().map(one).collect::<Result<Box<[_]>, LoadError>>()?.into_vec())
}

/// Gives a source its entries in files of refs, and decides where a new ref goes.
fn find_ref(
    source: &mut SourceConfig,
    element: &LoadedElement,
    project: &str,
    refs: &RefFiles,
) -> Result<(), NodeError> {
    let entries = |refs: &ProjectRefs| {
        refs.entries_of(project, element.name.path(), source.index).map(|found| found.cloned())
    };
    let above = refs.toplevel.as_ref().map(|refs| entries(refs)).transpose()?.flatten();
    if above.is_some() || refs.own.is_some() {
        let own = || refs.own.as_ref().map_or(Ok(None), |refs| entries(refs));
        let entries = above.map_or_else(own, |entries| Ok(Some(entries)))?;
        take_refs(source, entries.as_ref());
    }
    let is_own = element.name.junctions().is_empty();
    let file = if is_own { refs.own.as_ref() } else { refs.toplevel.as_ref() };
    source.ref_place = match (file, &source.ref_place) {
        (Some(refs), _) => RefPlace::RefsFile(refs.file),
        (None, _) if !is_own => RefPlace::Subproject,
        (None, RefPlace::Value(at) | RefPlace::Dictionary(at)) if is_of_subproject(&at.file) => {
            RefPlace::Subproject
        }
        (None, place) => place.clone(),
    };
    Ok(())
}

/// A source as declared, without defaults.
fn declared(
    index: usize,
    node: &Node,
    config: &ProjectConfig,
    is_first: bool,
) -> Result<SourceConfig, LoadError> {
    let mut settings = node.as_mapping()?.clone();
    let position = settings.position.clone();
    let kind = settings.require("kind")?;
    if kind.as_str()? == WORKSPACE_KIND {
        return Err(kind
            .expected("a kind of source other than 'workspace', which is for internal use")
            .into());
    }
    let kind = kind.as_str()?.to_owned();
    settings.remove("kind");
    let directory =
        settings.opt_str("directory")?.filter(|directory| !directory.is_empty()).map(str::to_owned);
    if directory.is_some() {
        settings.remove("directory");
    }
    let provenance = provenance(settings.remove("provenance").as_ref(), config, is_first)?;
    let ref_node = settings.get("ref").and_then(|node| node.position.clone());
    let ref_place = match (ref_node, position.clone()) {
        (Some(position), _) => RefPlace::Value(position),
        (None, Some(position)) => RefPlace::Dictionary(position),
        (None, None) => RefPlace::Nowhere,
    };
    let origin = PluginOrigin::Undeclared;
    Ok(SourceConfig { origin, kind, index, directory, config: settings, provenance, position, ref_place })
}

/// Gives a source its entries of `project.refs`; a ref in its declaration is ignored.
fn take_refs(source: &mut SourceConfig, entries: Option<&Mapping>) {
    source.config.remove("ref");
    if WITHOUT_REF.contains(&source.kind.as_str()) {
        return;
    }
    for (name, node) in entries.into_iter().flat_map(|entries| &entries.entries) {
        if !matches!(&node.kind, NodeKind::Scalar(text) if text.is_empty()) {
            source.config.set(name, node.clone());
        }
    }
}

/// Checks the provenance of the sources of a junction, when the settings of its project are complete.
///
/// # Errors
/// `undefined-source-provenance-attribute`, `invalid-data`.
pub(super) fn check_provenance(junction: &LoadedElement, config: &ProjectConfig) -> Result<(), LoadError> {
    for source in junction.node.sequence_or_empty("sources")? {
        provenance(source.as_mapping()?.get("provenance"), config, false)?;
    }
    Ok(())
}

/// The provenance of a source. Those of junctions are not checked at first: the attributes may come from a subproject.
fn provenance(
    node: Option<&Node>,
    config: &ProjectConfig,
    is_first: bool,
) -> Result<Vec<(String, String)>, LoadError> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let one = |(name, node): (&std::sync::Arc<str>, &Node)| {
        if !is_first && !config.provenance_attributes.iter().any(|attribute| **attribute == **name) {
            let known = config.provenance_attributes.join(", ");
            let message = format!("'{name}' is not a provenance attribute of this project; it has: {known}");
            return Err(LoadError::at(
                "undefined-source-provenance-attribute",
                node.position.as_ref(),
                message,
            ));
        }
        Ok((name.to_string(), node.as_str()?.to_owned()))
    };
    node.as_mapping()?.entries.iter().map(one).collect()
}

/// The settings composed over the project's defaults for the kind (`sources: KIND: config:`).
fn composed(source: &SourceConfig, defaults: &ProjectDefaults) -> Result<Mapping, NodeError> {
    let kind = defaults.sources.opt_mapping(&source.kind)?;
    let mut config = match kind {
        None => Mapping::new(),
        Some(kind) => kind.opt_mapping("config")?.cloned().unwrap_or_default(),
    };
    compose(&source.config, &mut config)?;
    assert_composed(&config)?;
    config.shrink_to_fit();
    Ok(config)
}

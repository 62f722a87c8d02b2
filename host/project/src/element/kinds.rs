//! The element kinds of a project, with their defaults.

use std::collections::HashMap;
use std::sync::Arc;

use spec_model::{FilePosition, Mapping, NodeError};
use spec_strategy::{ElementKind, KindDescription, KindError, KindRegistry, KindRequest};

use super::shared_splits::{SharedSplits, split_rules};
use crate::LoadError;
use crate::compose::compose;
use crate::config::{PluginOrigins, ProjectDefaults};
use crate::yaml::parse_text;

/// A kind, and the defaults over which its elements in this project are composed.
pub(crate) struct ProjectKind {
    pub(super) behaviour: Arc<dyn ElementKind>,
    pub(super) description: Arc<KindDescription>,
    pub(super) defaults: Mapping,
    /// The split rules of the defaults.
    pub(super) splits: SharedSplits,
    /// Whether it is `junction` or `link`, which have the settings without files of subprojects.
    pub(super) is_first: bool,
}

/// The kinds that a project uses; each is looked up once.
pub(crate) struct ProjectKinds<'r> {
    registry: &'r dyn KindRegistry,
    defaults: &'r ProjectDefaults,
    origins: &'r PluginOrigins,
    known: HashMap<String, Arc<ProjectKind>>,
}

impl<'r> ProjectKinds<'r> {
    pub(crate) fn new(
        registry: &'r dyn KindRegistry,
        defaults: &'r ProjectDefaults,
        origins: &'r PluginOrigins,
    ) -> Self {
        Self { registry, defaults, origins, known: HashMap::new() }
    }

    /// The kind of that name, asked for by an element at a place.
    ///
    /// # Errors
    /// [`LoadError::Kind`] when there is none or it is broken, the errors of composing its defaults.
    pub(super) fn get(
        &mut self,
        name: &str,
        element: &str,
        position: Option<&FilePosition>,
    ) -> Result<Arc<ProjectKind>, LoadError> {
        if let Some(kind) = self.known.get(name) {
            return Ok(Arc::clone(kind));
        }
        let request = KindRequest { name: name.to_owned(), origin: self.origins.element(name) };
        let behaviour = self.registry.kind(&request).map_err(|source| refused(element, position, source))?;
        let description = Arc::new(behaviour.description().clone());
        let shown_as = format!("(defaults of kind {name})");
        let mut defaults = parse_text(&description.defaults, &shown_as)?;
        compose_splits(&mut defaults, &self.defaults.splits)?;
        if let Some(overrides) = self.defaults.elements.opt_mapping(name)? {
            compose(overrides, &mut defaults)?;
        }
        let splits = SharedSplits::new(split_rules(&defaults)?);
        let kind = Arc::new(ProjectKind { behaviour, description, defaults, splits, is_first: false });
        self.known.insert(name.to_owned(), Arc::clone(&kind));
        Ok(kind)
    }
}

/// The error that a kind cannot be had or refuses an element.
pub(super) fn refused(element: &str, position: Option<&FilePosition>, source: KindError) -> LoadError {
    LoadError::Kind { element: element.to_owned(), position: position.cloned(), source: Box::new(source) }
}

/// Composes the kind's split rules over the project's.
fn compose_splits(defaults: &mut Mapping, project: &Mapping) -> Result<(), NodeError> {
    let mut public = defaults.opt_mapping("public")?.cloned().unwrap_or_default();
    let mut domain = public.opt_mapping("bst")?.cloned().unwrap_or_default();
    let mut splits = project.clone();
    if let Some(own) = domain.opt_mapping("split-rules")? {
        compose(own, &mut splits)?;
    }
    domain.set("split-rules", splits);
    public.set("bst", domain);
    defaults.set("public", public);
    Ok(())
}

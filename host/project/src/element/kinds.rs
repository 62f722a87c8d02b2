//! The element kinds of a project, with their defaults.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use spec_model::{FilePosition, Mapping, NodeError};
use spec_strategy::{ElementKind, KindDescription, KindError, KindRegistry, KindRequest};

use super::SandboxConfig;
use super::base_variables::shared_variables;
use super::shared_section::SharedSection;
use crate::LoadError;
use crate::compose::compose;
use crate::config::{PluginOrigins, ProjectDefaults};
use crate::variables::BaseVariables;
use crate::yaml::parse_text;

/// The split rules in the domain `bst` of public data.
pub(super) const SPLIT_RULES: &str = "split-rules";

/// A kind, and the defaults over which its elements in this project are composed.
pub(crate) struct ProjectKind {
    pub(super) behaviour: Arc<dyn ElementKind>,
    pub(super) description: Arc<KindDescription>,
    pub(super) defaults: Mapping,
    /// The split rules of the defaults.
    pub(super) splits: SharedSection,
    /// The public data of elements that declare none: these split rules.
    pub(super) public: SharedSection,
    pub(super) sections: KindSections,
    /// The variables over which those of elements are laid, when one was resolved; `None` if something is wrong with them.
    variables: OnceLock<Option<Arc<BaseVariables>>>,
    /// Whether it is `junction` or `link`, which have the settings without files of subprojects.
    pub(super) is_first: bool,
}

/// The sections of a kind in a project that its elements share, once one of them needed them.
#[derive(Default)]
pub(super) struct KindSections {
    pub(super) environment: OnceLock<Arc<SharedSection>>,
    pub(super) sandbox: OnceLock<Arc<SharedSection>>,
    /// What the first of the elements has; most have the same.
    pub(super) sandbox_config: OnceLock<Arc<SandboxConfig>>,
    pub(super) environment_nocache: OnceLock<Arc<[String]>>,
    /// Without variables expanded.
    pub(super) config: OnceLock<Arc<Mapping>>,
}

impl ProjectKind {
    pub(super) fn new(
        behaviour: Arc<dyn ElementKind>,
        defaults: Mapping,
        is_first: bool,
    ) -> Result<Self, NodeError> {
        let splits = SharedSection::new(split_rules(&defaults)?.cloned().unwrap_or_default());
        let public = SharedSection::new(public_data(splits.written().clone()));
        let (description, sections) = (Arc::new(behaviour.description().clone()), KindSections::default());
        let variables = OnceLock::new();
        Ok(Self { behaviour, description, defaults, splits, public, sections, variables, is_first })
    }

    /// The variables of the kind over those of the project; `None` if something is wrong with them.
    pub(super) fn variables(&self, project: &ProjectDefaults) -> Option<&Arc<BaseVariables>> {
        self.variables.get_or_init(|| shared_variables(&self.defaults, project)).as_ref()
    }

    /// A section of the kind over that of the project.
    pub(super) fn section(&self, name: &str, project: &Mapping) -> Result<Mapping, NodeError> {
        let mut section = project.clone();
        if let Some(own) = self.defaults.opt_mapping(name)? {
            compose(own, &mut section)?;
        }
        Ok(section)
    }
}

/// A kind when it was looked up. Locked meanwhile: other threads wait for it, and do not load its component, too.
type KindSlot = Mutex<Option<Arc<ProjectKind>>>;

/// The kinds that a project uses; each is looked up once.
pub(crate) struct ProjectKinds<'r> {
    registry: &'r dyn KindRegistry,
    defaults: &'r ProjectDefaults,
    origins: &'r PluginOrigins,
    known: Mutex<HashMap<String, Arc<KindSlot>>>,
}

impl<'r> ProjectKinds<'r> {
    pub(crate) fn new(
        registry: &'r dyn KindRegistry,
        defaults: &'r ProjectDefaults,
        origins: &'r PluginOrigins,
    ) -> Self {
        Self { registry, defaults, origins, known: Mutex::default() }
    }

    /// The kind of that name, asked for by an element at a place.
    ///
    /// # Errors
    /// [`LoadError::Kind`] when there is none or it is broken, the errors of composing its defaults.
    pub(super) fn get(
        &self,
        name: &str,
        element: &str,
        position: Option<&FilePosition>,
    ) -> Result<Arc<ProjectKind>, LoadError> {
        // Panics of other threads leave whole entries.
        let slot = Arc::clone(
            self.known.lock().unwrap_or_else(PoisonError::into_inner).entry(name.to_owned()).or_default(),
        );
        let mut known = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = &*known {
            return Ok(Arc::clone(kind));
        }
        let request = KindRequest { name: name.to_owned(), origin: self.origins.element(name) };
        let behaviour = self.registry.kind(&request).map_err(|source| refused(element, position, source))?;
        let shown_as = format!("(defaults of kind {name})");
        let mut defaults = parse_text(&behaviour.description().defaults, &shown_as)?;
        compose_splits(&mut defaults, &self.defaults.splits)?;
        if let Some(overrides) = self.defaults.elements.opt_mapping(name)? {
            compose(overrides, &mut defaults)?;
        }
        let kind = Arc::new(ProjectKind::new(behaviour, defaults, false)?);
        *known = Some(Arc::clone(&kind));
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
    if let Some(own) = domain.opt_mapping(SPLIT_RULES)? {
        compose(own, &mut splits)?;
    }
    domain.set(SPLIT_RULES, splits);
    public.set("bst", domain);
    defaults.set("public", public);
    Ok(())
}

/// The split rules in the public data of a mapping.
fn split_rules(node: &Mapping) -> Result<Option<&Mapping>, NodeError> {
    let public = node.opt_mapping("public")?;
    let domain = public.map_or(Ok(None), |public| public.opt_mapping("bst"))?;
    domain.map_or(Ok(None), |domain| domain.opt_mapping(SPLIT_RULES))
}

/// Public data with split rules alone.
fn public_data(splits: Mapping) -> Mapping {
    let (mut public, mut domain) = (Mapping::new(), Mapping::new());
    domain.set(SPLIT_RULES, splits);
    public.set("bst", domain);
    public
}

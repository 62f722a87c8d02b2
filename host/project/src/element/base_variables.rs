//! The variables of a project and a kind, over which those of elements are laid.

use std::sync::Arc;

use spec_model::Mapping;

use crate::compose::{assert_composed, compose};
use crate::config::ProjectDefaults;
use crate::variables::BaseVariables;

/// The variables that elements and projects cannot set.
pub(super) const PROTECTED: [&str; 3] = ["project-name", ELEMENT_NAME, "max-jobs"];
pub(super) const ELEMENT_NAME: &str = "element-name";

/// The variables of the project and the kind, unless something is wrong with them.
pub(super) fn shared_variables(kind: &Mapping, project: &ProjectDefaults) -> Option<Arc<BaseVariables>> {
    let mut variables = Mapping::clone(&project.variables);
    if let Some(layer) = kind.opt_mapping("variables").ok()? {
        compose(layer, &mut variables).ok()?;
    }
    assert_composed(&variables).ok()?;
    let is_redefined = |name: &&str| variables.get(name).is_some_and(|node| node.position.is_some());
    if PROTECTED.iter().any(is_redefined) {
        return None;
    }
    BaseVariables::shared(variables, &project.texts).ok().map(Arc::new)
}

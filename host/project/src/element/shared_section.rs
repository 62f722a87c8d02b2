//! A section that a kind has in a project, expanded. Elements that add nothing to it, whose variables in it are the same, share it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use spec_model::{Mapping, NodeError};

use crate::compose::assert_composed;
use crate::variables::{Variables, names_below};

/// A composed section, and what it expands to.
#[derive(Default)]
pub(super) struct SharedSection {
    written: Mapping,
    /// The variables that it refers to.
    names: Vec<Arc<str>>,
    /// The expanded section, by the values of these.
    expanded: Mutex<HashMap<Vec<Arc<str>>, Arc<Mapping>>>,
}

impl SharedSection {
    pub(super) fn new(written: Mapping) -> Self {
        Self { names: names_below(&written), written, expanded: Mutex::default() }
    }

    /// The section as it is written.
    pub(super) fn written(&self) -> &Mapping {
        &self.written
    }

    /// The section with the variables of an element.
    ///
    /// # Errors
    /// `trailing-list-directive`, and those of expanding.
    pub(super) fn expand(&self, variables: &Variables) -> Result<Arc<Mapping>, NodeError> {
        let values = self.names.iter().map(|name| variables.get(name)).collect::<Option<Vec<_>>>();
        // A panic of another thread leaves whole entries.
        let mut known = self.expanded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = values.as_ref().and_then(|values| known.get(values)) {
            return Ok(Arc::clone(known));
        }
        let section = Arc::new(expanded(self.written.clone(), variables)?);
        known.extend(values.map(|values| (values, Arc::clone(&section))));
        Ok(section)
    }
}

/// A composed section with the variables of an element.
///
/// # Errors
/// As [`SharedSection::expand`].
pub(super) fn expanded(mut section: Mapping, variables: &Variables) -> Result<Mapping, NodeError> {
    assert_composed(&section)?;
    variables.expand(&mut section)?;
    Ok(section)
}

//! Sections that a kind has in a project. Elements share what they do not change, and most change nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spec_model::{Mapping, NodeError};

use crate::compose::{assert_composed, compose};
use crate::variables::{Variables, WrittenVariables, names_below};

/// For how many combinations of values an expanded section is kept. Where variables are an element's own, no other element has the
/// same.
const MAX_KNOWN: usize = 16;

/// A composed section, and what it expands to.
#[derive(Debug, Default)]
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
        if let Some(known) = values.as_ref().and_then(|values| self.known().get(values).cloned()) {
            return Ok(known);
        }
        // Other threads expand theirs meanwhile.
        let section = Arc::new(expanded(self.written.clone(), variables)?);
        let mut known = self.known();
        Ok(match values {
            Some(values) if known.len() < MAX_KNOWN => Arc::clone(known.entry(values).or_insert(section)),
            _ => section,
        })
    }

    /// A panic of another thread leaves whole entries.
    fn known(&self) -> MutexGuard<'_, HashMap<Vec<Arc<str>>, Arc<Mapping>>> {
        self.expanded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an element says over the section, expanded. What it leaves as it is stays shared.
    ///
    /// # Errors
    /// As [`SharedSection::expand`], and those of composing.
    pub(super) fn expand_under(&self, own: &Mapping, variables: &Variables) -> Result<Mapping, NodeError> {
        // The element may replace what cannot be expanded.
        self.expand_and_compose(own, variables).or_else(|_| {
            let mut section = self.written.clone();
            compose(own, &mut section)?;
            expanded(section, variables)
        })
    }

    fn expand_and_compose(&self, own: &Mapping, variables: &Variables) -> Result<Mapping, NodeError> {
        let mut section = Mapping::clone(&*self.expand(variables)?);
        let mut own = own.clone();
        variables.expand(&mut own)?;
        compose(&own, &mut section)?;
        assert_composed(&section)?;
        Ok(section)
    }
}

/// A section of an element as it is kept. It is composed and expanded for who asks, because few do.
#[derive(Clone, Debug)]
pub(crate) struct WrittenSection {
    shared: Arc<SharedSection>,
    /// What the element says over it.
    own: Option<Arc<Mapping>>,
}

impl WrittenSection {
    pub(super) fn new(shared: Arc<SharedSection>, own: Option<Arc<Mapping>>) -> Self {
        Self { shared, own }
    }

    /// The section, composed and expanded.
    ///
    /// # Errors
    /// Those of composing and of expanding.
    pub(super) fn expand(&self, variables: &Variables) -> Result<Arc<Mapping>, NodeError> {
        match &self.own {
            None => self.shared.expand(variables),
            Some(own) => self.shared.expand_under(own, variables).map(Arc::new),
        }
    }

    /// The section of an element that was resolved, so that [`WrittenSection::expand`] was seen to succeed.
    pub(super) fn expanded(&self, variables: &WrittenVariables) -> Arc<Mapping> {
        let section = self.expand(&variables.variables());
        debug_assert!(section.is_ok(), "an element has no section that cannot be expanded");
        section.unwrap_or_default()
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

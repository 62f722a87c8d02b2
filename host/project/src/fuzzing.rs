//! Public functions for the fuzz targets of conditions and variables. Compiled for them alone.

use std::sync::Arc;

use spec_model::{Mapping, NodeError};

use crate::options::Options;
use crate::variables::Variables;
use crate::yaml::strip;

/// Options, to try conditions with.
#[derive(Debug)]
pub struct Conditions(Options);

impl Conditions {
    /// Those of the `options` section of a project.
    ///
    /// # Errors
    /// What is wrong with a definition.
    pub fn new(definitions: &Mapping) -> Result<Self, NodeError> {
        Options::new(definitions, &Vec::new).map(Self)
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn holds(&self, condition: &str) -> Result<bool, String> {
        self.0.holds(condition)
    }
}

/// Expands the texts of a mapping with the variables of another.
///
/// # Errors
/// What is wrong with the variables, or with a reference.
pub fn expand(variables: &Mapping, mapping: &mut Mapping) -> Result<Vec<(Arc<str>, Arc<str>)>, NodeError> {
    let variables = Variables::new(variables.clone())?;
    variables.expand(mapping)?;
    variables.values()
}

/// A scalar as it is read: without white space around it.
#[must_use]
pub fn stripped(text: &str) -> Arc<str> {
    strip(text).into()
}

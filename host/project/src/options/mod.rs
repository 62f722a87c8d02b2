//! Project options and the conditionals `(?)` that depend on them.

mod conditional;
mod definition;
mod evaluate;
mod expression;
mod tokens;
mod value;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use indexmap::IndexMap;
use spec_model::{Mapping, Node, NodeError};

use crate::LoadError;
use definition::OptionDefinition;
use expression::Expression;

/// The options of a project with their values.
#[derive(Debug, Default)]
pub(crate) struct Options {
    definitions: IndexMap<String, OptionDefinition>,
    parsed: Mutex<HashMap<String, Expression>>,
}

impl Options {
    /// The options that project.conf defines, with their defaults.
    ///
    /// # Errors
    /// `invalid-data` or `invalid-symbol-name` where a definition is wrong.
    pub(crate) fn new(definitions: &Mapping, elements: &dyn Fn() -> Vec<String>) -> Result<Self, NodeError> {
        let one = |(name, node): (&std::sync::Arc<str>, &Node)| {
            Ok((name.to_string(), OptionDefinition::new(name, node, elements)?))
        };
        let definitions = definitions.entries.iter().map(one).collect::<Result<_, NodeError>>()?;
        Ok(Self { definitions, parsed: Mutex::default() })
    }

    /// Whether there is an option of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.definitions.contains_key(name)
    }

    /// Sets values from the user configuration or a junction.
    ///
    /// # Errors
    /// `invalid-data` for an option that is not there or a value it cannot have.
    pub(crate) fn set_from_nodes(&mut self, values: &Mapping) -> Result<(), NodeError> {
        for (name, node) in &values.entries {
            let Some(definition) = self.definitions.get_mut(name.as_ref()) else {
                let message = format!("the project has no option '{name}'");
                return Err(NodeError::new("invalid-data", node.position.as_ref(), message));
            };
            definition.value = definition.value_of_node(node)?;
        }
        Ok(())
    }

    /// Sets values from the command line.
    ///
    /// # Errors
    /// [`LoadError::Option`] for an option that is not there or a value it cannot have.
    pub(crate) fn set_from_texts(&mut self, values: &[(String, String)]) -> Result<(), LoadError> {
        for (name, text) in values {
            let known: Vec<String> = self.definitions.keys().cloned().collect();
            let Some(definition) = self.definitions.get_mut(name) else {
                let message = format!("the project has no option '{name}'; it has: {}", known.join(", "));
                return Err(LoadError::Option { message });
            };
            definition.value = definition
                .value_of_text(text)
                .map_err(|error| LoadError::Option { message: error.to_string() })?;
        }
        Ok(())
    }

    /// Checks the values after all of them are set.
    ///
    /// # Errors
    /// `invalid-data` when this machine is not among an option's choices.
    pub(crate) fn resolve(&self) -> Result<(), NodeError> {
        self.definitions.values().try_for_each(OptionDefinition::resolve)
    }

    /// Sets the variables that hold option values.
    pub(crate) fn export(&self, variables: &mut Mapping) {
        for definition in self.definitions.values() {
            if let Some(variable) = &definition.variable {
                crate::compose::set_keeping_position(variables, variable, &definition.value.as_variable());
            }
        }
    }

    /// All options with their values as texts, sorted by name.
    pub(crate) fn printable(&self) -> Vec<(String, String)> {
        let one =
            |(name, definition): (&String, &OptionDefinition)| (name.clone(), definition.value.as_variable());
        let mut all: Vec<(String, String)> = self.definitions.iter().map(one).collect();
        all.sort_unstable();
        all
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, condition: &str) -> Result<bool, String> {
        // A panic of another thread leaves whole entries.
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if !parsed.contains_key(condition) {
            parsed.insert(condition.to_owned(), expression::parse(condition)?);
        }
        evaluate::holds(&parsed[condition], &|name| {
            self.definitions.get(name).map(|definition| &definition.value)
        })
    }
}

#[cfg(test)]
mod tests;

//! Typed access to nodes. A wrong type, a missing key or an unknown one is a [`NodeError`] with its place.

use std::sync::Arc;

use super::error::NodeError;
use super::{Mapping, Node, NodeKind};
use crate::suggestion::nearest;

const INVALID: &str = "invalid-data";

impl Node {
    /// The text of a scalar.
    ///
    /// # Errors
    /// `invalid-data` when it is no scalar.
    pub fn as_str(&self) -> Result<&str, NodeError> {
        match &self.kind {
            NodeKind::Scalar(text) => Ok(text),
            _ => Err(self.expected("a scalar")),
        }
    }

    /// The text of a scalar, shared with the node.
    ///
    /// # Errors
    /// `invalid-data` when it is no scalar.
    pub fn shared_str(&self) -> Result<Arc<str>, NodeError> {
        match &self.kind {
            NodeKind::Scalar(text) => Ok(Arc::clone(text)),
            _ => Err(self.expected("a scalar")),
        }
    }

    /// A truth value: `true` or `false` (or `True`, `False`, `1`, `0`), as BuildStream takes them.
    ///
    /// # Errors
    /// `invalid-data` for any other text or kind of node.
    pub fn as_bool(&self) -> Result<bool, NodeError> {
        match self.as_str()? {
            "true" | "True" | "1" => Ok(true),
            "false" | "False" | "0" => Ok(false),
            _ => Err(self.expected("a boolean (true or false)")),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// `invalid-data` when the text is none.
    pub fn as_int(&self) -> Result<i64, NodeError> {
        self.as_str()?.parse().map_err(|_| self.expected("an integer"))
    }

    /// The nodes of a list.
    ///
    /// # Errors
    /// `invalid-data` when it is no list.
    pub fn as_sequence(&self) -> Result<&[Node], NodeError> {
        match &self.kind {
            NodeKind::Sequence(nodes) => Ok(nodes),
            _ => Err(self.expected("a list")),
        }
    }

    /// The entries of a dictionary.
    ///
    /// # Errors
    /// `invalid-data` when it is no dictionary.
    pub fn as_mapping(&self) -> Result<&Mapping, NodeError> {
        match &self.kind {
            NodeKind::Mapping(mapping) => Ok(mapping),
            _ => Err(self.expected("a dictionary")),
        }
    }

    /// The texts of a list of scalars.
    ///
    /// # Errors
    /// `invalid-data` when it is no list of scalars.
    pub fn as_str_list(&self) -> Result<Vec<String>, NodeError> {
        self.as_sequence()?.iter().map(|node| node.as_str().map(str::to_owned)).collect()
    }

    /// The error that this node is not `what`.
    #[must_use]
    pub fn expected(&self, what: &str) -> NodeError {
        let found = match &self.kind {
            NodeKind::Scalar(text) => format!("'{text}'"),
            _ => self.kind_name().to_owned(),
        };
        NodeError::new(INVALID, self.position.as_ref(), format!("expected {what}, found {found}"))
    }
}

impl Mapping {
    /// The entry of that name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries.get(name)
    }

    /// The entry of that name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.entries.get_mut(name)
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// `invalid-data` when there is none.
    pub fn require(&self, name: &str) -> Result<&Node, NodeError> {
        self.get(name).ok_or_else(|| {
            NodeError::new(INVALID, self.position.as_ref(), format!("the key '{name}' is missing here"))
        })
    }

    /// The text of an entry.
    ///
    /// # Errors
    /// `invalid-data` when it is missing or no scalar.
    pub fn str(&self, name: &str) -> Result<&str, NodeError> {
        self.require(name)?.as_str()
    }

    /// The text of an entry that may be missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no scalar.
    pub fn opt_str(&self, name: &str) -> Result<Option<&str>, NodeError> {
        self.get(name).map(Node::as_str).transpose()
    }

    /// The truth value of an entry, or `default` when it is missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no boolean.
    pub fn bool_or(&self, name: &str, default: bool) -> Result<bool, NodeError> {
        self.get(name).map_or(Ok(default), Node::as_bool)
    }

    /// The number of an entry that may be missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no integer.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, NodeError> {
        self.get(name).map(Node::as_int).transpose()
    }

    /// The dictionary of an entry that may be missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no dictionary.
    pub fn opt_mapping(&self, name: &str) -> Result<Option<&Mapping>, NodeError> {
        self.get(name).map(Node::as_mapping).transpose()
    }

    /// The dictionary of an entry that may be missing, shared with the entry.
    ///
    /// # Errors
    /// `invalid-data` when it is no dictionary.
    pub fn opt_shared_mapping(&self, name: &str) -> Result<Option<Arc<Mapping>>, NodeError> {
        match self.get(name) {
            None => Ok(None),
            Some(Node { kind: NodeKind::Mapping(mapping), .. }) => Ok(Some(Arc::clone(mapping))),
            Some(node) => Err(node.expected("a dictionary")),
        }
    }

    /// The list of an entry; empty when it is missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no list.
    pub fn sequence_or_empty(&self, name: &str) -> Result<&[Node], NodeError> {
        self.get(name).map_or(Ok(&[]), Node::as_sequence)
    }

    /// The texts of an entry; empty when it is missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no list of scalars.
    pub fn str_list_or_empty(&self, name: &str) -> Result<Vec<String>, NodeError> {
        self.get(name).map_or(Ok(Vec::new()), Node::as_str_list)
    }

    /// Checks that every key is one of `known`.
    ///
    /// # Errors
    /// `invalid-data` at the first that is not, with the nearest known one if there is a likely one.
    pub fn validate_keys(&self, known: &[&str]) -> Result<(), NodeError> {
        let Some(name) = self.entries.keys().find(|name| !known.contains(&name.as_ref())) else {
            return Ok(());
        };
        let position = self.key_position(name).or_else(|| self.position.clone());
        let error =
            |known| NodeError::new(INVALID, position.as_ref(), format!("unexpected key '{name}'{known}"));
        Err(match nearest(name, known) {
            Some(near) => error(String::new()).with_hint(format!("did you mean '{near}'?")),
            None => error(format!("; known keys: {}", known.join(", "))),
        })
    }
}

#[cfg(test)]
mod tests;

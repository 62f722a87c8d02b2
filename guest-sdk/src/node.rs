//! Typed access to configuration. A mistake becomes a [`Rejection`] with its place.

use crate::bindings::element_kind::exports::spec::plugin::kind;
use crate::{Rejection, RejectionReason};

/// A configuration node.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    nodes: &'a [kind::Node],
    index: u32,
}

/// A node that is a dictionary.
#[derive(Clone, Copy)]
pub struct Mapping<'a> {
    node: Node<'a>,
    entries: &'a [(String, u32)],
}

impl<'a> Node<'a> {
    pub(crate) fn new(nodes: &'a [kind::Node], index: u32) -> Self {
        Self { nodes, index }
    }

    /// Its index in the element's nodes, which is how a rejection names it.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    fn variant(self) -> &'a kind::Node {
        &self.nodes[self.index as usize]
    }

    /// The text of a scalar.
    ///
    /// # Errors
    /// `invalid-data` when it is no scalar.
    pub fn as_str(self) -> Result<&'a str, Rejection> {
        match self.variant() {
            kind::Node::Scalar(text) => Ok(text),
            _ => Err(self.expected("a scalar")),
        }
    }

    /// A truth value: `true` or `false` (`True`, `False`), as BuildStream takes them.
    ///
    /// # Errors
    /// `invalid-data` for any other text or kind of node.
    pub fn as_bool(self) -> Result<bool, Rejection> {
        match self.as_str()? {
            "true" | "True" => Ok(true),
            "false" | "False" => Ok(false),
            _ => Err(self.expected("a boolean (true or false)")),
        }
    }

    /// The nodes of a list.
    ///
    /// # Errors
    /// `invalid-data` when it is no list.
    pub fn as_sequence(self) -> Result<impl Iterator<Item = Node<'a>>, Rejection> {
        match self.variant() {
            kind::Node::Sequence(indices) => {
                Ok(indices.iter().map(move |index| Node::new(self.nodes, *index)))
            }
            _ => Err(self.expected("a list")),
        }
    }

    /// The entries of a dictionary.
    ///
    /// # Errors
    /// `invalid-data` when it is no dictionary.
    pub fn as_mapping(self) -> Result<Mapping<'a>, Rejection> {
        match self.variant() {
            kind::Node::Mapping(entries) => Ok(Mapping { node: self, entries }),
            _ => Err(self.expected("a dictionary")),
        }
    }

    /// The texts of a list of scalars.
    ///
    /// # Errors
    /// `invalid-data` when it is no list of scalars.
    pub fn as_str_list(self) -> Result<Vec<String>, Rejection> {
        self.as_sequence()?.map(|node| node.as_str().map(str::to_owned)).collect()
    }

    /// The rejection that this node is not `what`.
    #[must_use]
    pub fn expected(self, what: &str) -> Rejection {
        let found = match self.variant() {
            kind::Node::Scalar(text) => format!("'{text}'"),
            kind::Node::Sequence(_) => "a list".to_owned(),
            kind::Node::Mapping(_) => "a dictionary".to_owned(),
        };
        Rejection::invalid(self, format!("expected {what}, found {found}"))
    }
}

impl<'a> Mapping<'a> {
    /// The dictionary as a node.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// The entries, in the order of the file.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.entries.iter().map(move |(name, index)| (name.as_str(), Node::new(self.node.nodes, *index)))
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of that name, if there is one.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Node<'a>> {
        let entry = self.entries.iter().find(|(key, _)| key == name);
        entry.map(|(_, index)| Node::new(self.node.nodes, *index))
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// `invalid-data` when there is none.
    pub fn require(self, name: &str) -> Result<Node<'a>, Rejection> {
        self.get(name)
            .ok_or_else(|| Rejection::invalid(self.node, format!("the key '{name}' is missing here")))
    }

    /// The text of an entry.
    ///
    /// # Errors
    /// `invalid-data` when it is missing or no scalar.
    pub fn str(self, name: &str) -> Result<&'a str, Rejection> {
        self.require(name)?.as_str()
    }

    /// The text of an entry that may be missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no scalar.
    pub fn opt_str(self, name: &str) -> Result<Option<&'a str>, Rejection> {
        self.get(name).map(Node::as_str).transpose()
    }

    /// The truth value of an entry, or `default` when it is missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no boolean.
    pub fn bool_or(self, name: &str, default: bool) -> Result<bool, Rejection> {
        self.get(name).map_or(Ok(default), Node::as_bool)
    }

    /// The texts of an entry; empty when it is missing.
    ///
    /// # Errors
    /// `invalid-data` when it is no list of scalars.
    pub fn str_list_or_empty(self, name: &str) -> Result<Vec<String>, Rejection> {
        self.get(name).map_or(Ok(Vec::new()), Node::as_str_list)
    }

    /// Checks that every key is one of `known`.
    ///
    /// # Errors
    /// A rejection of the reason `unknown-key` at the first that is not; users see `invalid-data`.
    pub fn validate_keys(self, known: &[&str]) -> Result<(), Rejection> {
        match self.entries.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, index)) => Err(Rejection {
                reason: RejectionReason::UnknownKey,
                message: format!("unexpected key '{name}'; known keys: {}", known.join(", ")),
                hint: None,
                node: Some(*index),
            }),
        }
    }
}

#[cfg(test)]
mod tests;

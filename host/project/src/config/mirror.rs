//! Mirrors of aliases.

use spec_model::{Node, NodeError};

/// Other places from which the sources behind aliases can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Its name.
    pub name: String,
    /// Its kind; `default` for a plain list of addresses.
    pub kind: String,
    /// For each alias, the addresses that can stand for it, best first.
    pub aliases: Vec<(String, Vec<String>)>,
}

impl Mirror {
    /// Reads a mirror whose texts are expanded.
    pub(super) fn new(node: &Node) -> Result<Self, NodeError> {
        let mapping = node.as_mapping()?;
        mapping.validate_keys(&["name", "kind", "aliases", "config"])?;
        let aliases = match mapping.opt_mapping("aliases")? {
            None => Vec::new(),
            Some(aliases) => aliases
                .entries
                .iter()
                .map(|(alias, list)| Ok((alias.to_string(), list.as_str_list()?)))
                .collect::<Result<_, NodeError>>()?,
        };
        let kind = mapping.opt_str("kind")?.unwrap_or("default").to_owned();
        Ok(Self { name: mapping.str("name")?.to_owned(), kind, aliases })
    }
}

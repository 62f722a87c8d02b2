//! Mirrors of aliases.

use spec_model::{Node, NodeError};

/// The one kind of mirror: a list of addresses.
const DEFAULT_KIND: &str = "default";

/// Other places from which the sources behind aliases can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirror {
    /// Its name.
    pub(super) name: String,
    /// For each alias, the addresses that can stand for it, best first.
    aliases: Vec<(String, Vec<String>)>,
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
        if let Some(kind) = mapping.get("kind").filter(|kind| kind.as_str().is_ok_and(|k| k != DEFAULT_KIND))
        {
            let message =
                format!("there is no kind of mirror '{}'; there is only '{DEFAULT_KIND}'", kind.as_str()?);
            let error = NodeError::new("plugin-not-found", kind.position.as_ref(), message);
            return Err(
                error.with_hint("mirrors of plugins are not supported: take it out, or list addresses")
            );
        }
        Ok(Self { name: mapping.str("name")?.to_owned(), aliases })
    }

    /// The addresses that can stand for an alias, best first.
    pub(super) fn urls(&self, alias: &str) -> &[String] {
        let found = self.aliases.iter().find(|(name, _)| name == alias);
        found.map_or(&[], |(_, urls)| urls)
    }
}

//! Mirrors of aliases.

use spec_model::{FilePosition, Node, NodeError};

use super::plugins::{DeclaredPlugins, PluginType};

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
    pub(super) fn new(node: &Node, plugins: &DeclaredPlugins) -> Result<Self, NodeError> {
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
        let kind = mapping.opt_str("kind")?.unwrap_or(DEFAULT_KIND);
        let is_declared = plugins.origin(PluginType::SourceMirror, kind).is_some();
        if is_declared || kind != DEFAULT_KIND {
            let position = mapping.get("kind").map_or(node.position.as_ref(), |node| node.position.as_ref());
            return Err(no_such_kind(kind, is_declared, position));
        }
        Ok(Self { name: mapping.str("name")?.to_owned(), aliases })
    }

    /// The addresses that can stand for an alias, best first.
    pub(super) fn urls(&self, alias: &str) -> &[String] {
        let found = self.aliases.iter().find(|(name, _)| name == alias);
        found.map_or(&[], |(_, urls)| urls)
    }
}

/// The error that mirrors of a kind are those of a plugin, or of nothing.
fn no_such_kind(kind: &str, is_declared: bool, position: Option<&FilePosition>) -> NodeError {
    let (reason, message) = if is_declared {
        let message = format!(
            "the kind of mirror '{kind}' is a plugin of project.conf, and spec-host has BuildStream's own '{DEFAULT_KIND}' only"
        );
        ("unsupported-kind", message)
    } else {
        let message = format!("there is no kind of mirror '{kind}'; there is only '{DEFAULT_KIND}'");
        ("plugin-not-found", message)
    };
    let error = NodeError::new(reason, position, message);
    error.with_hint("mirrors of plugins are not supported: take it out, or list addresses")
}

//! Elements of kind `junction`: windows into other projects.

use indexmap::IndexMap;
use spec_model::{ElementName, Mapping, Node, NodeError};

use crate::LoadError;

/// What a junction sets for the project behind it.
#[derive(Clone, Debug)]
pub(crate) struct Junction {
    /// The full name.
    pub(crate) name: ElementName,
    /// The folder of the project in the junction's sources, as it is written; empty for their root.
    pub(crate) path: Option<Node>,
    /// Values for the options of the project.
    pub(crate) options: Mapping,
    /// Names of elements, from that project, and the names, from the junction's own, of those that stand for them.
    pub(crate) overrides: IndexMap<String, Node>,
    /// How the project's aliases are mapped to those of the junction's project.
    pub(crate) aliases: MappedAliases,
}

/// Aliases of a subproject, and aliases of the parent that stand for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MappedAliases {
    names: Vec<(String, String)>,
    /// Whether each other alias stands for the parent's of the same name.
    identity: bool,
}

impl Junction {
    /// Reads a junction's configuration, in which variables are expanded.
    ///
    /// # Errors
    /// `invalid-data` where it is malformed, `override-junction-with-self` where the junction itself would
    /// stand for an element of its project.
    pub(crate) fn new(name: &ElementName, config: &Mapping) -> Result<Self, LoadError> {
        config.validate_keys(&["path", "options", "overrides", "aliases", "map-aliases"])?;
        config.opt_str("path")?;
        let path = config.get("path").filter(|node| node.as_str().is_ok_and(|path| !path.is_empty()));
        let mut overrides = IndexMap::new();
        for (overridden, node) in config.opt_mapping("overrides")?.into_iter().flat_map(|all| &all.entries) {
            if node.as_str()? == name.path() {
                let message = format!("'{overridden}' cannot be overridden by the junction itself");
                return Err(LoadError::at("override-junction-with-self", node.position.as_ref(), message));
            }
            overrides.insert(overridden.to_string(), node.clone());
        }
        Ok(Self {
            name: name.clone(),
            path: path.cloned(),
            options: config.opt_mapping("options")?.cloned().unwrap_or_default(),
            overrides,
            aliases: MappedAliases::new(config)?,
        })
    }
}

impl MappedAliases {
    fn new(config: &Mapping) -> Result<Self, NodeError> {
        let mut names = Vec::new();
        for (alias, node) in config.opt_mapping("aliases")?.into_iter().flat_map(|all| &all.entries) {
            names.push((alias.to_string(), node.as_str()?.to_owned()));
        }
        let identity = match config.get("map-aliases") {
            None => false,
            Some(node) => match node.as_str()? {
                "none" => false,
                "identity" => true,
                _ => return Err(node.expected("'none' or 'identity'")),
            },
        };
        Ok(Self { names, identity })
    }

    /// The parent's alias that stands for one of the subproject.
    pub(crate) fn of_parent<'a>(&'a self, alias: &'a str) -> Option<&'a str> {
        let named = self.names.iter().find(|(name, _)| name == alias).map(|(_, parent)| parent.as_str());
        named.or_else(|| self.identity.then_some(alias))
    }
}

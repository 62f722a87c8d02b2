//! What project.conf says about junctions.

use spec_model::{Mapping, Node, NodeError};

/// The section `junctions`.
#[derive(Clone, Debug, Default)]
pub(crate) struct JunctionRules {
    /// Junctions whose projects may be loaded several times, by the projects' names.
    duplicates: Vec<(String, Vec<Node>)>,
    /// Junctions whose projects nobody else needs to agree about.
    pub(crate) internal: Vec<Node>,
    /// Whether subprojects may use only aliases that the junctions map.
    pub(crate) only_mapped_aliases: bool,
}

impl JunctionRules {
    pub(super) fn new(root: &Mapping) -> Result<Self, NodeError> {
        let Some(junctions) = root.opt_mapping("junctions")? else {
            return Ok(Self::default());
        };
        junctions.validate_keys(&["duplicates", "internal", "disallow-subproject-uris"])?;
        let names = |node: &Node| node.as_str_list().and_then(|_| Ok(node.as_sequence()?.to_vec()));
        let mut duplicates = Vec::new();
        for (project, node) in junctions.opt_mapping("duplicates")?.into_iter().flat_map(|all| &all.entries) {
            duplicates.push((project.to_string(), names(node)?));
        }
        let internal = junctions.get("internal").map_or(Ok(Vec::new()), names)?;
        let only_mapped_aliases = junctions.bool_or("disallow-subproject-uris", false)?;
        Ok(Self { duplicates, internal, only_mapped_aliases })
    }

    /// The junctions through which a project of this name may be loaded again.
    pub(crate) fn duplicates_of(&self, project: &str) -> &[Node] {
        let found = self.duplicates.iter().find(|(name, _)| name == project);
        found.map_or(&[], |(_, junctions)| junctions)
    }
}

//! Where the kinds of a project come from, also through junctions.

use std::collections::HashMap;

use spec_model::PluginOrigin;

use super::plugins::PluginType;

/// Where a project takes the kinds from that its elements have.
#[derive(Debug, Default)]
pub(crate) struct PluginOrigins {
    elements: HashMap<String, PluginOrigin>,
    sources: HashMap<String, PluginOrigin>,
}

impl PluginOrigins {
    /// Where an element kind comes from.
    pub(crate) fn element(&self, kind: &str) -> PluginOrigin {
        self.elements.get(kind).cloned().unwrap_or_default()
    }

    /// Where a source kind comes from.
    pub(crate) fn source(&self, kind: &str) -> PluginOrigin {
        self.sources.get(kind).cloned().unwrap_or_default()
    }

    /// Those of a type.
    pub(crate) fn of(&mut self, of: PluginType) -> &mut HashMap<String, PluginOrigin> {
        if of == PluginType::Element { &mut self.elements } else { &mut self.sources }
    }
}

//! Samples for element kinds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::manifest::PluginName;
use crate::world::PluginWorld;

/// Elements of a kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSample {
    /// `element-kind`.
    pub world: PluginWorld,
    /// The kind's name.
    pub kind: PluginName,
    /// The elements.
    pub elements: Vec<SampleElement>,
}

/// An element as its kind sees it, and what the kind is expected to make of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleElement {
    /// Its full name.
    pub name: String,
    /// Its `config`, composed with the kind's defaults and expanded.
    #[serde(default)]
    pub config: serde_yaml::Mapping,
    /// Its variables, expanded.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Its dependencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<SampleDependency>,
    /// The kinds of its sources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// A line for the key and for each step of the plan, or one line `refused REASON: MESSAGE`.
    #[serde(default)]
    pub expect: Vec<String>,
}

/// A dependency of an element.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleDependency {
    /// The path by which the element names it.
    pub path: String,
    /// Whether it is staged at build time.
    #[serde(default = "always")]
    pub build: bool,
    /// Whether it is needed at run time.
    #[serde(default = "always")]
    pub runtime: bool,
    /// The configuration of the declaration.
    #[serde(default, skip_serializing_if = "serde_yaml::Mapping::is_empty")]
    pub config: serde_yaml::Mapping,
}

fn always() -> bool {
    true
}

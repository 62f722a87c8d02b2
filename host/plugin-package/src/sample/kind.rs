//! Samples for element kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_yaml::Value;
use spec_model::{Mapping, Node, NodeKind};

use crate::manifest::PluginName;
use crate::world::PluginWorld;

/// Configuration in a sample.
pub type SampleMapping = serde_yaml::Mapping;

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
    pub config: SampleMapping,
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
    #[serde(default, skip_serializing_if = "SampleMapping::is_empty")]
    pub config: SampleMapping,
}

fn always() -> bool {
    true
}

/// Configuration as kinds get it: all scalars are texts.
///
/// # Errors
/// What it has that configuration cannot have.
pub fn sample_configuration(given: &SampleMapping) -> Result<Mapping, &'static str> {
    let mut mapping = Mapping::new();
    for (name, value) in given {
        let name = name.as_str().ok_or("a key that is not a text")?;
        mapping.set(name, node(value)?);
    }
    Ok(mapping)
}

fn node(value: &Value) -> Result<Node, &'static str> {
    Ok(match value {
        Value::String(text) => Node::text(text.as_str()),
        Value::Bool(truth) => Node::text(if *truth { "True" } else { "False" }),
        Value::Number(number) => Node::text(number.to_string()),
        Value::Sequence(values) => Node::sequence(values.iter().map(node).collect::<Result<_, _>>()?),
        Value::Mapping(mapping) => {
            Node { kind: NodeKind::Mapping(Arc::new(sample_configuration(mapping)?)), position: None }
        }
        Value::Null => return Err("a value that is nothing"),
        Value::Tagged(_) => return Err("a value with a tag"),
    })
}

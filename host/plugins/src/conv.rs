//! The element that a kind is asked about, and its answer, in the flat form of the contract, independent of its version.

use std::sync::Arc;

use spec_model::{FilePosition, Mapping, Node, NodeKind};
use spec_strategy as host;

/// An element, with its configuration nodes in a flat form: children precede their parents.
#[derive(Clone, Debug)]
pub(crate) struct FlatInput {
    pub(crate) name: String,
    pub(crate) project: String,
    pub(crate) nodes: Vec<FlatNode>,
    pub(crate) config: u32,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) dependencies: Vec<FlatDependency>,
    pub(crate) sources: Vec<String>,
}

/// A configuration node, which refers to others by index.
#[derive(Clone, Debug)]
pub(crate) enum FlatNode {
    Scalar(String),
    Sequence(Vec<u32>),
    Mapping(Vec<(String, u32)>),
}

/// A direct dependency.
#[derive(Clone, Debug)]
pub(crate) struct FlatDependency {
    pub(crate) path: String,
    pub(crate) build: bool,
    pub(crate) runtime: bool,
    pub(crate) config: Option<u32>,
}

/// A piece of a unique key, which refers to others by index.
#[derive(Clone, Debug)]
pub(crate) enum FlatValue {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Sequence(Vec<u32>),
    Mapping(Vec<(String, u32)>),
}

/// Why an element is refused.
#[derive(Clone, Debug)]
pub(crate) struct FlatRejection {
    pub(crate) reason: RejectionReason,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) node: Option<u32>,
}

/// The kind of mistake in an element's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RejectionReason {
    InvalidData,
    UnknownKey,
    Sources,
    Other(String),
}

/// The answer of a kind: the values of its unique key and its plan, or why it refuses the element.
pub(crate) type FlatAnswer = Result<(Vec<FlatValue>, host::Plan), FlatRejection>;

/// Configuration nodes in the flat form, with the places of each.
#[derive(Default)]
struct FlatNodes {
    nodes: Vec<FlatNode>,
    positions: Vec<NodePositions>,
}

/// The places of a node and of its key in the configuration file.
#[derive(Clone, Default)]
pub(crate) struct NodePositions {
    pub(crate) value: Option<FilePosition>,
    pub(crate) name: Option<FilePosition>,
}

impl FlatNodes {
    fn node(&mut self, node: &Node) -> u32 {
        let flat = match &node.kind {
            NodeKind::Scalar(text) => FlatNode::Scalar(text.as_ref().to_owned()),
            NodeKind::Sequence(items) => {
                FlatNode::Sequence(items.iter().map(|item| self.node(item)).collect())
            }
            NodeKind::Mapping(mapping) => FlatNode::Mapping(self.entries(mapping)),
        };
        self.push(flat, node.position.as_ref())
    }

    fn mapping(&mut self, mapping: &Mapping) -> u32 {
        let entries = self.entries(mapping);
        self.push(FlatNode::Mapping(entries), mapping.position.as_ref())
    }

    fn entries(&mut self, mapping: &Mapping) -> Vec<(String, u32)> {
        let mut entry = |(name, node): (&Arc<str>, &Node)| {
            let index = self.node(node);
            self.positions[index as usize].name = mapping.key_position(name);
            (name.as_ref().to_owned(), index)
        };
        mapping.entries.iter().map(&mut entry).collect()
    }

    fn push(&mut self, node: FlatNode, position: Option<&FilePosition>) -> u32 {
        self.nodes.push(node);
        self.positions.push(NodePositions { value: position.cloned(), name: None });
        u32::try_from(self.nodes.len() - 1).expect("a configuration file has fewer than 2^32 nodes")
    }
}

/// Converts an element, and returns the places of its nodes.
pub(crate) fn input(input: &host::ElementInput) -> (FlatInput, Vec<NodePositions>) {
    let mut flat = FlatNodes::default();
    let config = flat.mapping(&input.config);
    let dependencies = input.dependencies.iter().map(|dependency| FlatDependency {
        path: dependency.path.clone(),
        build: dependency.build,
        runtime: dependency.runtime,
        config: dependency.config.as_ref().map(|config| flat.mapping(config)),
    });
    let dependencies = dependencies.collect();
    let input = FlatInput {
        name: input.name.clone(),
        project: input.project.clone(),
        nodes: flat.nodes,
        config,
        variables: input.variables.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect(),
        dependencies,
        sources: input.sources.clone(),
    };
    (input, flat.positions)
}

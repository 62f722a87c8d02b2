//! Converts between the contract in plain Rust and the generated types of element kinds.

use std::sync::Arc;

use spec_model::{FilePosition, Mapping, Node, NodeKind};
use spec_strategy as host;

use crate::bindings::element_kind::exports::spec::element_kind::kind as guest;

/// Configuration nodes in the flat form of the WIT text, with the places of each.
#[derive(Default)]
struct FlatNodes<'a> {
    nodes: Vec<guest::Node>,
    positions: Vec<NodePositions<'a>>,
}

/// The places of a node and of its key in the configuration file.
#[derive(Clone, Copy, Default)]
pub(crate) struct NodePositions<'a> {
    pub(crate) value: Option<&'a FilePosition>,
    pub(crate) name: Option<&'a FilePosition>,
}

impl<'a> FlatNodes<'a> {
    fn node(&mut self, node: &'a Node) -> u32 {
        let flat = match &node.kind {
            NodeKind::Scalar(text) => guest::Node::Scalar(text.as_ref().to_owned()),
            NodeKind::Sequence(items) => {
                guest::Node::Sequence(items.iter().map(|item| self.node(item)).collect())
            }
            NodeKind::Mapping(mapping) => guest::Node::Mapping(self.entries(mapping)),
        };
        self.push(flat, node.position.as_ref())
    }

    fn mapping(&mut self, mapping: &'a Mapping) -> u32 {
        let entries = self.entries(mapping);
        self.push(guest::Node::Mapping(entries), mapping.position.as_ref())
    }

    fn entries(&mut self, mapping: &'a Mapping) -> Vec<(String, u32)> {
        let mut entry = |(name, node): (&'a Arc<str>, &'a Node)| {
            let index = self.node(node);
            self.positions[index as usize].name = mapping.key_position(name);
            (name.as_ref().to_owned(), index)
        };
        mapping.entries.iter().map(&mut entry).collect()
    }

    fn push(&mut self, node: guest::Node, position: Option<&'a FilePosition>) -> u32 {
        self.nodes.push(node);
        self.positions.push(NodePositions { value: position, name: None });
        u32::try_from(self.nodes.len() - 1).expect("a configuration file has fewer than 2^32 nodes")
    }
}

/// Converts an element, and returns the places of its nodes.
pub(crate) fn input(input: &host::ElementInput) -> (guest::ElementInput, Vec<NodePositions<'_>>) {
    let mut flat = FlatNodes::default();
    let config = flat.mapping(&input.config);
    let dependencies = input.dependencies.iter().map(|dependency| guest::Dependency {
        path: dependency.path.clone(),
        build: dependency.build,
        runtime: dependency.runtime,
        config: dependency.config.as_ref().map(|config| flat.mapping(config)),
    });
    let dependencies = dependencies.collect();
    let input = guest::ElementInput {
        name: input.name.clone(),
        project: input.project.clone(),
        nodes: flat.nodes,
        config,
        variables: input.variables.clone(),
        dependencies,
        sources: input.sources.clone(),
    };
    (input, flat.positions)
}

pub(crate) fn description(description: guest::KindDescription) -> host::KindDescription {
    let guest::KindDescription { name, defaults, artifact_version, traits, forbids } = description;
    host::KindDescription {
        name,
        defaults,
        artifact_version,
        runs_commands: traits.contains(guest::KindTraits::RUNS_COMMANDS),
        strict_rebuild: traits.contains(guest::KindTraits::STRICT_REBUILD),
        has_artifact: traits.contains(guest::KindTraits::HAS_ARTIFACT),
        forbids: host::Forbids {
            sources: forbids.contains(guest::Forbids::SOURCES),
            build_dependencies: forbids.contains(guest::Forbids::BUILD_DEPENDENCIES),
            runtime_dependencies: forbids.contains(guest::Forbids::RUNTIME_DEPENDENCIES),
        },
    }
}

pub(crate) fn rejection(rejection: guest::Rejection, position: Option<FilePosition>) -> host::KindError {
    let reason = match rejection.reason {
        guest::RejectionReason::InvalidData => "invalid-data".to_owned(),
        guest::RejectionReason::UnknownKey => "unknown-key".to_owned(),
        guest::RejectionReason::Sources => "wrong-sources".to_owned(),
        guest::RejectionReason::Other(code) => code,
    };
    host::KindError::Rejected { reason, message: rejection.message, position }
}

pub(crate) fn plan(plan: guest::Plan) -> host::Plan {
    let guest::Plan { digest_environment, working_directory, marked_directories, steps, collect } = plan;
    let named = |named: guest::DigestEnvironment| host::DigestEnvironment {
        variable: named.variable,
        dependencies: named.dependencies,
    };
    host::Plan {
        digest_environment: digest_environment.into_iter().map(named).collect(),
        working_directory,
        marked_directories,
        steps: steps.into_iter().map(step).collect(),
        collect,
    }
}

fn step(step: guest::Step) -> host::Step {
    match step {
        guest::Step::StageDependencies(guest::Staging { location, dependencies }) => {
            host::Step::StageDependencies { location, dependencies }
        }
        guest::Step::Integrate(dependencies) => host::Step::Integrate { dependencies },
        guest::Step::StageSources(path) => host::Step::StageSources { path },
        guest::Step::MakeDirectory(path) => host::Step::MakeDirectory { path },
        guest::Step::CopyTree(guest::Copying { from, to }) => host::Step::CopyTree { from, to },
        guest::Step::Run(group) => host::Step::Run(command_group(group)),
    }
}

fn command_group(group: guest::CommandGroup) -> host::CommandGroup {
    let guest::CommandGroup { label, read_only_root, commands } = group;
    let command = |guest::Command { label, argv }| host::Command { label, argv };
    host::CommandGroup { label, read_only_root, commands: commands.into_iter().map(command).collect() }
}

//! Element kinds of version 0.1: an answer has the whole plan.

use spec_strategy as host;

use crate::bindings::v0_1::element_kind::exports::spec::element_kind::kind as guest;
use crate::conv::{
    FlatAnswer, FlatDependency, FlatInput, FlatNode, FlatRejection, FlatValue, RejectionReason,
};
use crate::failure::PluginFailure;
use crate::instance::Instance;
use crate::world::v0_1::ElementKind;

/// Calls `describe`.
pub(super) fn describe(instance: &mut Instance<ElementKind>) -> Result<host::KindDescription, PluginFailure> {
    let described =
        instance.call(1, |exports, store| exports.spec_element_kind_kind().call_describe(store))?;
    Ok(description(described))
}

/// Calls `configure`.
pub(super) fn configure(
    instance: &mut Instance<ElementKind>,
    input: &FlatInput,
) -> Result<FlatAnswer, PluginFailure> {
    let input = element_input(input);
    let answer =
        instance.call(1, |exports, store| exports.spec_element_kind_kind().call_configure(store, &input))?;
    Ok(match answer {
        Ok(guest::Configured { unique_key, plan: planned }) => {
            Ok((unique_key.values.into_iter().map(key_value).collect(), plan(planned)))
        }
        Err(refused) => Err(rejection(refused)),
    })
}

fn description(description: guest::KindDescription) -> host::KindDescription {
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

fn element_input(input: &FlatInput) -> guest::ElementInput {
    let FlatInput { name, project, nodes, config, variables, dependencies, sources } = input.clone();
    let node = |node| match node {
        FlatNode::Scalar(text) => guest::Node::Scalar(text),
        FlatNode::Sequence(items) => guest::Node::Sequence(items),
        FlatNode::Mapping(entries) => guest::Node::Mapping(entries),
    };
    let dependency =
        |FlatDependency { path, build, runtime, config }| guest::Dependency { path, build, runtime, config };
    let nodes = nodes.into_iter().map(node).collect();
    let dependencies = dependencies.into_iter().map(dependency).collect();
    guest::ElementInput { name, project, nodes, config, variables, dependencies, sources }
}

fn key_value(value: guest::KeyValue) -> FlatValue {
    match value {
        guest::KeyValue::Null => FlatValue::Null,
        guest::KeyValue::Bool(value) => FlatValue::Bool(value),
        guest::KeyValue::Int(value) => FlatValue::Int(value),
        guest::KeyValue::Text(text) => FlatValue::Text(text),
        guest::KeyValue::Sequence(items) => FlatValue::Sequence(items),
        guest::KeyValue::Mapping(entries) => FlatValue::Mapping(entries),
    }
}

fn rejection(rejection: guest::Rejection) -> FlatRejection {
    let guest::Rejection { reason, message, node } = rejection;
    let reason = match reason {
        guest::RejectionReason::InvalidData => RejectionReason::InvalidData,
        guest::RejectionReason::UnknownKey => RejectionReason::UnknownKey,
        guest::RejectionReason::Sources => RejectionReason::Sources,
        guest::RejectionReason::Other(code) => RejectionReason::Other(code),
    };
    FlatRejection { reason, message, hint: None, node }
}

fn plan(plan: guest::Plan) -> host::Plan {
    let guest::Plan { digest_environment, working_directory, marked_directories, steps, collect } = plan;
    let named = |guest::DigestEnvironment { variable, dependencies }| host::DigestEnvironment {
        variable,
        dependencies,
    };
    host::Plan {
        digest_environment: digest_environment.into_iter().map(named).collect(),
        working_directory,
        marked_directories,
        steps: steps.into_iter().map(step).collect(),
        collect,
        ..host::Plan::default()
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

//! Element kinds of version 0.2: they make their plan by calling functions.

use spec_strategy as host;

use crate::bindings::v0_2::element_kind::exports::spec::plugin::kind as guest;
use crate::conv::{
    FlatAnswer, FlatDependency, FlatInput, FlatNode, FlatRejection, FlatValue, RejectionReason,
};
use crate::failure::PluginFailure;
use crate::instance::Instance;
use crate::world::v0_2::ElementKind;

/// Calls `describe`, which must not plan anything.
pub(super) fn describe(instance: &mut Instance<ElementKind>) -> Result<host::KindDescription, PluginFailure> {
    instance.state_mut().plan.discard();
    let described = instance.call(1, |exports, store| exports.spec_plugin_kind().call_describe(store))?;
    match instance.state_mut().plan.discard() {
        Some(fault) => Err(PluginFailure::answer(fault)),
        None => Ok(description(described)),
    }
}

/// Calls `configure`, and takes the plan that it makes.
pub(super) fn configure(
    instance: &mut Instance<ElementKind>,
    input: &FlatInput,
) -> Result<FlatAnswer, PluginFailure> {
    let input = element_input(input);
    let max_bytes = instance.limits().answer;
    instance.state_mut().plan.begin(max_bytes);
    let answer = instance.call(1, |exports, store| exports.spec_plugin_kind().call_configure(store, &input));
    let plan = instance.state_mut().plan.take();
    match answer? {
        Ok(guest::UniqueKey { values }) => {
            let plan = plan.map_err(PluginFailure::answer)?;
            Ok(Ok((values.into_iter().map(key_value).collect(), plan)))
        }
        Err(refused) => Ok(Err(rejection(refused))),
    }
}

fn description(description: guest::Description) -> host::KindDescription {
    let guest::Description { name, version: _, defaults, artifact_version, traits, forbids } = description;
    host::KindDescription {
        name,
        defaults,
        artifact_version,
        runs_commands: traits.contains(guest::Traits::RUNS_COMMANDS),
        strict_rebuild: traits.contains(guest::Traits::STRICT_REBUILD),
        has_artifact: traits.contains(guest::Traits::HAS_ARTIFACT),
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
    let guest::Rejection { reason, message, hint, node } = rejection;
    let reason = match reason {
        guest::RejectionReason::InvalidData => RejectionReason::InvalidData,
        guest::RejectionReason::UnknownKey => RejectionReason::UnknownKey,
        guest::RejectionReason::Sources => RejectionReason::Sources,
        guest::RejectionReason::Other(code) => RejectionReason::Other(code),
    };
    FlatRejection { reason, message, hint, node }
}

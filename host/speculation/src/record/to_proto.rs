//! Converts records to `SpeculativeActions.Compact`.

use spec_action::wire;
use spec_proto::buildstream::v2::speculative_actions as proto;
use spec_proto::buildstream::v2::speculative_actions::overlay::OverlayType;

use super::digest_table::DigestTable;
use super::{Content, NamedPolicy, Origin, PlatformTree, Record, RecordedAction, RecordedInput};

/// The compact form of a record.
pub(crate) fn compact(record: &Record) -> proto::Compact {
    let mut digests = DigestTable::default();
    let inputs = record.inputs.iter().map(|known| input(known, &mut digests)).collect();
    let actions = record.actions.iter().map(|known| action(known, &mut digests)).collect();
    let platforms = record.platforms.iter().map(|known| platform(known, &mut digests)).collect();
    let installed = record.installed.iter().map(|known| input(known, &mut digests)).collect();
    proto::Compact {
        elements: record.elements.clone(),
        path_parents: record.paths.nodes().map(|(parent, _)| parent.0).collect(),
        path_names: record.paths.nodes().map(|(_, name)| name.to_owned()).collect(),
        hashes: digests.hashes,
        sizes: digests.sizes,
        inputs,
        actions,
        platforms,
        installed,
        messages: record.messages.as_ref().map(wire::digest_to_proto),
        policies: record.policies.iter().map(policy).collect(),
    }
}

fn policy(policy: &NamedPolicy) -> proto::Policy {
    let NamedPolicy { kind, name, digest, settings } = policy.clone();
    proto::Policy { kind, name, digest, settings }
}

fn input(input: &RecordedInput, digests: &mut DigestTable) -> proto::Input {
    let (digest, executable, target) = match &input.content {
        Content::File { digest, executable } => (digests.number(digest), *executable, String::new()),
        Content::Symlink(target) => (0, false, target.clone()),
    };
    let origins = input.origins.iter().map(|known| origin(known, digests)).collect();
    proto::Input { path: input.path.0, digest, executable, target, origins }
}

fn origin(origin: &Origin, digests: &mut DigestTable) -> proto::Origin {
    let (r#type, path, action) = match origin {
        Origin::Source { path, .. } => (OverlayType::Source, path, 0),
        Origin::Action { path, base, .. } => (OverlayType::Action, path, digests.number(base)),
        Origin::Artifact { path, .. } => (OverlayType::Artifact, path, 0),
    };
    proto::Origin { r#type: r#type.into(), element: origin.element().0, path: path.0, action }
}

fn action(action: &RecordedAction, digests: &mut DigestTable) -> proto::Recorded {
    let base = digests.number(&action.base);
    let outputs = action.outputs.iter().map(|output| proto::Output {
        path: output.path.0,
        digest: digests.number(&output.digest),
        executable: output.executable,
    });
    proto::Recorded {
        base,
        outputs: outputs.collect(),
        platforms: action.platforms.clone(),
        took_ms: action.took_ms,
        cpu_ms: action.cpu_ms,
        hits: action.hits,
        misses: action.misses,
        earlier_took_ms: action.earlier.iter().map(|run| run.took_ms).collect(),
        earlier_cpu_ms: action.earlier.iter().map(|run| run.cpu_ms).collect(),
    }
}

fn platform(platform: &PlatformTree, digests: &mut DigestTable) -> proto::Platform {
    let digest = digests.number(&platform.digest);
    proto::Platform { digest, elements: platform.elements.iter().map(|element| element.0).collect() }
}

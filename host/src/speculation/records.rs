//! The records of elements: found before a build, made after it.

use spec_artifact::{Artifact, ArtifactName};
use spec_build::{BuiltWith, ElementKeys, Layer, LayerKind, Remembered, Warning};
use spec_model::{Digest, UserError};
use spec_speculation::{
    Build, Generated, Mode, OverlaySlot, Record, Result, StagedLayer, Staging, generate, stands, store_misses,
};

use super::mailbox::Ends;
use crate::session::Session;

/// The record that an element has by now: under its strong key, or else under its weak one, which changes of
/// dependencies leave as it is, or else the last that it had. The element itself is another one then, so some of the
/// actions of that may be in vain; their sources are compared like all others.
pub(super) fn find(session: &Session, element: usize, keys: ElementKeys) -> Option<Digest> {
    let element = &session.project.elements[element];
    let name = |key| ArtifactName::new(&element.project, &element.name, key);
    // What cannot be read is told by who needs it.
    let under = |key| session.artifacts.record(&name(key)).ok().flatten()?.speculative_actions;
    let last = || {
        let recorded = |artifact: &Artifact| artifact.speculative_actions.is_some();
        session.artifacts.latest(&name(keys.weak), recorded).ok().flatten()?.speculative_actions
    };
    under(keys.strong).or_else(|| under(keys.weak)).or_else(last)
}

/// What an artifact remembers of its build. `ends` tells what became of what was predicted for it.
pub(super) fn remember(
    session: &Session,
    mode: Mode,
    built: &BuiltWith<'_>,
    ends: impl FnOnce() -> Ends,
    policy: &OverlaySlot,
) -> Remembered {
    let previous = find(session, built.element, built.keys);
    let ends = if mode.primes() { ends() } else { Ends::default() };
    // They are for those who ask why; no build lacks them.
    let misses = (!ends.all.is_empty()).then(|| store_misses(&session.cas, &ends.misses).ok()).flatten();
    if stands(mode, built.succeeded, previous.as_ref(), built.subactions) {
        return Remembered { record: previous, misses, warning: None };
    }
    match make(session, mode, built, previous, &ends.all, policy) {
        Ok(generated) => Remembered { record: generated.digest(), misses, warning: None },
        Err(error) => Remembered { record: previous, misses, warning: Some(not_recorded(&error)) },
    }
}

fn make(
    session: &Session,
    mode: Mode,
    built: &BuiltWith<'_>,
    previous: Option<Digest>,
    ends: &[(Digest, Option<bool>)],
    policy: &OverlaySlot,
) -> Result<Generated> {
    let layers = built.layers.iter().map(|layer| staged(session, layer)).collect();
    let dependencies = dependencies(session, built);
    let platforms: Vec<(Digest, Vec<String>)> = built
        .platforms
        .iter()
        .map(|(tree, elements)| (*tree, elements.iter().map(|element| session.name(*element)).collect()))
        .collect();
    let build = Build {
        element: &session.name(built.element),
        staging: &Staging::new(&session.cas, layers)?,
        folders: &[built.folder.to_owned()],
        platforms: &platforms,
        dependencies: &dependencies.iter().collect::<Vec<_>>(),
        subactions: built.subactions,
        ends,
        artifact: built.files,
    };
    generate(&session.cas, &build, mode, built.succeeded, previous, policy)
}

fn staged(session: &Session, layer: &Layer) -> StagedLayer {
    let kind = match layer.kind {
        LayerKind::Sources => spec_speculation::LayerKind::Source,
        LayerKind::Artifact { .. } => spec_speculation::LayerKind::Artifact,
    };
    let (tree, location) = (layer.tree, layer.location.clone());
    StagedLayer { tree, location, element: session.name(layer.element), kind }
}

/// The records of what was staged. One that cannot be read is as good as none.
fn dependencies(session: &Session, built: &BuiltWith<'_>) -> Vec<Record> {
    let load = |layer: &Layer| match layer.kind {
        LayerKind::Artifact { record: Some(record) } => {
            Record::load(&session.cas, &record, &session.name(layer.element)).ok()
        }
        LayerKind::Artifact { record: None } | LayerKind::Sources => None,
    };
    built.layers.iter().filter_map(load).collect()
}

fn not_recorded(error: &impl UserError) -> Warning {
    Warning {
        reason: "speculative-actions-not-recorded",
        text: "what the build asked for could not be recorded; the next one is built without".to_owned(),
        detail: format!("{}: {error}", error.reason()),
    }
}

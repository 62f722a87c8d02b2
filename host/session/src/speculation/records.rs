//! Finds the record of an element before its build, and makes a new one after it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use spec_artifact::{Artifact, ArtifactName};
use spec_build::{BuildReport, ElementKeys, SpeculationBlobs, Warning};
use spec_model::{Digest, StagedLayer, StagedLayerKind, UserError};
use spec_speculation::{
    ElementBuild, GenerateOptions, GeneratedRecord, PredictionResult, Record, Result, StagedRoot,
    generate_record, keeps_previous_record, store_misses,
};

use super::event_channel::ElementPredictions;
use crate::session::Session;

/// The record of an element: the one under its strong key, or under its weak key, which does not depend on the contents of
/// dependencies, or the last one that it had. In the last case the element itself changed, so that some of the recorded
/// actions may not be requested any more.
pub(super) fn find_record(session: &Session, element: usize, keys: ElementKeys) -> Option<Digest> {
    let element = &session.project.elements[element];
    let name = |key| ArtifactName::new(&element.project, &element.name, key);
    // An artifact that cannot be read is an error where it is needed.
    let under = |key| session.artifacts.record(&name(key)).ok().flatten()?.speculative_actions;
    let last = || {
        let recorded = |artifact: &Artifact| artifact.speculative_actions.is_some();
        session.artifacts.latest(&name(keys.weak), recorded).ok().flatten()?.speculative_actions
    };
    under(keys.strong).or_else(|| under(keys.weak)).or_else(last)
}

/// The record of an element, if it is one.
pub(super) fn load_record(session: &Session, element: usize, digest: &Digest) -> Option<Record> {
    let name = session.name(element);
    match Record::load(&session.cas, digest, &name) {
        Ok(record) if record.element() == name => Some(record),
        Ok(record) => {
            tracing::debug!("{name}: {digest} is the record of {}", record.element());
            None
        }
        Err(error) => {
            tracing::debug!("{name}: {error}");
            None
        }
    }
}

/// The records that were pulled in this session, by element.
#[derive(Debug, Default)]
pub(super) struct PulledRecords(Mutex<HashMap<usize, Digest>>);

impl PulledRecords {
    pub(super) fn insert(&self, element: usize, record: Digest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(element, record);
    }

    pub(super) fn get(&self, element: usize) -> Option<Digest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&element).copied()
    }
}

/// The record and the misses that go into an artifact. `pulled` is the record that was pulled, `pull` pulls it if it was not:
/// an artifact without a record would hide that of others under the weak key. `predictions` tells what came of the predictions
/// for the element.
pub(super) fn record_build(
    session: &Session,
    options: GenerateOptions<'_>,
    built: &BuildReport<'_>,
    (pulled, pull): (Option<Digest>, impl FnOnce() -> Option<Digest>),
    predictions: impl FnOnce() -> ElementPredictions,
) -> SpeculationBlobs {
    let mut previous = find_record(session, built.element, built.keys).or(pulled);
    let makes_none = keeps_previous_record(options.mode, built.succeeded, None, built.subactions);
    if previous.is_none() && (makes_none || !built.succeeded) {
        previous = pull();
    }
    let ElementPredictions { results, misses } =
        if options.mode.primes() { predictions() } else { ElementPredictions::default() };
    // Only `why-miss` needs them, so that a failure to store them is ignored.
    let misses = (!results.is_empty()).then(|| store_misses(&session.cas, &misses).ok()).flatten();
    if keeps_previous_record(options.mode, built.succeeded, previous.as_ref(), built.subactions) {
        return SpeculationBlobs { record: previous, misses, warning: None };
    }
    match make_record(session, options, built, previous, &results) {
        Ok(generated) => SpeculationBlobs { record: generated.digest(), misses, warning: None },
        Err(error) => SpeculationBlobs { record: previous, misses, warning: Some(not_recorded(&error)) },
    }
}

fn make_record(
    session: &Session,
    options: GenerateOptions<'_>,
    built: &BuildReport<'_>,
    previous: Option<Digest>,
    predictions: &[PredictionResult],
) -> Result<GeneratedRecord> {
    let dependencies = dependency_records(session, built);
    let platforms: Vec<(Digest, Vec<String>)> = built
        .platforms
        .iter()
        .map(|(tree, elements)| (*tree, elements.iter().map(|element| session.name(*element)).collect()))
        .collect();
    let build = ElementBuild {
        element: &session.name(built.element),
        staging: &StagedRoot::new(&session.cas, built.layers.to_vec())?,
        folders: &[built.folder.to_owned()],
        platforms: &platforms,
        dependencies: &dependencies.iter().collect::<Vec<_>>(),
        subactions: built.subactions,
        predictions,
        artifact: built.files,
    };
    generate_record(&session.cas, &build, options, built.succeeded, previous)
}

/// The records of the staged artifacts, without those that cannot be read.
fn dependency_records(session: &Session, built: &BuildReport<'_>) -> Vec<Record> {
    let load = |layer: &StagedLayer| match layer.kind {
        StagedLayerKind::Artifact { record: Some(record) } => {
            Record::load(&session.cas, &record, &layer.element).ok()
        }
        StagedLayerKind::Artifact { record: None } | StagedLayerKind::Sources => None,
    };
    built.layers.iter().filter_map(load).collect()
}

fn not_recorded(error: &impl UserError) -> Warning {
    Warning {
        reason: "speculative-actions-not-recorded",
        text: "the requests of the build could not be recorded; the next build has no speculative actions from it".to_owned(),
        detail: format!("{}: {error}", error.reason()),
    }
}

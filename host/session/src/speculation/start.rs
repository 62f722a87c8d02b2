//! The beginning of a session: loads the records of the elements that are going to be built.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use spec_build::ElementKeys;
use spec_model::Digest;
use spec_speculation::priming::{PrimingState, SessionRecord};
use spec_speculation::{ExpandedRecord, Resolver};

use super::element_facts::ElementFacts;
use super::element_trees::element_id;
use super::policies::SessionPolicies;
use super::record_pull::WantedRecord;
use super::recorded_events::record_registered;
use super::records;
use super::session_elements::SessionElements;
use crate::session::Session;

/// The priming state of a new session. The elements of the project have the same numbers there.
pub(super) struct InitialState {
    pub(super) priming: PrimingState,
    /// Elements whose records, or the messages that these need, are not here.
    pub(super) wanted: Vec<WantedRecord>,
    /// Records that name such elements. They are registered after these, whose actions they may read outputs of.
    pub(super) deferred: BTreeMap<usize, ExpandedRecord>,
}

/// Loads the records of the elements that are going to be built; `None` when there are none. What is not here is left to a
/// pull if there are servers (`can_pull`).
pub(super) fn start(
    session: &Session,
    elements: &SessionElements,
    policies: &SessionPolicies,
    facts: Arc<ElementFacts>,
    can_pull: bool,
) -> Option<InitialState> {
    let LocalRecords { loaded, wanted } = LocalRecords::load(session, elements, can_pull);
    let awaited: HashSet<String> = wanted.iter().map(|wanted| session.name(wanted.element)).collect();
    let names_awaited =
        |expanded: &ExpandedRecord| expanded.record.elements.iter().any(|name| awaited.contains(name));
    let (deferred, now): (BTreeMap<_, _>, BTreeMap<_, _>) =
        loaded.into_iter().partition(|(_, expanded)| names_awaited(expanded));
    let mut resolver = Resolver::new(policies.overlay.clone()).with_facts(facts);
    let count = elements.takes_part.len();
    (0..count).for_each(|element| _ = resolver.element_id(&session.name(element)));
    let mut before_each = HashMap::new();
    for (element, expanded) in now {
        let record = session_record(session, elements, element, expanded);
        record_registered(&session.options.recorder, element_id(element), &record);
        let SessionRecord { record, closure, before } = record;
        let registered = resolver.register(record);
        resolver.set_closure(registered, closure);
        before_each.insert(registered, before);
    }
    if resolver.actions().next().is_none() && wanted.is_empty() {
        return None;
    }
    let budget = session.options.speculation_budget;
    let priming = PrimingState::new(resolver, policies.priming.clone(), budget, before_each);
    let priming = if elements.is_priming_run { priming.for_priming_run() } else { priming };
    Some(InitialState { priming, wanted, deferred })
}

/// The record of an element as it is registered.
pub(super) fn session_record(
    session: &Session,
    elements: &SessionElements,
    element: usize,
    expanded: ExpandedRecord,
) -> SessionRecord {
    let mut scope = session.project.build_scope(element);
    scope.retain(|dependency| *dependency != element);
    let closure = scope.iter().copied().map(element_id).collect();
    scope.retain(|dependency| elements.is_built(*dependency));
    let before = scope.into_iter().map(element_id).collect();
    SessionRecord { record: Arc::new(expanded), closure, before }
}

/// What the store has of the records of elements that are going to be built.
struct LocalRecords {
    /// By element; all that is needed of them is here, or cannot be pulled.
    loaded: BTreeMap<usize, ExpandedRecord>,
    wanted: Vec<WantedRecord>,
}

impl LocalRecords {
    fn load(session: &Session, elements: &SessionElements, can_pull: bool) -> Self {
        let (mut loaded, mut wanted) = (BTreeMap::new(), Vec::new());
        let to_build = elements.planned.to_build.iter();
        for &element in to_build.filter(|element| elements.takes_part[**element]) {
            let local = local_record(session, element);
            let expanded = local.and_then(|digest| expand(session, element, &digest));
            let is_whole = |expanded: &ExpandedRecord| expanded.actions.iter().all(Option::is_some);
            match expanded {
                Some(expanded) if !can_pull || is_whole(&expanded) => {
                    loaded.insert(element, expanded);
                }
                Some(_) => wanted.push(WantedRecord { element, local }),
                None if can_pull => wanted.push(WantedRecord { element, local: None }),
                None => {}
            }
        }
        Self { loaded, wanted }
    }
}

fn local_record(session: &Session, element: usize) -> Option<Digest> {
    let pair = session.key_pairs[element]?;
    let keys = ElementKeys { strong: pair.strict, strict: pair.strict, weak: pair.weak };
    records::find_record(session, element, keys)
}

fn expand(session: &Session, element: usize, digest: &Digest) -> Option<ExpandedRecord> {
    let record = records::load_record(session, element, digest)?;
    let expanded = ExpandedRecord::of(&session.cas, record);
    expanded.inspect_err(|error| tracing::debug!("{}: {error}", session.name(element))).ok()
}

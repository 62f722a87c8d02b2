//! The beginning of a session: loads the records of the elements that are going to be built.

use std::collections::HashMap;
use std::sync::Arc;

use spec_build::ElementKeys;
use spec_speculation::priming::PrimingState;
use spec_speculation::{ElementId, ExpandedRecord, Record, Resolver, Result as SpeculationResult};

use super::element_trees::element_id;
use super::policies::SessionPolicies;
use super::records;
use super::session_elements::SessionElements;
use crate::session::Session;

/// The priming state of a new session. The elements of the project have the same numbers there.
pub(super) struct InitialState {
    pub(super) priming: PrimingState,
    /// Elements that records name and the project does not have.
    pub(super) unknown: Vec<ElementId>,
}

/// Loads the records of the elements that are going to be built; `None` when there are none.
pub(super) fn start(
    session: &Session,
    elements: &SessionElements,
    policies: &SessionPolicies,
) -> Option<InitialState> {
    let mut resolver = Resolver::new(policies.overlay.clone());
    let count = elements.takes_part.len();
    (0..count).for_each(|element| _ = resolver.element_id(&session.name(element)));
    let (mut unknown, mut before) = (Vec::new(), HashMap::new());
    for &element in elements.to_build.iter().filter(|element| elements.takes_part[**element]) {
        let Some(expanded) = load_record(session, element) else { continue };
        let names = expanded.record.elements.iter().map(|name| resolver.element_id(name));
        unknown.extend(names.filter(|id| id.0 as usize >= count));
        let registered = resolver.register(Arc::new(expanded));
        let mut scope = session.project.build_scope(element);
        scope.retain(|dependency| *dependency != element);
        resolver.set_closure(registered, scope.iter().copied().map(element_id).collect());
        scope.retain(|dependency| elements.to_build.binary_search(dependency).is_ok());
        before.insert(registered, scope.into_iter().map(element_id).collect());
    }
    resolver.actions().next()?;
    let budget = session.options.speculation_budget;
    let priming = PrimingState::new(resolver, policies.priming.clone(), budget, before);
    let priming = if elements.is_priming_run { priming.for_priming_run() } else { priming };
    Some(InitialState { priming, unknown })
}

fn load_record(session: &Session, element: usize) -> Option<ExpandedRecord> {
    let pair = session.key_pairs[element]?;
    let keys = ElementKeys { strong: pair.strict, strict: pair.strict, weak: pair.weak };
    let digest = records::find_record(session, element, keys)?;
    let load = || -> SpeculationResult<ExpandedRecord> {
        let record = Record::load(&session.cas, &digest, &session.name(element))?;
        ExpandedRecord::of(&session.cas, record)
    };
    match load() {
        Ok(expanded) => Some(expanded),
        Err(error) => {
            tracing::debug!("{}: {error}", session.name(element));
            None
        }
    }
}

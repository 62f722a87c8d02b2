//! The beginning of a session: the records of what is going to be built.

use std::collections::HashMap;
use std::sync::Arc;

use spec_build::ElementKeys;
use spec_model::Digest;
use spec_speculation::prime::{Board, Budget};
use spec_speculation::{ElementId, Expanded, Record, Resolver, Result as Speculated};

use super::facts::id;
use super::policies::Policies;
use super::records;
use crate::session::Session;

/// What a session is going to do.
pub(super) struct Plan {
    /// Elements that are going to be built, dependencies first.
    pub(super) to_build: Vec<usize>,
    /// By element, whether it takes part.
    pub(super) takes_part: Vec<bool>,
    /// By element, the files of the artifact that is there.
    pub(super) files: Vec<Option<Digest>>,
}

/// The board of a session. The project's elements have the numbers there that they have in the project.
pub(super) struct Started {
    pub(super) board: Board,
    /// Elements that records speak of and the project does not have.
    pub(super) strange: Vec<ElementId>,
}

/// Reads the records of what is going to be built; `None` when there are none.
pub(super) fn start(session: &Session, plan: &Plan, policies: &Policies) -> Option<Started> {
    let mut resolver = Resolver::new(policies.overlay.clone());
    let count = plan.takes_part.len();
    (0..count).for_each(|element| _ = resolver.element(&session.name(element)));
    let (mut strange, mut before) = (Vec::new(), HashMap::new());
    for &element in plan.to_build.iter().filter(|element| plan.takes_part[**element]) {
        let Some(expanded) = record(session, element) else { continue };
        let names = expanded.record.elements.iter().map(|name| resolver.element(name));
        strange.extend(names.filter(|id| id.0 as usize >= count));
        let registered = resolver.register(Arc::new(expanded));
        let mut scope = session.project.build_scope(element);
        scope.retain(|below| *below != element);
        resolver.set_closure(registered, scope.iter().copied().map(id).collect());
        scope.retain(|below| plan.to_build.binary_search(below).is_ok());
        before.insert(registered, scope.into_iter().map(id).collect());
    }
    resolver.actions().next()?;
    let board = Board::new(resolver, policies.priming.clone(), Budget::default(), before);
    Some(Started { board, strange })
}

fn record(session: &Session, element: usize) -> Option<Expanded> {
    let pair = session.pairs[element]?;
    let keys = ElementKeys { strong: pair.strict, strict: pair.strict, weak: pair.weak };
    let digest = records::find(session, element, keys)?;
    let load = || -> Speculated<Expanded> {
        Expanded::of(&session.cas, Record::load(&session.cas, &digest, &session.name(element))?)
    };
    match load() {
        Ok(expanded) => Some(expanded),
        Err(error) => {
            tracing::debug!("{}: {error}", session.name(element));
            None
        }
    }
}

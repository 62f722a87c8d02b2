//! What policies can ask about the session and its elements.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use spec_model::Digest;
use spec_strategy::{ElementState, Purpose, SessionFacts, Trigger, WorkerKind, Workers};

use super::session_elements::SessionElements;
use crate::session::Session;

const CACHED: u8 = 0;
const WAITING: u8 = 1;
const BUILDING: u8 = 2;
const BUILT: u8 = 3;
const FAILED: u8 = 4;

/// Facts about a session. An element's number is its index in the project.
pub(super) struct ElementFacts {
    session: Arc<Session>,
    numbers: HashMap<String, u32>,
    states: Vec<AtomicU8>,
    trigger: Trigger,
    started: Instant,
}

impl ElementFacts {
    /// The facts at the beginning of a session.
    pub(super) fn new(session: &Arc<Session>, elements: &SessionElements) -> Self {
        let project = &session.project;
        let count = project.elements.len();
        let state = |element: usize| if elements.is_built(element) { WAITING } else { CACHED };
        let depends_on_built = |element: usize| {
            let scope = project.build_scope(element);
            scope.into_iter().any(|dependency| dependency != element && elements.is_built(dependency))
        };
        let built = elements.planned.to_build.iter().copied();
        let changed = built.filter(|element| !depends_on_built(*element)).map(|element| element as u32);
        let purpose = if elements.is_priming_run { Purpose::Prime } else { Purpose::Build };
        let targets = project.targets.iter().map(|target| session.name(*target)).collect();
        Self {
            numbers: (0..count).map(|element| (session.name(element), element as u32)).collect(),
            states: (0..count).map(|element| AtomicU8::new(state(element))).collect(),
            trigger: Trigger { purpose, targets, changed: changed.collect() },
            session: Arc::clone(session),
            started: Instant::now(),
        }
    }

    /// The sources of an element are staged.
    pub(super) fn begins(&self, element: usize) {
        self.advance(element, WAITING, BUILDING);
    }

    /// The artifact of an element is cached.
    pub(super) fn has_artifact(&self, element: usize) {
        self.advance(element, WAITING, BUILT);
        self.advance(element, BUILDING, BUILT);
    }

    /// The job of an element ended, however it did.
    pub(super) fn ended(&self, element: usize) {
        self.advance(element, WAITING, FAILED);
        self.advance(element, BUILDING, FAILED);
    }

    fn advance(&self, element: usize, from: u8, to: u8) {
        // Another state stays as it is.
        let _ = self.states[element].compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn index(&self, element: u32) -> Option<usize> {
        Some(element as usize).filter(|index| *index < self.states.len())
    }
}

impl SessionFacts for ElementFacts {
    fn element_number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    fn element_name(&self, element: u32) -> Option<String> {
        self.index(element).map(|index| self.session.name(index))
    }

    fn element_kind(&self, element: u32) -> Option<String> {
        self.index(element).map(|index| self.session.project.elements[index].kind.to_string())
    }

    fn element_state(&self, element: u32) -> Option<ElementState> {
        Some(match self.states[self.index(element)?].load(Ordering::Relaxed) {
            WAITING => ElementState::Waiting,
            BUILDING => ElementState::Building,
            BUILT => ElementState::Built,
            FAILED => ElementState::Failed,
            _ => ElementState::Cached,
        })
    }

    fn build_dependencies(&self, element: u32) -> Vec<u32> {
        let Some(index) = self.index(element) else { return Vec::new() };
        let scope = self.session.project.build_scope(index).into_iter();
        scope.filter(|dependency| *dependency != index).map(|dependency| dependency as u32).collect()
    }

    fn arguments(&self, command: &Digest) -> Vec<String> {
        spec_speculation::command_arguments(&self.session.cas, command)
    }

    fn trigger(&self) -> Trigger {
        self.trigger.clone()
    }

    fn workers(&self) -> Vec<Workers> {
        let Ok(executions) = self.session.executions.executions.get() else { return Vec::new() };
        let (waiting, running) = executions.load();
        // Only a cluster has contents that are not here.
        let kind = if self.session.cas.has_blob_source() { WorkerKind::Remote } else { WorkerKind::Local };
        let latency_us = executions.latency().and_then(|latency| u32::try_from(latency.as_micros()).ok());
        let slots = u32::try_from(executions.slots()).ok().filter(|slots| *slots > 0);
        vec![Workers { kind, slots, busy: (waiting + running) as u32, latency_us }]
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for ElementFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ElementFacts({:?})", self.trigger)
    }
}

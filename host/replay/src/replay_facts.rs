//! What policies can ask about a simulated session.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use spec_scheduler::Task;
use spec_strategy::{ElementState, Purpose, SessionFacts, Trigger, WorkerKind, Workers};

use crate::recorded_session::{RecordedElement, RecordedSession};

/// Facts about a simulated session. Command lines are not recorded.
#[derive(Debug)]
pub(crate) struct ReplayFacts {
    numbers: HashMap<String, u32>,
    elements: Vec<RecordedElement>,
    states: Mutex<Vec<ElementState>>,
    targets: Vec<String>,
    slots: u32,
    now_us: AtomicU64,
}

impl ReplayFacts {
    /// The facts at the beginning of a session with this number of workers.
    pub(crate) fn new(session: &RecordedSession, workers: usize) -> Self {
        let elements = session.described.clone();
        let numbers = elements.iter().zip(0..).map(|(element, number)| (element.name.clone(), number));
        let state = |element: usize| match session.has_job(element, Task::Build) {
            true => ElementState::Waiting,
            false => ElementState::Cached,
        };
        Self {
            numbers: numbers.collect(),
            states: Mutex::new((0..elements.len()).map(state).collect()),
            elements,
            targets: session.header.targets.clone(),
            slots: u32::try_from(workers).unwrap_or(u32::MAX),
            now_us: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_now(&self, now_us: u64) {
        self.now_us.store(now_us, Ordering::Relaxed);
    }

    pub(crate) fn set_state(&self, element: usize, state: ElementState) {
        self.states()[element] = state;
    }

    fn states(&self) -> MutexGuard<'_, Vec<ElementState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn element(&self, element: u32) -> Option<&RecordedElement> {
        self.elements.get(element as usize)
    }
}

impl SessionFacts for ReplayFacts {
    fn element_number(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    fn element_name(&self, element: u32) -> Option<String> {
        self.element(element).map(|element| element.name.clone())
    }

    fn element_kind(&self, element: u32) -> Option<String> {
        self.element(element).map(|element| element.kind.clone())
    }

    fn element_state(&self, element: u32) -> Option<ElementState> {
        self.states().get(element as usize).copied()
    }

    fn build_dependencies(&self, element: u32) -> Vec<u32> {
        self.element(element).map(|element| element.build_dependencies.clone()).unwrap_or_default()
    }

    fn trigger(&self) -> Trigger {
        let states = self.states();
        let is_built =
            |element: &u32| states.get(*element as usize).is_some_and(|state| *state != ElementState::Cached);
        let is_changed = |element: &u32| {
            is_built(element) && !self.elements[*element as usize].build_dependencies.iter().any(is_built)
        };
        let changed = (0..self.elements.len() as u32).filter(is_changed).collect();
        Trigger { purpose: Purpose::Replay, targets: self.targets.clone(), changed }
    }

    fn workers(&self) -> Vec<Workers> {
        let slots = Some(self.slots).filter(|slots| *slots > 0);
        vec![Workers { kind: WorkerKind::Simulated, slots, busy: 0, latency_us: None }]
    }

    fn elapsed_ms(&self) -> u64 {
        self.now_us.load(Ordering::Relaxed) / 1000
    }
}

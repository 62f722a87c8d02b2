//! Speculative actions in builds. The terms are those of `docs/speculation.md`.
//!
//! Builds send what happens to the thread of the [speculation loop](speculation_loop) and go on. They wait for it only when
//! their records are made, for at most a second.

mod element_facts;
mod element_trees;
mod event_channel;
mod in_flight;
mod messages;
mod policies;
mod policy_choice;
mod policy_request;
mod primed_outputs;
mod record_pull;
mod recorded_events;
mod recorded_policies;
mod records;
mod request_observer;
mod session_elements;
mod shadow;
mod speculation_loop;
mod start;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use spec_artifact::ArtifactName;
use spec_build::{BuildReport, SpeculationBlobs};
use spec_execution::Recording;
use spec_model::{Cancel, Digest, NodeError};
use spec_plugins::PolicyMemory;
use spec_project::Element;
use spec_scheduler::Message;
use spec_speculation::{GenerateOptions, SpeculationMode};

use crate::error::Result;
use crate::session::Session;
use crate::shared_caches::SharedCaches;
use element_facts::ElementFacts;
use event_channel::{EventSender, LoopEnd, SpeculationEvent};
use policies::SessionPolicies;
pub use policies::{PolicyOptions, SpeculationSettings};
pub use policy_choice::{OVERLAY_POLICY_KEY, PRIMING_POLICY_KEY, PolicyChoice};
use records::PulledRecords;
pub(crate) use session_elements::PlannedElements;
use session_elements::SessionElements;
use speculation_loop::RecordSources;

/// What the jobs of a session with speculation are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionPurpose {
    /// They build elements, which request actions.
    Build,
    /// They build nothing: the session executes what builds are going to request.
    Prime,
}

/// The speculation of one session.
pub(crate) struct Speculation {
    session: Arc<Session>,
    mode: SpeculationMode,
    purpose: SessionPurpose,
    policies: SessionPolicies,
    /// Where the state of the overlay policy is kept, until it is.
    overlay_memory: Mutex<Option<PolicyMemory>>,
    facts: Arc<ElementFacts>,
    /// By element, whether it takes part.
    takes_part: Vec<bool>,
    events: EventSender,
    pulled: Arc<PulledRecords>,
    caches: Arc<SharedCaches>,
    /// The number of elements that were built and have a record.
    recorded: AtomicU64,
    /// The thread of the speculation loop, until it is joined.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Speculation {
    /// Starts speculation for elements that are going to be built. Records that are not here come from `caches`. `None` when no
    /// element takes part.
    ///
    /// # Errors
    /// When an element's public data is wrong, or a policy cannot be loaded.
    pub(crate) fn start(
        session: &Arc<Session>,
        settings: &SpeculationSettings,
        planned: PlannedElements,
        caches: &Arc<SharedCaches>,
        purpose: SessionPurpose,
    ) -> Result<Option<Arc<Self>>> {
        let mut takes_part = vec![false; session.project.elements.len()];
        for element in &planned.to_build {
            takes_part[*element] = takes_part_in(&session.project.elements[*element])?;
        }
        if !takes_part.contains(&true) {
            // Options of the command line are checked even if they have no effect.
            if settings.has_policy_options {
                SessionPolicies::load(session, settings)?;
            }
            return Ok(None);
        }
        let mode = settings.mode;
        let (policies, memories) = SessionPolicies::load(session, settings)?;
        policies.record_to(&session.options.recorder);
        let (events, receiver) = EventSender::new();
        let elements = SessionElements {
            planned,
            takes_part: takes_part.clone(),
            is_priming_run: purpose == SessionPurpose::Prime,
        };
        let facts = Arc::new(ElementFacts::new(session, &elements));
        let (loop_session, loop_events, loop_policies) =
            (Arc::clone(session), events.clone(), policies.clone());
        let loop_facts = Arc::clone(&facts);
        let pulled = Arc::<PulledRecords>::default();
        let sources = RecordSources { caches: Arc::clone(caches), pulled: Arc::clone(&pulled) };
        let work = move || {
            let (policies, events) = (&loop_policies, loop_events);
            speculation_loop::run(loop_session, elements, policies, loop_facts, &sources, events, &receiver);
            if let Some(memory) = memories.priming {
                loop_policies.keep_priming_state(&memory);
            }
        };
        let thread =
            mode.primes().then(|| std::thread::Builder::new().name("speculation".into()).spawn(work));
        // Without the thread nothing is primed, but records are made.
        let thread = Mutex::new(thread.and_then(std::io::Result::ok));
        let (session, recorded) = (Arc::clone(session), AtomicU64::new(0));
        Ok(Some(Arc::new(Self {
            session,
            mode,
            purpose,
            policies,
            overlay_memory: Mutex::new(memories.overlay),
            facts,
            takes_part,
            events,
            pulled,
            caches: Arc::clone(caches),
            recorded,
            thread,
        })))
    }

    /// The build of an element begins.
    pub(crate) fn begins(&self, element: usize) {
        self.events.send(SpeculationEvent::BuildBegins { element });
    }

    /// The sources of an element are staged.
    pub(crate) fn sources(&self, element: usize, tree: Digest) {
        self.events.send(SpeculationEvent::SourcesStaged { element, tree });
    }

    /// The artifact of an element is cached.
    pub(crate) fn artifact(&self, element: usize, files: Option<Digest>) {
        self.events.send(SpeculationEvent::ArtifactCached { element, files });
    }

    /// Whether an element takes part in speculation.
    pub(crate) fn takes_part(&self, element: usize) -> bool {
        self.takes_part[element]
    }

    /// Waits until everything is primed that can be by now.
    pub(crate) fn wait_until_idle(&self, cancel: &Cancel) {
        self.events.wait_until_idle(|| cancel.is_cancelled());
    }

    /// The job that builds an element ended, however it did.
    pub(crate) fn ended(&self, element: usize) {
        self.events.send(SpeculationEvent::BuildEnded { element });
    }

    /// Ends speculation and cancels all primed actions. Returns messages about policies that failed, and about what came of
    /// the predictions.
    pub(crate) fn finish(&self) -> Vec<Message> {
        let end = self.events.end_session();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let had_thread = thread.is_some();
        if let (Some(thread), LoopEnd::Totals(_) | LoopEnd::NoRecords) = (thread, &end) {
            // The message of a panic is on the terminal already.
            let _ = thread.join();
        }
        let memory = self.overlay_memory.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(memory) = memory {
            self.policies.keep_overlay_state(&memory);
        }
        let mut messages = self.policies.warnings();
        messages.extend(self.policies.shadow_messages());
        let recorded = self.recorded.load(Ordering::Relaxed);
        if let LoopEnd::Totals(totals) = &end {
            recorded_events::record_totals(&self.session.options.recorder, totals);
        }
        messages.extend(
            match end {
                LoopEnd::Totals(totals) if self.purpose == SessionPurpose::Prime => {
                    Some(messages::priming_run_message(&totals))
                }
                LoopEnd::Totals(totals) => {
                    Some(messages::totals_message(&totals, self.events.dropped_requests()))
                }
                _ if self.purpose == SessionPurpose::Prime => Some(messages::no_records_message()),
                LoopEnd::NoRecords if had_thread && recorded > 0 => {
                    Some(messages::first_records_message(recorded))
                }
                LoopEnd::NoRecords | LoopEnd::NoAnswer => None,
            }
            .map(|message| messages::with_policies(message, &self.policies.named)),
        );
        messages
    }

    fn generate_options(&self) -> GenerateOptions<'_> {
        GenerateOptions {
            mode: self.mode,
            format: self.session.options.record_format,
            shared: self.caches.pushed_artifacts().is_some(),
            policy: &self.policies.overlay,
            policies: &self.policies.named,
            facts: &*self.facts,
        }
    }
}

impl Drop for Speculation {
    fn drop(&mut self) {
        self.finish();
    }
}

impl spec_build::SpeculationHook for Speculation {
    fn recording(&self, element: usize, recording: Recording) -> Recording {
        let events = (self.takes_part[element] && self.mode.primes()).then(|| self.events.clone());
        let recorder = self.session.options.recorder.clone();
        if events.is_none() && !recorder.is_on() {
            return recording;
        }
        let observer = request_observer::RequestObserver { element, events, recorder, recording };
        Recording::to(Arc::new(observer))
    }

    fn make_record(&self, built: &BuildReport<'_>) -> SpeculationBlobs {
        match self.takes_part[built.element] {
            true => {
                let predictions = || self.events.predictions(built.element);
                let (options, pulled) = (self.generate_options(), self.pulled.get(built.element));
                let pull = || record_pull::pull_record(&self.session, &self.caches, built.element);
                let remembered =
                    records::record_build(&self.session, options, built, (pulled, pull), predictions);
                self.recorded.fetch_add(u64::from(remembered.record.is_some()), Ordering::Relaxed);
                remembered
            }
            false => SpeculationBlobs::default(),
        }
    }
}

/// Whether an element takes part: it has a `remote-apis-socket`, and its public data (`bst: speculative-actions`) does not
/// exclude it.
/// The name under which servers have the record of an element, if it is to be primed from one.
pub(crate) fn record_name(
    session: &Session,
    settings: &SpeculationSettings,
    element: usize,
) -> Option<ArtifactName> {
    let takes_part = takes_part_in(&session.project.elements[element]).unwrap_or(false);
    (takes_part && settings.mode.primes()).then(|| record_pull::weak_name(session, element)).flatten()
}

fn takes_part_in(element: &Element) -> Result<bool, NodeError> {
    if element.sandbox.remote_apis_socket.is_none() {
        return Ok(false);
    }
    element.public.opt_mapping("bst")?.map_or(Ok(true), |bst| bst.bool_or("speculative-actions", true))
}

impl std::fmt::Debug for Speculation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Speculation({})", self.mode)
    }
}

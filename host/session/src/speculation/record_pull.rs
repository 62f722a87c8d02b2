//! Pulls records from shared caches, and the messages that they need. Runs beside the build, which never waits for it.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use spec_artifact::ArtifactName;
use spec_cas::CasError;
use spec_model::{Cancel, Digest};
use spec_scheduler::Message;
use spec_shared_cache::{CacheMonitor, SharedCacheError};
use spec_speculation::{ExpandedRecord, Record, fetch_messages};

use super::event_channel::{EventSender, PulledRecord, SpeculationEvent};
use super::records::{PulledRecords, load_record};
use crate::session::Session;
use crate::session_messages::SessionMessages;
use crate::shared_caches::SharedCaches;

/// How long the end of a build waits for a record that it carries forward.
const LIMIT: Duration = Duration::from_secs(10);

/// An element whose record is pulled.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedRecord {
    pub(super) element: usize,
    /// Its record, if that is here, and only messages are not.
    pub(super) local: Option<Digest>,
}

/// The thread that pulls. It waits for servers, and ends when this is dropped.
pub(super) struct RecordPull {
    cancel: Cancel,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with. When it goes, the speculation loop gets what was pulled.
struct RecordPuller {
    session: Arc<Session>,
    caches: Arc<SharedCaches>,
    found: Arc<PulledRecords>,
    monitor: PullMonitor,
    events: EventSender,
    pulled: Vec<PulledRecord>,
}

impl RecordPull {
    /// Starts the thread. It sends [`SpeculationEvent::RecordsPulled`] once, whatever comes of it; `None`, and no event, when
    /// there are no servers, or the system gives no thread.
    pub(super) fn start(
        session: &Arc<Session>,
        caches: &Arc<SharedCaches>,
        found: &Arc<PulledRecords>,
        wanted: Vec<WantedRecord>,
        events: EventSender,
    ) -> Option<Self> {
        caches.pulled_artifacts()?;
        let monitor = PullMonitor::new(session.options.messages.clone());
        let cancel = monitor.cancel.clone();
        let (session, caches, found) = (Arc::clone(session), Arc::clone(caches), Arc::clone(found));
        let mut puller = RecordPuller { session, caches, found, monitor, events, pulled: Vec::new() };
        let work = move || {
            if let Err(error) = puller.pull(wanted) {
                tracing::debug!("records are not pulled: {error}");
            }
        };
        let thread = std::thread::Builder::new().name("record-pull".into()).spawn(work).ok()?;
        Some(Self { cancel, thread: Some(thread) })
    }
}

/// The record that servers have of an element, without the messages that it needs. Waits for the servers, but not for long.
pub(super) fn pull_record(session: &Session, caches: &SharedCaches, element: usize) -> Option<Digest> {
    let artifacts = caches.of(&session.project.elements[element])?.pulled_artifacts()?;
    let monitor = PullMonitor::new(session.options.messages.clone());
    let name = weak_name(session, element)?;
    let found = artifacts.pull_records_within(&[name], LIMIT, &monitor);
    let found = found.inspect_err(|error| tracing::debug!("no record is pulled: {error}")).ok()?;
    let digest = found.into_iter().next().flatten()?;
    load_record(session, element, &digest).map(|_| digest)
}

impl Drop for RecordPull {
    fn drop(&mut self) {
        self.cancel.cancel();
        // The message of a panic is on the terminal already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl RecordPuller {
    fn pull(&mut self, wanted: Vec<WantedRecord>) -> Result<(), SharedCacheError> {
        let start = Instant::now();
        let records = self.records(&wanted)?;
        let (cas, caches, monitor) = (&self.session.cas, &self.caches, &self.monitor);
        let files = fetch_messages(cas, records.iter().map(|(_, record)| record), |digests| {
            caches.pull_blobs(digests, monitor)
        })?;
        tracing::debug!("{} records in {} ms", records.len(), start.elapsed().as_millis());
        self.offer_inputs(files);
        for (element, record) in records {
            match ExpandedRecord::of(&self.session.cas, record) {
                Ok(expanded) => self.pulled.push(PulledRecord { element, expanded }),
                Err(error) => tracing::debug!("{}: {error}", self.session.name(element)),
            }
        }
        Ok(())
    }

    /// Has the executor of this machine find the contents of these files.
    fn offer_inputs(&self, files: HashSet<Digest>) {
        let caches = Arc::clone(&self.caches);
        let monitor = PullMonitor::new(self.monitor.messages.clone());
        let cancel = monitor.cancel.clone();
        let bring = move |files: &[Digest]| in_store(caches.pull_blobs(files, &monitor));
        self.session.recorded_inputs.set(files, Arc::new(bring), cancel);
    }

    /// The records themselves: those that are here already, and those that artifacts under weak keys name.
    fn records(&self, wanted: &[WantedRecord]) -> Result<Vec<(usize, Record)>, SharedCacheError> {
        let mut found: Vec<(usize, Digest)> =
            wanted.iter().filter_map(|one| Some((one.element, one.local?))).collect();
        for (artifacts, counts) in self.caches.pulled_groups() {
            let absent = wanted.iter().filter(|one| one.local.is_none()).map(|one| one.element);
            let of_group = absent.filter(|element| counts(&self.session.project.elements[*element]));
            let (elements, names): (Vec<usize>, Vec<ArtifactName>) =
                of_group.filter_map(|element| Some((element, weak_name(&self.session, element)?))).unzip();
            let pulled = elements.into_iter().zip(artifacts.pull_records(&names, &self.monitor)?);
            found.extend(pulled.filter_map(|(element, record)| Some((element, record?))));
        }
        found.sort_unstable();
        let mut records = Vec::with_capacity(found.len());
        for (element, digest) in found {
            if let Some(record) = load_record(&self.session, element, &digest) {
                self.found.insert(element, digest);
                records.push((element, record));
            }
        }
        Ok(records)
    }
}

/// The name of an element's artifact under its weak key.
pub(super) fn weak_name(session: &Session, element: usize) -> Option<ArtifactName> {
    let weak = session.key_pairs[element]?.weak;
    let element = &session.project.elements[element];
    Some(ArtifactName::new(&element.project, &element.name, weak))
}

impl Drop for RecordPuller {
    fn drop(&mut self) {
        let records = std::mem::take(&mut self.pulled);
        self.events.send(SpeculationEvent::RecordsPulled { records });
    }
}

/// The error as a blob source has it.
fn in_store(pulled: Result<(), SharedCacheError>) -> Result<(), CasError> {
    match pulled {
        Err(SharedCacheError::Cas(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Tells the session the first thing that goes wrong: the build goes on without what else fails.
struct PullMonitor {
    messages: SessionMessages,
    told: AtomicBool,
    cancel: Cancel,
}

impl PullMonitor {
    fn new(messages: SessionMessages) -> Self {
        Self { messages, told: AtomicBool::new(false), cancel: Cancel::new() }
    }
}

impl CacheMonitor for PullMonitor {
    fn activity(&self, _: &str) {}

    fn info(&self, _: &'static str, _: String) {}

    fn warning(&self, reason: &str, text: String) {
        if self.told.swap(true, Ordering::Relaxed) {
            tracing::debug!("{reason}: {text}");
        } else {
            self.messages.send(Message::warning(reason, text));
        }
    }

    fn cancel(&self) -> &Cancel {
        &self.cancel
    }
}

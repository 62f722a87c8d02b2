//! Keeps the cache within its quota while a session runs or a server serves.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use spec_action::record::ActionNeeds;
use spec_artifact::Artifact;
use spec_cas::{Cas, CasError, EvictionReport, Need, Quota};

use crate::error::{Result, SessionError};

/// The time between two checks of the store's size.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);
/// The time until the next check when a store is over its quota although all that is not in use is evicted.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);

/// The thread that evicts when a store is over its quota. It checks once more and ends when this is dropped.
pub struct GcThread {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a [`GcThread`] does.
pub struct GcOptions {
    /// The stores that share the quota.
    pub stores: Vec<Cas>,
    /// Their quota.
    pub quota: Quota,
    /// How long everything stays after its use, for users who make no holds.
    pub grace: Option<Duration>,
    /// Is called after every eviction, and with every error.
    pub on_eviction: Box<dyn Fn(Result<EvictionReport, CasError>) + Send>,
}

impl GcThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(options: GcOptions) -> Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let work = move || {
            let mut interval = Duration::ZERO;
            loop {
                let last = !matches!(stopped.recv_timeout(interval), Err(RecvTimeoutError::Timeout));
                interval = options.check();
                if last {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("gc".to_owned()).spawn(work);
        let thread = thread.map_err(|error| SessionError::Start { what: "a thread", error })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for GcThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The message of a panic is on the standard error already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl GcOptions {
    /// Evicts from stores that are over the quota. Returns the time until the next check.
    fn check(&self) -> Duration {
        let mut interval = CHECK_INTERVAL;
        for (at, cas) in self.stores.iter().enumerate() {
            let evicted = self.evict(at, cas);
            if matches!(&evicted, Ok(Some(evicted)) if evicted.is_over_quota()) {
                interval = RETRY_INTERVAL;
            }
            if let Some(result) = evicted.transpose() {
                (self.on_eviction)(result);
            }
        }
        interval
    }

    fn evict(&self, at: usize, cas: &Cas) -> Result<Option<EvictionReport>, CasError> {
        if let Some(grace) = self.grace {
            cas.hold_recently_used(grace)?;
        }
        cas.publish_holds()?;
        cas.publish_added_bytes()?;
        let mut quota = self.quota;
        if let Some(most) = &mut quota.max_bytes {
            for (_, other) in self.stores.iter().enumerate().filter(|(other, _)| *other != at) {
                *most = most.saturating_sub(other.estimated_bytes()?.unwrap_or(0));
            }
        }
        match cas.exceeds(&quota)? {
            Some(false) => Ok(None),
            _ => evict(cas, &quota),
        }
    }
}

/// Evicts from a store, and keeps what the records of this program need; see [`Cas::evict`]. `None` when another
/// process is evicting.
///
/// # Errors
/// When the store fails.
pub fn evict(cas: &Cas, quota: &Quota) -> Result<Option<EvictionReport>, CasError> {
    let actions = ActionNeeds::new(cas);
    cas.evict(quota, &|kind, record| needs(&actions, kind, record))
}

/// The blobs that a record of this kind needs.
fn needs(actions: &ActionNeeds<'_>, kind: &str, record: &[u8]) -> Vec<Need> {
    match kind {
        "artifacts" => {
            let artifact = spec_artifact::decode_record(record);
            artifact.map(|artifact| artifact_needs(actions, &artifact)).unwrap_or_default()
        }
        "sources" | "element-sources" => spec_source::record_needs(record),
        kind if kind.starts_with("assets-") => spec_reapi::asset_needs(record),
        _ => Vec::new(),
    }
}

/// The blobs of an artifact, of the record of its subactions and of its speculative actions.
fn artifact_needs(actions: &ActionNeeds<'_>, artifact: &Artifact) -> Vec<Need> {
    own_record_needs(actions, artifact).into_iter().chain(artifact.needs()).collect()
}

/// The blobs that the record of its subactions and that of its speculative actions need.
pub(crate) fn own_record_needs(actions: &ActionNeeds<'_>, artifact: &Artifact) -> Vec<Need> {
    let asked = artifact.subactions.iter().flat_map(|record| spec_action::record::needs(actions, record));
    let speculative = artifact.speculative_actions.iter();
    let speculative = speculative.flat_map(|record| spec_speculation::record_needs(actions, record));
    asked.chain(speculative).collect()
}

//! Keeps the cache within its quota while something else goes on.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use spec_action::record::ActionNeeds;
use spec_artifact::Artifact;
use spec_cas::{Cas, CasError, Evicted, Need, Quota};

use crate::config::Config;
use crate::error::{CommandError, CommandResult};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(10);
/// The pause after all that may go has gone, and it was not enough.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// A thread that evicts when it is time to. Ends, after a last look, when dropped.
pub(crate) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a keeper is to do.
pub(crate) struct Task {
    /// The stores that share the quota.
    pub(crate) stores: Vec<Cas>,
    pub(crate) quota: Quota,
    /// For how long everything stays after its use, if there are users who make no holds.
    pub(crate) grace: Option<Duration>,
    /// Is told of every eviction, and of what went wrong.
    pub(crate) told: Box<dyn Fn(Result<Evicted, CasError>) + Send>,
}

impl Keeper {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(task: Task) -> CommandResult<Self> {
        let (stop, stopped) = mpsc::channel();
        let keep = move || {
            let mut pause = Duration::ZERO;
            loop {
                let last = !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
                pause = task.look();
                if last {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("keeper".to_owned()).spawn(keep);
        let thread = thread.map_err(|error| CommandError::io("start a thread", &error))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It tells what goes wrong itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Task {
    /// Evicts if it is time to; answers how long to wait.
    fn look(&self) -> Duration {
        let mut pause = PAUSE;
        for (at, cas) in self.stores.iter().enumerate() {
            let looked = self.evict(at, cas);
            if matches!(&looked, Ok(Some(evicted)) if evicted.falls_short()) {
                pause = LONG_PAUSE;
            }
            if let Some(news) = looked.transpose() {
                (self.told)(news);
            }
        }
        pause
    }

    fn evict(&self, at: usize, cas: &Cas) -> Result<Option<Evicted>, CasError> {
        if let Some(grace) = self.grace {
            cas.hold_for(grace)?;
        }
        cas.tell_holds()?;
        cas.tell_added()?;
        let mut quota = self.quota;
        if let Some(most) = &mut quota.most {
            for (_, other) in self.stores.iter().enumerate().filter(|(other, _)| *other != at) {
                *most = most.saturating_sub(other.estimate()?.unwrap_or(0));
            }
        }
        match cas.exceeds(&quota)? {
            Some(false) => Ok(None),
            _ => evict(cas, &quota),
        }
    }
}

/// The quota of the configuration for the disk of a store.
pub(crate) fn quota(config: &Config, cas: &Cas) -> CommandResult<Quota> {
    let disk = rustix::fs::statvfs(cas.root());
    let disk = disk.map_err(|error| CommandError::io("look at the cache's disk", &error.into()))?;
    let disk = disk.f_blocks.saturating_mul(disk.f_frsize);
    Ok(Quota {
        most: config.quota.map(|size| size.bytes(disk)),
        reserved: config.reserved.bytes(disk),
        low: config.low_watermark,
    })
}

/// Evicts from a store with the records of this program; see [`Cas::evict`].
pub(crate) fn evict(cas: &Cas, quota: &Quota) -> Result<Option<Evicted>, CasError> {
    let actions = ActionNeeds::new(cas);
    cas.evict(quota, &|kind, record| needs(&actions, kind, record))
}

/// What records of a store need, by their kind.
fn needs(actions: &ActionNeeds<'_>, kind: &str, record: &[u8]) -> Vec<Need> {
    match kind {
        "artifacts" => {
            let artifact = spec_artifact::of_record(record);
            artifact.map(|artifact| artifact_needs(actions, &artifact)).unwrap_or_default()
        }
        "sources" | "element-sources" => spec_source::record_needs(record),
        kind if kind.starts_with("assets-") => spec_reapi::asset_needs(record),
        _ => Vec::new(),
    }
}

/// An artifact with its two records of what its build asked for, and what those speak of.
fn artifact_needs(actions: &ActionNeeds<'_>, artifact: &Artifact) -> Vec<Need> {
    let asked = artifact.subactions.iter().flat_map(|record| spec_action::record::needs(actions, record));
    let speculative = artifact.speculative_actions.iter();
    let speculative = speculative.flat_map(|record| spec_speculation::record_needs(actions, record));
    asked.chain(speculative).chain(artifact.needs()).collect()
}

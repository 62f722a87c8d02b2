//! Outputs of actions that are on the cluster, and come here when somebody reads them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use spec_cas::{BlobSource, Cas, CasError};
use spec_execution::{ActionError, ExecutedAction, ExecutorTask};
use spec_model::Digest;
use spec_remote::RemoteError;

use crate::cluster::Cluster;

/// Outputs in each of the two generations, of some 100 bytes each.
const LIMIT: usize = 200_000;
/// How long one waits for another who has an action executed again or brings an output, at most.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The outputs of the actions that a cluster executed in this session. An output that the cluster has lost is made again, by
/// executing its action once more.
pub struct RemoteOutputs {
    cluster: Arc<Cluster>,
    store: Cas,
    state: Mutex<OutputsState>,
    /// Told when an action was executed again, and when expected outputs have come.
    changed: Condvar,
    /// Executes actions again. It holds this.
    maker: Mutex<Option<Weak<dyn OutputMaker>>>,
    this: Weak<Self>,
}

/// How an output that cannot be had is made the next time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OutputAttempt {
    #[default]
    Anywhere,
    Here,
    None,
}

#[derive(Default)]
struct OutputsState {
    young: HashMap<Digest, Arc<ExecutorTask>>,
    old: HashMap<Digest, Arc<ExecutorTask>>,
    /// Actions that are executed again at present.
    executing: HashSet<Digest>,
    /// Outputs that are coming, because somebody will probably read them.
    coming: HashSet<Digest>,
}

/// Makes outputs again that the cluster has lost.
pub(crate) trait OutputMaker: Send + Sync {
    /// Executes an action again, wherever actions are executed.
    fn make_again(&self, task: &ExecutorTask) -> Result<ExecutedAction, ActionError>;

    /// Executes an action on this machine, since the outputs that the cluster says to have cannot be had; `None` where nothing is
    /// executed here.
    fn make_here(&self, task: &ExecutorTask, why: &str) -> Option<Result<ExecutedAction, ActionError>>;
}

/// Outputs that are coming. Dropping it says that they have come, or will not.
struct ComingOutputs {
    outputs: Weak<RemoteOutputs>,
    digests: Vec<Digest>,
}

impl Drop for ComingOutputs {
    fn drop(&mut self) {
        if let Some(outputs) = self.outputs.upgrade() {
            let mut state = outputs.lock();
            self.digests.iter().for_each(|digest| _ = state.coming.remove(digest));
            drop(state);
            outputs.changed.notify_all();
        }
    }
}

impl RemoteOutputs {
    /// No outputs yet; those to come are on `cluster` and are brought to the store `cas`.
    #[must_use]
    pub fn new(cluster: Arc<Cluster>, cas: &Cas) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            cluster,
            store: cas.clone().without_blob_source(),
            state: Mutex::default(),
            changed: Condvar::new(),
            maker: Mutex::new(None),
            this: this.clone(),
        })
    }

    /// Has `maker` execute again what made an output that is lost; the last one that is set counts.
    pub(crate) fn make_again_with(&self, maker: Weak<dyn OutputMaker>) {
        *self.maker.lock().unwrap_or_else(PoisonError::into_inner) = Some(maker);
    }

    fn maker(&self) -> Option<Arc<dyn OutputMaker>> {
        self.maker.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(Weak::upgrade)
    }

    /// The store that outputs are brought to.
    pub(crate) fn store(&self) -> &Cas {
        &self.store
    }

    /// Notes that the cluster has outputs of an action. What is known already, or is here, keeps the origin that it has: so no
    /// action that has one of its inputs as an output is where that comes from.
    pub(crate) fn add(&self, task: &ExecutorTask, outputs: &[Digest]) -> Result<(), CasError> {
        let elsewhere = self.store.missing(outputs)?;
        let task = Arc::new(task.clone());
        let mut state = self.lock();
        for digest in elsewhere {
            if state.origin(&digest).is_none() {
                state.insert(digest, Arc::clone(&task));
            }
        }
        Ok(())
    }

    fn download(&self, digests: &[Digest]) -> Result<(), RemoteError> {
        let (storage, store, wanted) =
            (self.cluster.storage.clone(), Arc::new(self.store.clone()), digests.to_vec());
        self.cluster.wait_for(async move { storage.download(store, &wanted).await.map(drop) })
    }

    /// Makes a lost output again, on this machine alone if `here`; whether it is somewhere now.
    fn make_again(&self, digest: &Digest, here: bool, why: &str) -> Result<bool, CasError> {
        let Some(task) = self.lock().origin(digest) else { return Ok(false) };
        let Some(maker) = self.maker() else { return Ok(false) };
        let action = task.granted.action();
        if !self.begin(&action) {
            // Somebody else has done it by now.
            return self.is_somewhere(digest);
        }
        let again = ExecutorTask { skip_cache_lookup: true, primed: false, ..ExecutorTask::clone(&task) };
        let executed = match here {
            true => maker.make_here(&again, why),
            false => Some(maker.make_again(&again)),
        };
        self.end(&action);
        match executed {
            None => Ok(false),
            Some(Ok(_)) => self.is_somewhere(digest),
            Some(Err(error)) => Err(CasError::Elsewhere {
                digest: *digest,
                why: format!("it is lost, and its action cannot be executed again: {error}"),
            }),
        }
    }

    /// Makes an output again that cannot be had: where actions are executed, and then here. Whether to look for it once more.
    fn make_lost(
        &self,
        digest: &Digest,
        error: &RemoteError,
        attempt: &mut OutputAttempt,
    ) -> Result<bool, CasError> {
        let is_lost = matches!(error, RemoteError::Missing { .. });
        let why = error.to_string();
        if *attempt == OutputAttempt::Anywhere {
            *attempt = OutputAttempt::Here;
            // A server that sends what is wrong does so again.
            if is_lost || error.is_absence() {
                self.make_again(digest, false, &why)?;
                return Ok(true);
            }
        }
        if *attempt == OutputAttempt::Here {
            *attempt = OutputAttempt::None;
            if self.make_again(digest, true, &why)? {
                return Ok(true);
            }
        }
        if is_lost { Ok(false) } else { Err(CasError::Elsewhere { digest: *digest, why }) }
    }

    fn is_somewhere(&self, digest: &Digest) -> Result<bool, CasError> {
        Ok(self.store.contains(digest)? || self.cluster.storage.known().contains(digest))
    }

    /// Whether the caller is the one who executes the action again; otherwise somebody else has just done so.
    fn begin(&self, action: &Digest) -> bool {
        if self.lock().executing.insert(*action) {
            return true;
        }
        self.wait_while(|state| state.executing.contains(action));
        false
    }

    /// Waits for others who execute actions again or bring outputs. What they do has deadlines of its own.
    fn wait_while(&self, is_busy: impl Fn(&OutputsState) -> bool) {
        let (mut state, start) = (self.lock(), Instant::now());
        while is_busy(&state) && start.elapsed() < LONGEST_WAIT {
            let waited = self.changed.wait_timeout(state, Duration::from_secs(1));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn end(&self, action: &Digest) {
        self.lock().executing.remove(action);
        self.changed.notify_all();
    }

    /// Those of these outputs that are neither here nor coming. They are coming now.
    fn begin_to_bring(&self, digests: &[Digest]) -> Option<ComingOutputs> {
        let absent = self.store.missing(digests).ok()?;
        let mut state = self.lock();
        let is_new = |digest: &Digest| state.origin(digest).is_some() && state.coming.insert(*digest);
        let digests: Vec<Digest> = absent.into_iter().filter(is_new).collect();
        (!digests.is_empty()).then(|| ComingOutputs { outputs: self.this.clone(), digests })
    }

    fn forget(&self, digest: &Digest) {
        let mut state = self.lock();
        state.young.remove(digest);
        state.old.remove(digest);
    }

    fn lock(&self) -> MutexGuard<'_, OutputsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OutputsState {
    /// The action that made an output.
    fn origin(&mut self, digest: &Digest) -> Option<Arc<ExecutorTask>> {
        if let Some(task) = self.young.get(digest) {
            return Some(Arc::clone(task));
        }
        let task = self.old.remove(digest)?;
        self.insert(*digest, Arc::clone(&task));
        Some(task)
    }

    fn insert(&mut self, digest: Digest, task: Arc<ExecutorTask>) {
        if self.young.len() >= LIMIT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, task);
    }
}

impl BlobSource for RemoteOutputs {
    fn has(&self, digest: &Digest) -> bool {
        self.lock().origin(digest).is_some()
    }

    fn expect(&self, digests: &[Digest]) {
        let Some(coming) = self.begin_to_bring(digests) else { return };
        let (storage, store) = (self.cluster.storage.clone(), Arc::new(self.store.clone()));
        self.cluster.runtime.spawn(async move {
            // What does not come now is brought when it is read, which tells what is wrong.
            let _ = storage.download_present(store, &coming.digests).await;
            drop(coming);
        });
    }

    fn bring(&self, digests: &[Digest]) -> Result<(), CasError> {
        self.wait_while(|state| digests.iter().any(|digest| state.coming.contains(digest)));
        let mut absent = self.store.missing(digests)?;
        let mut attempts = HashMap::new();
        while !absent.is_empty() {
            let error = match self.download(&absent) {
                Ok(()) => return Ok(()),
                Err(RemoteError::Local(error)) => return Err(error),
                Err(error) => error,
            };
            let digest = match &error {
                RemoteError::Missing { digest, .. } => *digest,
                // One cannot be had from there now, whichever it is.
                _ => absent[0],
            };
            self.cluster.storage.known().forget([&digest]);
            if !self.make_lost(&digest, &error, attempts.entry(digest).or_default())? {
                self.forget(&digest);
                absent.retain(|other| *other != digest);
            }
            absent = self.store.missing(&absent)?;
        }
        Ok(())
    }
}

impl fmt::Debug for RemoteOutputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        write!(f, "RemoteOutputs({})", state.young.len() + state.old.len())
    }
}

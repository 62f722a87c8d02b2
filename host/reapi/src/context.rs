//! What all services share.

use std::sync::Arc;

use spec_cas::Cas;
use spec_execution::Recording;

use crate::blocking::Blocking;
use crate::metrics::{Metrics, Readings};
use crate::operations::Operations;
use crate::options::Options;
use crate::realm::{Realm, Realms};
use crate::refusal::Refusal;
use crate::uploads::Uploads;

/// A handle on what all services share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) realms: Realms,
    pub(crate) options: Arc<Options>,
    pub(crate) blocking: Blocking,
    pub(crate) uploads: Uploads,
    pub(crate) recording: Recording,
    pub(crate) operations: Operations,
    pub(crate) metrics: Arc<Metrics>,
}

impl Context {
    pub(crate) fn new(cas: Cas, options: Options) -> Self {
        let metrics = Arc::new(Metrics::new());
        Self {
            realms: Realms::of(Realm::new(cas, None)),
            recording: Recording::default(),
            operations: Operations::new(Arc::clone(&metrics)),
            metrics,
            blocking: Blocking::new(&options.limits),
            uploads: Uploads::new(&options.limits),
            options: Arc::new(options),
        }
    }

    /// The realm that a request is for. Refuses an instance that is not served, and a digest function that is not
    /// known.
    pub(crate) fn admit(&self, instance: &str, digest_function: i32) -> Result<Arc<Realm>, Refusal> {
        self.instance(instance)?;
        self.realms.of_request(digest_function)
    }

    /// Refuses an instance that is not served.
    pub(crate) fn instance(&self, name: &str) -> Result<(), Refusal> {
        if self.options.instances.iter().any(|known| known == name) {
            return Ok(());
        }
        let shown: String = name.chars().take(80).collect();
        Err(Refusal::Invalid(format!("this server has no instance '{shown}'")))
    }

    /// Refuses results of actions where only our own count.
    pub(crate) fn may_update_results(&self) -> Result<(), Refusal> {
        match self.options.update_results {
            true => Ok(()),
            false => Err(Refusal::Forbidden("this server takes no results of actions".to_owned())),
        }
    }

    /// Numbers of this moment.
    pub(crate) fn readings(&self) -> Readings {
        // One pool runs the actions of all realms, and they lie in one folder.
        let mut pools = self.realms.iter().filter_map(|realm| realm.executions().ok());
        let (queued, running) = pools.next().map(|executions| executions.load()).unwrap_or_default();
        let disk = self.realms.iter().next().and_then(|realm| rustix::fs::statvfs(realm.cas.root()).ok());
        let (free, size) =
            disk.map_or((0, 0), |disk| (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize));
        Readings { queued, running, uploads: self.uploads.count(), free, size }
    }
}

//! What all services share.

use std::sync::Arc;

use spec_cas::Cas;
use spec_exec::executor::{Executions, Recording, ResultCache};

use crate::assets::Assets;
use crate::blocking::Blocking;
use crate::from_proto;
use crate::metrics::{Metrics, Readings};
use crate::operations::Operations;
use crate::options::Options;
use crate::refusal::Refusal;
use crate::uploads::Uploads;

/// A handle on what all services share.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) cas: Cas,
    pub(crate) options: Arc<Options>,
    pub(crate) blocking: Blocking,
    pub(crate) uploads: Uploads,
    pub(crate) results: ResultCache,
    pub(crate) assets: Assets,
    pub(crate) recording: Recording,
    pub(crate) operations: Operations,
    pub(crate) metrics: Metrics,
    /// Who runs actions, if anybody does.
    pub(crate) executions: Option<Arc<Executions>>,
}

impl Context {
    pub(crate) fn new(cas: Cas, options: Options) -> Self {
        Self {
            results: ResultCache::new(&cas),
            assets: Assets::new(&cas),
            recording: Recording::default(),
            operations: Operations::default(),
            metrics: Metrics::new(),
            executions: None,
            cas,
            blocking: Blocking::new(&options.limits),
            uploads: Uploads::new(&options.limits),
            options: Arc::new(options),
        }
    }

    /// Refuses an instance that is not served, and a digest function that is not known.
    pub(crate) fn admit(&self, instance: &str, digest_function: i32) -> Result<(), Refusal> {
        self.instance(instance)?;
        from_proto::digest_function(digest_function)
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

    /// Who runs actions.
    pub(crate) fn executions(&self) -> Result<Arc<Executions>, Refusal> {
        let none = || Refusal::Unsupported("this server runs no actions; see its capabilities".to_owned());
        self.executions.clone().ok_or_else(none)
    }

    /// Numbers of this moment.
    pub(crate) fn readings(&self) -> Readings {
        let load = self.executions.as_ref().map(|executions| executions.load());
        let (queued, running) = load.unwrap_or_default();
        let disk = rustix::fs::statvfs(self.cas.root()).ok();
        let bytes =
            |blocks: fn(&rustix::fs::StatVfs) -> u64| disk.as_ref().map_or(0, |d| blocks(d) * d.f_frsize);
        let (free, size) = (bytes(|disk| disk.f_bavail), bytes(|disk| disk.f_blocks));
        Readings { queued, running, uploads: self.uploads.count(), free, size }
    }
}

//! The state that all services share.

use std::sync::Arc;

use spec_cas::Cas;
use spec_execution::Recording;

use crate::blocking_pool::BlockingPool;
use crate::digest_backend::{DigestBackend, DigestBackends};
use crate::metrics::{GaugeValues, Metrics};
use crate::operations::Operations;
use crate::options::Options;
use crate::request_error::RequestError;
use crate::uploads::Uploads;

/// The state that all services share. A clone is another handle on it.
#[derive(Clone)]
pub(crate) struct ServiceContext {
    pub(crate) backends: DigestBackends,
    pub(crate) options: Arc<Options>,
    pub(crate) blocking: BlockingPool,
    pub(crate) uploads: Uploads,
    pub(crate) recording: Recording,
    pub(crate) operations: Operations,
    pub(crate) metrics: Arc<Metrics>,
}

impl ServiceContext {
    pub(crate) fn new(cas: Cas, options: Options) -> Self {
        let metrics = Arc::new(Metrics::new());
        Self {
            backends: DigestBackends::new(DigestBackend::new(cas, None)),
            recording: Recording::default(),
            operations: Operations::new(Arc::clone(&metrics)),
            metrics,
            blocking: BlockingPool::new(&options.limits),
            uploads: Uploads::new(&options.limits),
            options: Arc::new(options),
        }
    }

    /// The backend of a request. Fails when the instance or the digest function is not served.
    pub(crate) fn backend(
        &self,
        instance: &str,
        digest_function: i32,
    ) -> Result<Arc<DigestBackend>, RequestError> {
        self.check_instance(instance)?;
        self.backends.for_request(digest_function)
    }

    /// Fails when an instance is not served.
    pub(crate) fn check_instance(&self, name: &str) -> Result<(), RequestError> {
        if self.options.instances.iter().any(|known| known == name) {
            return Ok(());
        }
        let shown: String = name.chars().take(80).collect();
        Err(RequestError::Invalid(format!("this server has no instance '{shown}'")))
    }

    /// Fails when clients may not store results of actions.
    pub(crate) fn check_may_update_results(&self) -> Result<(), RequestError> {
        match self.options.update_results {
            true => Ok(()),
            false => {
                Err(RequestError::Forbidden("this server does not accept results of actions".to_owned()))
            }
        }
    }

    /// The present values of the gauges.
    pub(crate) fn gauge_values(&self) -> GaugeValues {
        // All backends share one pool of workers, and their stores are in one file system.
        let mut pools = self.backends.iter().filter_map(|backend| backend.executions().ok());
        let (queued, running) = pools.next().map(|executions| executions.load()).unwrap_or_default();
        let disk =
            self.backends.iter().next().and_then(|backend| rustix::fs::statvfs(backend.cas.root()).ok());
        let (free, size) =
            disk.map_or((0, 0), |disk| (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize));
        GaugeValues { queued, running, uploads: self.uploads.count(), free, size }
    }
}

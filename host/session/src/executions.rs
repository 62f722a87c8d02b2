//! Builds the executions of a store: the pool of workers, the executor that they call, and the sockets through which
//! sandboxes request actions.

use std::fmt;
use std::sync::{Arc, Weak};

use spec_cas::{BlobSource, Cas};
use spec_execution::{
    Executions, Executor, LazyExecutions, LocalExecutor, LocalOptions, PoolOptions, RemoteApis, ResultCache,
};
use spec_reapi::SessionApiServer;

type Create = dyn Fn(&Cas, Weak<dyn RemoteApis>) -> Arc<dyn Executor> + Send + Sync;

/// Creates the executor of a store. It is given the sockets for actions that request actions themselves.
#[derive(Clone)]
pub struct ExecutorFactory(Arc<Create>);

/// The executions of one store, and the sockets for sandboxes.
#[derive(Debug)]
pub struct StoreExecutions {
    /// The pool of workers. Its threads start when they are first needed.
    pub executions: Arc<LazyExecutions>,
    /// Opens sockets of the Remote Execution API for sandboxes, which request executions of this pool.
    pub remote_apis: Arc<SessionApiServer>,
}

impl ExecutorFactory {
    /// Executors that `create` creates.
    #[must_use]
    pub fn new(
        create: impl Fn(&Cas, Weak<dyn RemoteApis>) -> Arc<dyn Executor> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(create))
    }

    /// Executors that execute actions on this machine.
    #[must_use]
    pub fn local(options: LocalOptions) -> Self {
        Self::new(move |cas, sockets| {
            Arc::new(LocalExecutor::new(cas.clone(), options.clone()).with_remote_apis(sockets))
        })
    }

    /// The same executors, which have the blobs of `source`, too.
    pub(crate) fn with_blob_source(&self, source: Arc<dyn BlobSource>) -> Self {
        let inner = self.clone();
        Self::new(move |cas, sockets| {
            inner.create(&cas.clone().with_blob_source(Arc::clone(&source)), sockets)
        })
    }

    /// Creates the executor of a store.
    #[must_use]
    pub fn create(&self, cas: &Cas, sockets: Weak<dyn RemoteApis>) -> Arc<dyn Executor> {
        (self.0)(cas, sockets)
    }
}

impl fmt::Debug for ExecutorFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExecutorFactory")
    }
}

impl StoreExecutions {
    /// The executions of a store, with a pool of their own.
    #[must_use]
    pub fn new(cas: &Cas, factory: &ExecutorFactory, pool: PoolOptions) -> Self {
        Self::build(cas, factory, move |cas, executor| {
            Executions::start(cas.clone(), ResultCache::new(cas), executor, pool)
        })
    }

    /// The executions of another store, by the same workers.
    #[must_use]
    pub fn for_store(&self, cas: &Cas, factory: &ExecutorFactory) -> Self {
        let first = Arc::clone(&self.executions);
        Self::build(cas, factory, move |cas, executor| {
            Ok(first.get()?.for_store(cas.clone(), ResultCache::new(cas), executor))
        })
    }

    /// Executions of the same store by another executor: by the same workers, and with the same sockets for actions.
    #[must_use]
    pub fn with_executor(&self, cas: &Cas, factory: &ExecutorFactory) -> LazyExecutions {
        let first = Arc::clone(&self.executions);
        let sockets: Arc<dyn RemoteApis> = Arc::clone(&self.remote_apis) as _;
        let (cas, executor) = (cas.clone(), factory.create(cas, Arc::downgrade(&sockets)));
        LazyExecutions::new(move || {
            Ok(first.get()?.for_store(cas.clone(), ResultCache::new(&cas), Arc::clone(&executor)))
        })
    }

    /// The executor holds the sockets weakly, and the sockets hold the executions, which hold the executor.
    fn build(
        cas: &Cas,
        factory: &ExecutorFactory,
        start: impl Fn(&Cas, Arc<dyn Executor>) -> Result<Executions, spec_execution::ActionError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let remote_apis = Arc::new_cyclic(|sockets: &Weak<SessionApiServer>| {
            let (store, executor) = (cas.clone(), factory.create(cas, sockets.clone()));
            let executions = LazyExecutions::new(move || start(&store, Arc::clone(&executor)));
            SessionApiServer::new(cas.clone(), Arc::new(executions))
        });
        Self { executions: Arc::clone(remote_apis.executions()), remote_apis }
    }
}

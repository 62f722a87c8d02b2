//! Sockets inside of sandboxes: each serves one build or action, over what one session shares.

use std::fmt;
use std::fs::{self, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::{Mode, OFlags};
use spec_cas::{Cas, ScratchDir};
use spec_execution::ExecutionError;
use spec_execution::{
    Executions, Executor, LocalExecutor, LocalOptions, OpenSocket, OvercommitWorker, PoolOptions, RemoteApis,
    ResultCache, SocketOptions,
};
use spec_model::UserError;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::error::ServeError;
use crate::listener::Listener;
use crate::options::{Options, Scope};
use crate::server::Server;

/// Threads that move bytes between sockets and the store; they never wait for the disk.
const THREADS: usize = 2;
/// The socket in its folder.
const NAME: &str = "socket";

/// What the builds of one session share: a store with its results, and one pool of workers, so that no action runs
/// twice at a time, whichever build asks for it. Threads are started when they are first needed.
pub struct SessionApiServer {
    cas: Cas,
    local: LocalOptions,
    pool: PoolOptions,
    this: Weak<SessionApiServer>,
    started: Mutex<Started>,
}

#[derive(Default)]
struct Started {
    executions: Option<Arc<Executions>>,
    runtime: Option<Runtime>,
}

/// A socket that is served.
struct ServedSocket {
    server: Server,
    serving: JoinHandle<()>,
    path: PathBuf,
    // Held for their drops.
    _folder: ScratchDir,
    _spare: Option<OvercommitWorker>,
}

impl SessionApiServer {
    /// What the builds of a session share, with workers on this machine.
    #[must_use]
    pub fn new(cas: Cas, local: LocalOptions, pool: PoolOptions) -> Arc<Self> {
        Arc::new_cyclic(|this| Self { cas, local, pool, this: this.clone(), started: Mutex::default() })
    }

    /// The same workers for another store.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn beside(&self, cas: Cas) -> Result<Arc<Self>, ExecutionError> {
        let (executions, beside) = (self.executions()?, Self::new(cas, self.local.clone(), self.pool));
        let executions =
            executions.for_store(beside.cas.clone(), ResultCache::new(&beside.cas), beside.executor());
        beside.lock().executions = Some(Arc::new(executions));
        Ok(beside)
    }

    /// The pool of workers.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn executions(&self) -> Result<Arc<Executions>, ExecutionError> {
        let mut started = self.lock();
        if let Some(executions) = &started.executions {
            return Ok(Arc::clone(executions));
        }
        let results = ResultCache::new(&self.cas);
        let executions = Executions::start(self.cas.clone(), results, self.executor(), self.pool);
        let executions = Arc::new(executions?);
        Ok(Arc::clone(started.executions.insert(executions)))
    }

    fn executor(&self) -> Arc<dyn Executor> {
        let this: Weak<dyn RemoteApis> = self.this.clone();
        Arc::new(LocalExecutor::new(self.cas.clone(), self.local.clone()).with_remote_apis(this))
    }

    fn runtime(&self) -> Result<Handle, ExecutionError> {
        let mut started = self.lock();
        if let Some(runtime) = &started.runtime {
            return Ok(runtime.handle().clone());
        }
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREADS).thread_name("remote-apis").enable_all().build();
        let runtime = runtime.map_err(|source| failed(io(Path::new("threads"), source)))?;
        Ok(started.runtime.insert(runtime).handle().clone())
    }

    fn lock(&self) -> MutexGuard<'_, Started> {
        self.started.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RemoteApis for SessionApiServer {
    fn open(&self, wanted: SocketOptions) -> Result<Box<dyn OpenSocket>, ExecutionError> {
        let executions = self.executions()?;
        let spare = wanted.for_action.then(|| executions.overcommit()).transpose()?;
        let folder = self.cas.scratch()?;
        let path = folder.path().join(NAME);
        let runtime = self.runtime()?;
        let _inside = runtime.enter();
        let listener = bind(folder.path()).and_then(|socket| Listener::from_std(socket, &path));
        let listener = listener.map_err(|source| failed(io(&path, source)))?;
        let options = Options {
            update_results: wanted.update_results,
            scope: Scope::Session,
            rights: Arc::new(wanted.rights),
            ..Options::default()
        };
        let server = Server::new(self.cas.clone(), options);
        let server = server.with_executions(executions).with_recording(wanted.recording);
        let served = server.clone();
        let serving = runtime.spawn(async move {
            if let Err(error) = served.serve(listener, std::future::pending()).await {
                tracing::warn!("{error}");
            }
        });
        Ok(Box::new(ServedSocket { server, serving, path, _folder: folder, _spare: spare }))
    }
}

/// A socket in `folder`, which only its owner can enter from outside, for every user of the sandbox. The folder is
/// reached by its descriptor, for the address of a socket has room for 107 bytes only.
fn bind(folder: &Path) -> std::io::Result<UnixListener> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = rustix::fs::open(folder, flags, Mode::empty())?;
    let socket = UnixListener::bind(format!("/proc/self/fd/{}/{NAME}", open.as_raw_fd()))?;
    fs::set_permissions(folder.join(NAME), Permissions::from_mode(0o666))?;
    Ok(socket)
}

fn io(what: &Path, source: std::io::Error) -> ServeError {
    ServeError::Io { address: what.display().to_string(), source }
}

fn failed(error: impl UserError) -> ExecutionError {
    ExecutionError::RemoteApis { error: Box::new(error) }
}

impl OpenSocket for ServedSocket {
    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ServedSocket {
    fn drop(&mut self) {
        self.serving.abort();
        self.server.close();
    }
}

impl Drop for SessionApiServer {
    fn drop(&mut self) {
        let started = std::mem::take(&mut *self.lock());
        // It may be dropped where nothing may wait, such as in another runtime.
        started.runtime.into_iter().for_each(Runtime::shutdown_background);
    }
}

impl fmt::Debug for SessionApiServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionApiServer({:?})", self.cas)
    }
}

impl fmt::Debug for ServedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServedSocket({})", self.path.display())
    }
}

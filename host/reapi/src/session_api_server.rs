//! Serves sockets inside sandboxes, over the store and the executions of one session.

use std::fmt;
use std::fs::{self, Permissions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{Mode, OFlags};
use spec_cas::{Cas, ScratchDir};
use spec_execution::{
    ExecutionError, LazyExecutions, OpenSocket, OvercommitWorker, RemoteApis, SocketOptions,
};
use spec_model::UserError;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::error::ServeError;
use crate::listener::Listener;
use crate::options::{Options, Scope};
use crate::server::Server;

/// Threads of the runtime, which serve the sockets. Jobs that may block run on other threads.
const THREADS: usize = 2;
/// The name of a socket in its folder.
const NAME: &str = "socket";

/// Serves the Remote Execution API on sockets inside sandboxes: a socket for each build or action, over the store and the
/// executions of one session. Its runtime starts when the first socket is opened.
pub struct SessionApiServer {
    cas: Cas,
    executions: Arc<LazyExecutions>,
    runtime: Mutex<Option<Runtime>>,
}

/// A socket that is served. Dropping it ends serving and cancels the operations of its clients.
struct ServedSocket {
    server: Server,
    serving: JoinHandle<()>,
    path: PathBuf,
    // Dropping them removes the folder and ends the worker.
    _folder: ScratchDir,
    _overcommit: Option<OvercommitWorker>,
}

impl SessionApiServer {
    /// A server over a store and the executions of its actions.
    #[must_use]
    pub fn new(cas: Cas, executions: Arc<LazyExecutions>) -> Self {
        Self { cas, executions, runtime: Mutex::default() }
    }

    /// The executions that it was given.
    #[must_use]
    pub fn executions(&self) -> &Arc<LazyExecutions> {
        &self.executions
    }

    fn runtime(&self) -> Result<Handle, ExecutionError> {
        let mut started = self.lock();
        if let Some(runtime) = &*started {
            return Ok(runtime.handle().clone());
        }
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(THREADS).thread_name("remote-apis").enable_all().build();
        let runtime = runtime.map_err(|source| failed(io(Path::new("threads"), source)))?;
        Ok(started.insert(runtime).handle().clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Runtime>> {
        self.runtime.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RemoteApis for SessionApiServer {
    fn open(&self, wanted: SocketOptions) -> Result<Box<dyn OpenSocket>, ExecutionError> {
        let executions = self.executions.get()?;
        let overcommit = wanted.for_action.then(|| executions.overcommit()).transpose()?;
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
        Ok(Box::new(ServedSocket { server, serving, path, _folder: folder, _overcommit: overcommit }))
    }
}

/// Binds a socket in `folder`, which on the host only its owner can enter. Every user in the sandbox may connect. The path
/// is the folder's descriptor, because the address of a socket has at most 107 bytes.
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
        let runtime = self.lock().take();
        // This may be dropped in another runtime, where blocking is not allowed.
        runtime.into_iter().for_each(Runtime::shutdown_background);
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

//! `serve`: the cache and this machine's workers, for clients of the Remote Execution API.

use std::future::Future;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use spec_cas::{Cas, CasError, EvictionReport};
use spec_execution::{PoolOptions, Rights};
use spec_model::{Blame, DigestFunction, UserError};
use spec_reapi::{Address, Listener, Options, Server, Tls, Tokens};
use spec_session::{ExecutorFactory, GcOptions, GcThread, StoreExecutions};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::level_filters::LevelFilter;

use super::read_small;
use crate::action_execution::local_executor;
use crate::app::App;
use crate::cli::{AllowedNumbers, ServeArgs};
use crate::config::Config;
use crate::error::{CommandError, CommandResult};
use crate::session::quota;

/// How long a blob stays after a client used it, because `FindMissingBlobs` may have told the client not to upload
/// it.
const GRACE: Duration = Duration::from_secs(30 * 60);
/// The limit of open files, enough for some thousand clients: each needs a descriptor for its connection, and perhaps
/// one for a file.
const OPEN_FILES: u64 = 1 << 16;

/// Serves until SIGTERM or SIGINT; then waits for running requests up to a limit.
pub(super) fn run(app: &App, args: &ServeArgs) -> CommandResult<ExitCode> {
    let level = if app.config.debug { LevelFilter::DEBUG } else { LevelFilter::INFO };
    crate::log::start(level, args.log_format);
    allow_open_files();
    let addresses = args.listen.iter().map(|address| address.parse());
    let addresses: Vec<Address> = addresses.collect::<Result<_, _>>()?;
    let metrics = args.metrics_listen.as_deref().map(str::parse).transpose()?;
    let (cas, blake3) = (app.open_cas(DigestFunction::Sha256)?, app.open_cas(DigestFunction::Blake3)?);
    build_existence_index([cas.clone(), blake3.clone()]);
    let mut server = Server::new(cas.clone(), options(app, args)?);
    let executions = executions(app, &cas, args);
    let blake3_executions =
        executions.as_ref().map(|executions| executions.for_store(&blake3, &executor(&app.config).0));
    if let Some(StoreExecutions { executions, .. }) = &executions {
        server = server.with_executions(executions.get()?);
    }
    let gc = start_gc(app, args, vec![cas, blake3.clone()])?;
    let started = blake3_executions.as_ref().map(|blake3| blake3.executions.get()).transpose()?;
    server = server.with_store(blake3, started);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CommandError::io("start the runtime", &error))?;
    let grace = Duration::from_secs(args.grace);
    let served = runtime.block_on(serve(&server, &addresses, metrics.as_ref(), grace));
    drop(server);
    drop(gc);
    // A request that does not end must not keep the program from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map(|()| ExitCode::SUCCESS)
}

/// Starts a thread that lists the stores; until it is done, blobs are looked up in the file system.
fn build_existence_index(stores: [Cas; 2]) {
    let call = move || {
        for cas in stores {
            if let Err(error) = cas.build_existence_index() {
                tracing::debug!("blobs are looked up one by one: {error}");
            }
        }
    };
    // Without the thread blobs are looked up in the file system.
    let _ = std::thread::Builder::new().name("existence-index".to_owned()).spawn(call);
}

/// Raises the limit of open files: the usual 1,024 is for programs that use `select`.
fn allow_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = OPEN_FILES.min(limit.maximum.unwrap_or(OPEN_FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit });
        raised.unwrap_or_else(|error| tracing::warn!("the limit of open files cannot be raised: {error}"));
    }
}

async fn serve(
    server: &Server,
    addresses: &[Address],
    metrics: Option<&Address>,
    grace: Duration,
) -> CommandResult {
    let signalled = signalled().map_err(|error| CommandError::io("listen to signals", &error))?;
    let (stop, stopping) = watch::channel(false);
    let mut running = JoinSet::new();
    for address in addresses {
        let listener = Listener::open(address).await?;
        tracing::info!("listening on {}", listener.address());
        let (server, stop) = (server.clone(), stopped(&stopping));
        running.spawn(async move { server.serve(listener, stop).await });
    }
    if let Some(address) = metrics {
        let listener = Listener::open(address).await?;
        tracing::info!("metrics at {}", listener.address());
        let (server, stop) = (server.clone(), stopped(&stopping));
        running.spawn(async move { server.serve_metrics(listener, stop).await });
    }
    let broken = tokio::select! {
        () = signalled => None,
        ended = running.join_next() => ended,
    };
    tracing::info!("stopping");
    stop.send_replace(true);
    let farewell = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, farewell).await.is_err() {
        tracing::warn!("some requests did not end in {grace:?}");
    }
    match broken {
        Some(Ok(ended)) => Ok(ended?),
        Some(Err(error)) => Err(CommandError::new(Blame::Us, "serve-broken", error.to_string())),
        None => Ok(()),
    }
}

fn start_gc(app: &App, args: &ServeArgs, stores: Vec<Cas>) -> CommandResult<GcThread> {
    let mut config = app.config.clone();
    config.quota = args.quota.or(config.quota);
    let quota = quota(&config, &stores[0])?;
    let on_eviction = |result: Result<EvictionReport, CasError>| match result {
        Ok(done) if done.is_over_quota() => tracing::warn!(
            before = done.bytes_before,
            after = done.bytes_after,
            most = done.max_bytes,
            "the store is larger than it may be, for all the rest is in use"
        ),
        Ok(done) if done.cutoff.is_none() => {
            tracing::debug!(bytes = done.bytes_before, took = ?done.duration, "counted the store")
        }
        Ok(done) => tracing::info!(
            before = done.bytes_before,
            after = done.bytes_after,
            blobs = done.blobs_removed,
            records = done.roots_removed,
            took = ?done.duration,
            "evicted"
        ),
        Err(error) => {
            tracing::error!(
                reason = error.reason(),
                hint = error.hint(),
                "cannot keep the store small: {error}"
            );
        }
    };
    let on_eviction = Box::new(on_eviction);
    Ok(GcThread::start(GcOptions { stores, quota, grace: Some(GRACE), on_eviction })?)
}

/// Completes when the server must stop.
fn stopped(stopping: &watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
    let mut stopping = stopping.clone();
    async move { _ = stopping.wait_for(|stop| *stop).await }
}

fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// The executions of clients' actions; `None` when the server executes none.
fn executions(app: &App, cas: &Cas, args: &ServeArgs) -> Option<StoreExecutions> {
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let (executor, simulated) = executor(&app.config);
    let workers = args.workers.or(simulated).unwrap_or_else(processors);
    if workers == 0 || args.read_only {
        return None;
    }
    let pool = PoolOptions { workers, max_queued: args.max_queued };
    Some(StoreExecutions::new(cas, &executor, pool))
}

/// Who executes the actions of clients, and how many at a time if that is not up to this machine.
fn executor(config: &Config) -> (ExecutorFactory, Option<usize>) {
    let local = local_executor(config);
    #[cfg(feature = "bench")]
    if let Some(cluster) = config.cluster {
        return (cluster.executor(local), Some(cluster.workers));
    }
    (local, None)
}

/// The rights of clients' actions: the command line takes precedence over the configuration.
fn rights(app: &App, args: &ServeArgs) -> Rights {
    let mut served = app.config.served.clone();
    served.network |= args.allow_network;
    served.sockets &= !args.no_action_sockets;
    for (given, to) in [(&args.allow_users, &mut served.users), (&args.allow_groups, &mut served.groups)] {
        if let Some(AllowedNumbers(numbers)) = given {
            to.clone_from(numbers);
        }
    }
    served.rights()
}

fn options(app: &App, args: &ServeArgs) -> CommandResult<Options> {
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate: read_small(certificate)?,
            key: read_small(key)?,
            client_ca: args.tls_client_ca.as_deref().map(read_small).transpose()?,
        }),
        _ => None,
    };
    Ok(Options {
        instances: if args.instance.is_empty() { vec![String::new()] } else { args.instance.clone() },
        writable: !args.read_only,
        update_results: !args.no_result_uploads,
        tokens: Tokens {
            read_only: tokens(args.read_tokens.as_deref())?,
            read_write: tokens(args.write_tokens.as_deref())?,
        },
        tls,
        rights: Arc::new(rights(app, args)),
        ..Options::default()
    })
}

/// Fails when the file has no token, because the server would then accept everybody.
fn tokens(path: Option<&Path>) -> CommandResult<Vec<String>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = read_small(path)?;
    let tokens: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    match tokens.is_empty() {
        true => Err(CommandError::usage("no-tokens", format!("there is no token in {}", path.display()))),
        false => Ok(tokens),
    }
}

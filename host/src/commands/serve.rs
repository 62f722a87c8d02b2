//! `serve`: the cache and this machine's workers, for clients of the Remote Execution API.

use std::future::Future;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use spec_cas::Cas;
use spec_exec::executor::{Executions, LocalExecutor, LocalOptions, PoolOptions, ResultCache};
use spec_model::DigestFunction;
use spec_reapi::{Address, Listener, Options, Server, Tls, Tokens};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::cli::ServeArgs;
use crate::error::{CommandError, CommandResult};

/// How long running requests may go on after a signal.
const FAREWELL: Duration = Duration::from_secs(20);

/// Serves until SIGTERM or SIGINT; then lets running requests end, but not for ever.
pub(super) fn run(app: &App, args: &ServeArgs) -> CommandResult<ExitCode> {
    if !app.config.debug {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .init();
    }
    let addresses = args.listen.iter().map(|address| address.parse());
    let addresses: Vec<Address> = addresses.collect::<Result<_, _>>()?;
    let folder = app.config.cache("cas");
    let (cas, blake3) = (Cas::open(&folder)?, Cas::open_with(&folder, DigestFunction::Blake3)?);
    let mut server = Server::new(cas.clone(), options(args)?);
    let executions = executions(&cas, args)?;
    let beside = executions.as_ref().map(|executions| {
        let executions = executions.beside(blake3.clone(), ResultCache::new(&blake3), executor(&blake3));
        Arc::new(executions)
    });
    if let Some(executions) = executions {
        server = server.with_executions(executions);
    }
    server = server.with_store(blake3, beside);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CommandError::io("start the runtime", &error))?;
    let served = runtime.block_on(serve(&server, &addresses));
    drop(server);
    // A request that does not end must not keep the program from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(server: &Server, addresses: &[Address]) -> CommandResult {
    let signalled = signalled().map_err(|error| CommandError::io("listen to signals", &error))?;
    let (stop, stopping) = watch::channel(false);
    let mut running = JoinSet::new();
    for address in addresses {
        let listener = Listener::open(address).await?;
        tracing::info!("listening on {}", listener.address());
        let (server, mut stopping) = (server.clone(), stopping.clone());
        running.spawn(async move {
            let stop = async move { _ = stopping.wait_for(|stop| *stop).await };
            server.serve(listener, stop).await
        });
    }
    let broken = tokio::select! {
        () = signalled => None,
        ended = running.join_next() => ended,
    };
    tracing::info!("stopping");
    stop.send_replace(true);
    let farewell = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
        tracing::warn!("some requests did not end in {FAREWELL:?}");
    }
    match broken {
        Some(Ok(ended)) => Ok(ended?),
        Some(Err(error)) => Err(CommandError::failure("serve-broken", error.to_string())),
        None => Ok(()),
    }
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

fn executor(cas: &Cas) -> Arc<LocalExecutor> {
    Arc::new(LocalExecutor::new(cas.clone(), LocalOptions::default()))
}

fn executions(cas: &Cas, args: &ServeArgs) -> CommandResult<Option<Arc<Executions>>> {
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = args.workers.unwrap_or_else(processors);
    if workers == 0 || args.read_only {
        return Ok(None);
    }
    let options = PoolOptions { workers, max_queued: args.max_queued };
    let results = ResultCache::new(cas);
    Ok(Some(Arc::new(Executions::start(cas.clone(), results, executor(cas), options)?)))
}

fn options(args: &ServeArgs) -> CommandResult<Options> {
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Tls {
            certificate: read(certificate)?,
            key: read(key)?,
            client_ca: args.tls_client_ca.as_deref().map(read).transpose()?,
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
        ..Options::default()
    })
}

/// A file without a token would let everybody in.
fn tokens(path: Option<&Path>) -> CommandResult<Vec<String>> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let text = read(path)?;
    let tokens: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    match tokens.is_empty() {
        true => Err(CommandError::usage("no-tokens", format!("there is no token in {}", path.display()))),
        false => Ok(tokens),
    }
}

fn read(path: &Path) -> CommandResult<String> {
    std::fs::read_to_string(path)
        .map_err(|error| CommandError::io(&format!("read {}", path.display()), &error))
}

//! Who executes the actions of a session: this machine, or a cluster.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use spec_cas::Cas;
use spec_execution::Executor;
use spec_remote::{RemoteOptions, RemoteStatistics};
use spec_remote_execution::{
    Cluster, ClusterEvent, ClusterObserver, ClusterOptions, HybridExecutor, RemoteExecutor, RemoteOutputs,
};
use spec_scheduler::Message;
use spec_session::remotes::{RemoteExecutionSpec, RemoteSpec};
use spec_session::{ElementCommands, ExecutorFactory, SessionMessages};

use crate::config::Config;
use crate::error::{CommandError, CommandResult};
use crate::session::local_executor;
use crate::term::format_size;

/// Who executes the actions of a session, and the commands of its elements.
pub(crate) struct ActionExecution {
    /// The store, with what is elsewhere.
    pub(crate) cas: Cas,
    /// Executes actions.
    pub(crate) executor: ExecutorFactory,
    /// Runs the commands of elements.
    pub(crate) element_commands: ElementCommands,
    /// How many at a time, if that is not up to this machine.
    pub(crate) workers: Option<usize>,
    /// Takes what the executor has to say.
    pub(crate) messages: SessionMessages,
}

impl ActionExecution {
    /// As the configuration says for a session over a project.
    ///
    /// # Errors
    /// When what it says of a cluster is wrong.
    pub(crate) fn choose(config: &Config, project: &str, cas: Cas) -> CommandResult<Self> {
        #[cfg(feature = "bench")]
        if let Some(cluster) = config.cluster {
            let workers = Some(cluster.workers);
            return Ok(Self {
                executor: cluster.executor(local_executor(config)),
                workers,
                ..Self::local(config, cas)
            });
        }
        let settings = &config.execution;
        let is_used = settings.remote_actions || settings.remote_elements;
        match config.remotes.execution_servers(project).filter(|_| is_used) {
            Some(servers) => Self::remote(config, cluster_options(config, servers)?, cas),
            None => Ok(Self::local(config, cas)),
        }
    }

    fn local(config: &Config, cas: Cas) -> Self {
        let (executor, messages) = (local_executor(config), SessionMessages::default());
        Self { cas, executor, element_commands: ElementCommands::InPlace, workers: None, messages }
    }

    fn remote(config: &Config, options: ClusterOptions, cas: Cas) -> CommandResult<Self> {
        let (local, settings) = (Self::local(config, cas), config.execution);
        let cluster = Arc::new(Cluster::new(options)?);
        let outputs = RemoteOutputs::new(Arc::clone(&cluster), &local.cas);
        let cas = local.cas.clone().with_blob_source(Arc::<RemoteOutputs>::clone(&outputs));
        let observer = observer(local.messages.clone());
        let counted = Arc::clone(&cluster);
        local.messages.at_end(move || counted.statistics().iter().map(statistics_message).collect());
        let here = local.executor.clone();
        let there = ExecutorFactory::new(move |cas, sockets| -> Arc<dyn Executor> {
            let remote = RemoteExecutor::new(Arc::clone(&cluster), Arc::clone(&outputs), cas);
            match settings.local_fallback {
                true => HybridExecutor::new(remote, here.create(cas, sockets), observer.clone()),
                false => remote,
            }
        });
        let element_commands = match settings.remote_elements {
            true => ElementCommands::AsActions(there.clone()),
            false => ElementCommands::InPlace,
        };
        let executor = if settings.remote_actions { there } else { local.executor.clone() };
        Ok(Self { cas, executor, element_commands, workers: Some(settings.slots), ..local })
    }
}

/// How to reach the servers.
fn cluster_options(config: &Config, servers: &RemoteExecutionSpec) -> CommandResult<ClusterOptions> {
    let invocation = format!("spec-host-{}", std::process::id());
    let options = |spec: &RemoteSpec| -> CommandResult<RemoteOptions> {
        Ok(RemoteOptions { invocation: invocation.clone(), ..spec.options(config.bounds.trees)? })
    };
    let Some(execution) = &servers.execution else {
        let message = "'remote-execution' names an action cache and no 'execution-service'";
        let error = CommandError::usage("invalid-data", message);
        return Err(error.hint("name an execution-service too, or leave remote-execution out"));
    };
    let storage = servers.storage.as_ref().or(config.remotes.storage.as_ref()).unwrap_or(execution);
    Ok(ClusterOptions {
        execution: options(execution)?,
        storage: options(storage)?,
        action_cache: servers.action_cache.as_ref().map(options).transpose()?,
    })
}

/// What the requests to a server came to.
fn statistics_message(statistics: &RemoteStatistics) -> Message {
    let RemoteStatistics { address, requests, errors, retries, bytes_up, bytes_down, .. } = statistics;
    let (median, high) = (statistics.latency_p50, statistics.latency_p95);
    let text = format!(
        "{address}: {requests} requests ({errors} failed, {retries} tried again), {} sent, {} received, half answered \
         within {median:.1?}, 95% within {high:.1?}",
        format_size(*bytes_up),
        format_size(*bytes_down),
    );
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let figures = [
        ("requests", *requests),
        ("errors", *errors),
        ("retries", *retries),
        ("bytes-up", *bytes_up),
        ("bytes-down", *bytes_down),
        ("latency-p50-us", micros(median)),
        ("latency-p95-us", micros(high)),
    ];
    let figures = figures.map(|(name, number)| (name.to_owned(), number)).to_vec();
    Message { figures, ..Message::info("remote-statistics", text) }
}

/// Tells people what happens to a cluster, a line each, also where actions and elements have an executor each.
fn observer(messages: SessionMessages) -> ClusterObserver {
    let away = Mutex::new(BTreeSet::new());
    ClusterObserver::new(move |event| {
        let mut away = away.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = match event {
            ClusterEvent::Away { address, .. } => away.insert(address.clone()),
            ClusterEvent::Back { address, .. } => away.remove(address),
            ClusterEvent::Busy { .. } | ClusterEvent::Refused { .. } => true,
        };
        drop(away);
        if is_news {
            messages.send(message(event));
        }
    })
}

fn message(event: &ClusterEvent) -> Message {
    match event {
        ClusterEvent::Away { since, why, .. } => {
            let ago = seconds(SystemTime::now().duration_since(*since).unwrap_or_default());
            let text = format!("{why}; for {ago} actions have been executed on this machine");
            Message::warning("cluster-away", text)
        }
        ClusterEvent::Back { address, after } => {
            let text =
                format!("{address} is back after {}; actions are executed there again", seconds(*after));
            Message::info("cluster-back", text)
        }
        ClusterEvent::Busy { address, why } => {
            let text = format!("{address} is full ({why}); actions are executed on this machine meanwhile");
            Message::warning("cluster-busy", text)
        }
        ClusterEvent::Refused { address, why } => {
            let text = format!("{address} does not execute an action ({why}); this machine does");
            Message::warning("cluster-refused", text)
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64().round())
}

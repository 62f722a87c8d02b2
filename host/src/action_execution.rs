//! Who executes the actions of a session: this machine, or a cluster.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use spec_cas::Cas;
use spec_execution::{Executor, LocalOptions};
use spec_remote::{Remote, RemoteOptions};
use spec_remote_execution::{
    Cluster, ClusterEvent, ClusterObserver, ClusterOptions, ClusterRole, HybridExecutor, Meanwhile,
    RemoteExecutor, RemoteOutputs, RequiredExecutor, SOCKET_HINT,
};
use spec_scheduler::Message;
use spec_session::remotes::RemoteSpec;
use spec_session::{
    CheckedRemote, ElementCommands, ExecutorFactory, RemoteGroup, RemoteRole, SessionMessages, SessionRemotes,
};

use crate::config::Config;
use crate::error::CommandResult;

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
    /// The servers of the cluster.
    pub(crate) remotes: SessionRemotes,
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
        match servers_of(config, project).filter(|_| is_used) {
            Some(servers) => Self::remote(config, servers, cas),
            None => Ok(Self::local(config, cas)),
        }
    }

    fn local(config: &Config, cas: Cas) -> Self {
        let (executor, messages) = (local_executor(config), SessionMessages::default());
        let (element_commands, remotes) = (ElementCommands::InPlace, SessionRemotes::default());
        Self { cas, executor, element_commands, workers: None, messages, remotes }
    }

    fn remote(config: &Config, specs: ClusterSpecs, cas: Cas) -> CommandResult<Self> {
        let (local, settings) = (Self::local(config, cas), config.execution);
        let cluster = Arc::new(Cluster::new(cluster_options(config, &specs)?)?);
        let required = !settings.local_fallback;
        local.remotes.add(Arc::new(ClusterRemotes { cluster: Arc::clone(&cluster), specs, required }));
        let outputs = RemoteOutputs::new(Arc::clone(&cluster), &local.cas);
        let cas = local.cas.clone().with_blob_source(Arc::<RemoteOutputs>::clone(&outputs));
        let observer = observer(local.messages.clone());
        let here = local.executor.clone();
        let there = |of_elements| {
            let (cluster, outputs) = (Arc::clone(&cluster), Arc::clone(&outputs));
            let (here, observer) = (here.clone(), observer.clone());
            ExecutorFactory::new(move |cas, sockets| -> Arc<dyn Executor> {
                let remote = RemoteExecutor::new(Arc::clone(&cluster), Arc::clone(&outputs), cas);
                let (here, observer) = (here.create(cas, sockets), observer.clone());
                match settings.local_fallback {
                    // Elements that request actions here do so as requests come, and not as one action.
                    true => HybridExecutor::new(remote, here, observer, of_elements),
                    false => RequiredExecutor::new(remote, settings.away_limit, observer),
                }
            })
        };
        let element_commands = match settings.remote_elements {
            true => ElementCommands::AsActions(there(true)),
            false => ElementCommands::InPlace,
        };
        let (executor, workers) = match settings.remote_actions {
            true => (there(false), Some(settings.slots)),
            false => (local.executor.clone(), None),
        };
        Ok(Self { cas, executor, element_commands, workers, ..local })
    }
}

/// The executors of this machine, with the limits of the configuration.
pub(crate) fn local_executor(config: &Config) -> ExecutorFactory {
    ExecutorFactory::local(LocalOptions { limits: config.bounds.actions, ..LocalOptions::default() })
}

/// How to reach the servers.
fn cluster_options(config: &Config, specs: &ClusterSpecs) -> CommandResult<ClusterOptions> {
    let invocation = format!("spec-host-{}", std::process::id());
    let options = |spec: &RemoteSpec| -> CommandResult<RemoteOptions> {
        Ok(RemoteOptions { invocation: invocation.clone(), ..spec.options(config.bounds.trees)? })
    };
    Ok(ClusterOptions {
        execution: options(&specs.execution)?,
        storage: options(&specs.storage)?,
        action_cache: Some(options(&specs.action_cache)?),
        // Otherwise nobody else would execute it.
        longest_wait: config.execution.queue_limit.filter(|_| config.execution.local_fallback),
        roots: config.execution.roots,
        opens_sockets: config.execution.remote_elements_with_socket,
    })
}

/// How the servers of a cluster are configured. They may be one.
pub(crate) struct ClusterSpecs {
    pub(crate) execution: RemoteSpec,
    pub(crate) storage: RemoteSpec,
    pub(crate) action_cache: RemoteSpec,
}

/// The servers of the cluster that executes for a project, if there is one. An action cache alone makes none.
pub(crate) fn servers_of(config: &Config, project: &str) -> Option<ClusterSpecs> {
    let servers = config.remotes.execution_servers(project)?;
    let execution = servers.execution.clone()?;
    let storage = servers.storage.as_ref().or(config.remotes.storage.as_ref()).unwrap_or(&execution).clone();
    let action_cache = servers.action_cache.as_ref().unwrap_or(&execution).clone();
    Some(ClusterSpecs { execution, storage, action_cache })
}

/// The servers of a cluster among those of a session.
struct ClusterRemotes {
    cluster: Arc<Cluster>,
    specs: ClusterSpecs,
    /// Whether nothing can be executed without them.
    required: bool,
}

fn role(role: &ClusterRole) -> RemoteRole {
    match role {
        ClusterRole::Execution => RemoteRole::Execution,
        ClusterRole::Storage => RemoteRole::Storage,
        ClusterRole::ActionCache => RemoteRole::ActionCache,
    }
}

impl RemoteGroup for ClusterRemotes {
    fn connections(&self) -> Vec<(Vec<RemoteRole>, Remote)> {
        let connections = self.cluster.connections().into_iter();
        connections.map(|(roles, remote)| (roles.iter().map(role).collect(), remote)).collect()
    }

    fn is_for_builds(&self) -> bool {
        true
    }

    fn check(&self, limit: Duration) -> Vec<CheckedRemote> {
        let checked = |(roles, outcome): (Vec<ClusterRole>, _)| {
            let (spec, required) = match roles.first() {
                Some(ClusterRole::Storage) => (&self.specs.storage, self.required),
                // Without it only the cluster's own cache is asked.
                Some(ClusterRole::ActionCache) => (&self.specs.action_cache, false),
                _ => (&self.specs.execution, self.required),
            };
            CheckedRemote { spec: spec.clone(), outcome, required }
        };
        self.cluster.check(limit).into_iter().map(checked).collect()
    }
}

/// Tells people what happens to a cluster, a line each, also where actions and elements have an executor each.
fn observer(messages: SessionMessages) -> ClusterObserver {
    let away = Mutex::new(BTreeSet::new());
    ClusterObserver::new(move |event| {
        let mut away = away.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = match event {
            ClusterEvent::Away { address, .. } => away.insert(address.clone()),
            ClusterEvent::Back { address, .. } => away.remove(address),
            ClusterEvent::Busy { .. } | ClusterEvent::Wrong { .. } | ClusterEvent::Refused { .. } => true,
        };
        drop(away);
        if is_news {
            messages.send(message(event));
        }
    })
}

fn message(event: &ClusterEvent) -> Message {
    match event {
        ClusterEvent::Away { since, why, meanwhile, .. } => {
            let ago = seconds(SystemTime::now().duration_since(*since).unwrap_or_default());
            let text =
                format!("{why}; it has been away for {ago}, and until it is back {}", instead(*meanwhile));
            Message::warning("cluster-away", text)
        }
        ClusterEvent::Back { address, after } => {
            let text =
                format!("{address} is back after {}; actions are executed there again", seconds(*after));
            Message::info("cluster-back", text)
        }
        ClusterEvent::Busy { address, why, meanwhile } => {
            let text = format!("{address} is full ({why}); until it has room {}", instead(*meanwhile));
            Message::warning("cluster-busy", text)
        }
        ClusterEvent::Wrong { address, why } => {
            let text = format!(
                "{address} answers with what is no result of the action ({why}); this machine's counts"
            );
            Message::warning("cluster-wrong", text)
        }
        ClusterEvent::Refused { address, why, executed_here, wants_socket } => {
            let then = if *executed_here { "this machine does" } else { "it fails, since nobody else may" };
            let action = if *wants_socket { "an element with a socket" } else { "an action" };
            let text = format!("{address} does not execute {action} ({why}); {then}");
            let hint = wants_socket.then(|| format!("hint: {SOCKET_HINT}"));
            Message { detail: hint, ..Message::warning("cluster-refused", text) }
        }
    }
}

fn instead(meanwhile: Meanwhile) -> String {
    match meanwhile {
        Meanwhile::ThisMachineExecutes => "this machine executes actions".to_owned(),
        Meanwhile::ActionsWait { limit } => {
            format!("actions wait for it, each for at most {}", seconds(limit))
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64().round())
}

//! Who executes the actions of a session: this machine, or a cluster.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use spec_cas::Cas;
use spec_execution::Executor;
use spec_remote_execution::{
    Cluster, ClusterEvent, ClusterObserver, HybridExecutor, RemoteExecutor, RemoteOutputs,
};
use spec_scheduler::Message;
use spec_session::{ExecutorFactory, SessionMessages};

use crate::config::Config;
use crate::error::CommandResult;
use crate::session::local_executor;

/// Who executes the actions of a session.
pub(crate) struct ActionExecution {
    /// The store, with what is elsewhere.
    pub(crate) cas: Cas,
    /// Executes actions.
    pub(crate) executor: ExecutorFactory,
    /// How many at a time, if that is not up to this machine.
    pub(crate) workers: Option<usize>,
    /// Takes what the executor has to say.
    pub(crate) messages: SessionMessages,
}

impl ActionExecution {
    /// As the configuration says.
    ///
    /// # Errors
    /// When what it says of a cluster is wrong.
    pub(crate) fn choose(config: &Config, cas: Cas) -> CommandResult<Self> {
        let (local, messages) = (local_executor(config), SessionMessages::default());
        #[cfg(feature = "bench")]
        if let Some(cluster) = config.cluster {
            let workers = Some(cluster.workers);
            return Ok(Self { cas, executor: cluster.executor(local), workers, messages });
        }
        let settings = &config.execution;
        let Some(options) = config.remote_execution.clone().filter(|_| settings.remote_actions) else {
            return Ok(Self { cas, executor: local, workers: None, messages });
        };
        let cluster = Arc::new(Cluster::new(options)?);
        let outputs = RemoteOutputs::new(Arc::clone(&cluster), &cas);
        let cas = cas.with_blob_source(Arc::<RemoteOutputs>::clone(&outputs));
        let (fallback, observer) = (settings.local_fallback, observer(messages.clone()));
        let executor = ExecutorFactory::new(move |cas, sockets| -> Arc<dyn Executor> {
            let remote = RemoteExecutor::new(Arc::clone(&cluster), Arc::clone(&outputs), cas);
            match fallback {
                true => HybridExecutor::new(remote, local.create(cas, sockets), observer.clone()),
                false => remote,
            }
        });
        Ok(Self { cas, executor, workers: Some(settings.slots), messages })
    }
}

/// Tells people what happens to a cluster, a line each.
fn observer(messages: SessionMessages) -> ClusterObserver {
    ClusterObserver::new(move |event| messages.send(message(event)))
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

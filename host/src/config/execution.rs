//! The section `execution:`.

use std::time::Duration;

use spec_model::{Mapping, Node, NodeError};
use spec_remote_execution::RootForm;

use super::numbers;

/// Seconds that a requested action may wait for a worker of the cluster.
const QUEUE_LIMIT: u32 = 300;
/// Seconds that an action waits for a cluster that is away or full.
const AWAY_LIMIT: u32 = 120;

/// The section `execution:`: what is executed where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExecutionSettings {
    /// Whether the cluster executes actions.
    pub(crate) remote_actions: bool,
    /// Whether the cluster executes the commands of elements.
    pub(crate) remote_elements: bool,
    /// Whether it also executes those of elements with a `remote-apis-socket`.
    pub(crate) remote_elements_with_socket: bool,
    /// Whether this machine executes what the cluster does not.
    pub(crate) local_fallback: bool,
    /// How long a requested action may wait for a worker of the cluster before this machine executes it; `None` for as long as
    /// it takes.
    pub(crate) queue_limit: Option<Duration>,
    /// Without a local fall-back: how long an action waits for a cluster that is away or full.
    pub(crate) away_limit: Duration,
    /// How many actions the cluster is given at a time.
    pub(crate) slots: usize,
    /// How the cluster's workers learn of the trees that commands are in.
    pub(crate) roots: RootForm,
}

impl Default for ExecutionSettings {
    fn default() -> Self {
        let queue_limit = Some(Duration::from_secs(QUEUE_LIMIT.into()));
        Self {
            remote_actions: true,
            remote_elements: false,
            remote_elements_with_socket: false,
            local_fallback: true,
            queue_limit,
            away_limit: Duration::from_secs(AWAY_LIMIT.into()),
            slots: 64,
            roots: RootForm::Named,
        }
    }
}

impl ExecutionSettings {
    /// Reads the section.
    ///
    /// # Errors
    /// When a key is unknown or a value wrong.
    pub(super) fn of(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&[
            "actions",
            "elements",
            "elements-with-socket",
            "local-fallback",
            "queue-limit",
            "away-limit",
            "slots",
            "roots",
        ])?;
        let mut settings = Self::default();
        let remote = |key: &str, usual: bool| section.get(key).map_or(Ok(usual), is_remote);
        settings.remote_actions = remote("actions", settings.remote_actions)?;
        settings.remote_elements = remote("elements", settings.remote_elements)?;
        settings.local_fallback = section.bool_or("local-fallback", true)?;
        let mut seconds = QUEUE_LIMIT;
        numbers::take(section, "queue-limit", 0, &mut seconds)?;
        settings.queue_limit = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
        let mut seconds = AWAY_LIMIT;
        numbers::take(section, "away-limit", 0, &mut seconds)?;
        settings.away_limit = Duration::from_secs(seconds.into());
        let mut slots = 64;
        numbers::take(section, "slots", 1, &mut slots)?;
        settings.slots = slots as usize;
        if let Some(node) = section.get("roots") {
            settings.roots = match node.as_str()? {
                "named" => RootForm::Named,
                "merged" => RootForm::Merged,
                _ => return Err(node.expected("one of named, merged")),
            };
        }
        settings.take_elements_with_socket(section)?;
        Ok(settings)
    }

    /// Reads who runs the commands of elements with a socket, which depends on all other keys.
    fn take_elements_with_socket(&mut self, section: &Mapping) -> Result<(), NodeError> {
        let Some(node) = section.get("elements-with-socket") else { return Ok(()) };
        self.remote_elements_with_socket = is_remote(node)?;
        if !self.remote_elements_with_socket {
            return Ok(());
        }
        // Elsewhere nobody would find what is primed here, or in trees of another form.
        let needs = [
            (self.remote_elements, "'elements' is 'remote'"),
            (self.remote_actions, "'actions' is 'remote'"),
            (self.roots == RootForm::Named, "'roots' is 'named'"),
        ];
        match needs.into_iter().find(|(holds, _)| !holds) {
            Some((_, need)) => Err(node.expected(&format!("'local' unless {need}"))),
            None => Ok(()),
        }
    }
}

fn is_remote(node: &Node) -> Result<bool, NodeError> {
    match node.as_str()? {
        "remote" => Ok(true),
        "local" => Ok(false),
        _ => Err(node.expected("one of remote, local")),
    }
}

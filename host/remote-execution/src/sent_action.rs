//! An action as a cluster is asked for it.

use spec_action::{read_command, store_action, store_command};
use spec_cas::Cas;
use spec_execution::{ActionError, ExecutorTask, merged_root};
use spec_model::{Action, Command, Digest, Platform};

/// The platform property that names the tree which the input root is laid over.
const CHROOT: &str = "chrootRootDigest";
/// The platform property that names the path at which an action finds a socket of the Remote Execution API.
const SOCKET: &str = "remoteApisSocketPath";

/// How the workers of a cluster learn of the tree that the command of an action is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RootForm {
    /// The platform property `chrootRootDigest` names it.
    #[default]
    Named,
    /// It is in the input root, and no property names it: for workers that change into the input root.
    Merged,
}

/// An action as a cluster is asked for it.
pub(crate) struct SentAction {
    pub(crate) command: Command,
    /// The action and its command.
    pub(crate) messages: [Digest; 2],
    /// The trees that the cluster needs.
    pub(crate) trees: Vec<Digest>,
    /// Whether a worker has to open a socket for it.
    pub(crate) wants_socket: bool,
}

impl SentAction {
    /// The action of a task, in the form that the cluster's workers need.
    ///
    /// # Errors
    /// When messages are missing, a property is no digest of a tree, or the input root does not fit that tree.
    pub(crate) fn of(cas: &Cas, task: &ExecutorTask, form: RootForm) -> Result<Self, ActionError> {
        let command = read_command(cas, &task.action.command)?;
        let platform = task.action.platform.as_ref().or(command.platform.as_ref());
        let (chroot, wants_socket) = (chroot(platform)?, property(platform, SOCKET).is_some());
        let mut sent = match (form, chroot) {
            (RootForm::Merged, Some(chroot)) => Self::merged(cas, &task.action, &command, &chroot)?,
            (_, chroot) => {
                let messages = [task.granted.action(), task.action.command];
                let trees = [task.action.input_root].into_iter().chain(chroot).collect();
                Self { command, messages, trees, wants_socket }
            }
        };
        sent.trees.extend(&*task.trees);
        Ok(Self { wants_socket, ..sent })
    }

    fn merged(cas: &Cas, action: &Action, command: &Command, chroot: &Digest) -> Result<Self, ActionError> {
        let input_root = merged_root(cas, chroot, &action.input_root)?;
        let command = Command { platform: command.platform.as_ref().map(unnamed), ..command.clone() };
        let stored = store_command(cas, &command)?;
        let platform = action.platform.as_ref().map(unnamed);
        let action = Action { command: stored, input_root, platform, ..action.clone() };
        let messages = [store_action(cas, &action)?, stored];
        Ok(Self { command, messages, trees: vec![input_root], wants_socket: false })
    }
}

/// Whether a worker has to open a socket for an action. Ours name it in the action, too.
pub(crate) fn wants_socket(action: &Action) -> bool {
    property(action.platform.as_ref(), SOCKET).is_some()
}

/// The tree that a platform names.
fn chroot(platform: Option<&Platform>) -> Result<Option<Digest>, ActionError> {
    let digest = property(platform, CHROOT).map(|value| value.parse::<Digest>()).transpose();
    digest.map_err(|_| ActionError::Invalid {
        what: format!("the platform property {CHROOT} is no HASH/SIZE of a Directory"),
    })
}

fn property<'a>(platform: Option<&'a Platform>, name: &str) -> Option<&'a str> {
    let mut properties = platform.into_iter().flat_map(|platform| &platform.properties);
    properties.find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn unnamed(platform: &Platform) -> Platform {
    let others = platform.properties.iter().filter(|(name, _)| name != CHROOT);
    Platform { properties: others.cloned().collect() }
}

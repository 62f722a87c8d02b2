//! An action as a cluster is asked for it.

use spec_action::{read_command, store_action, store_command};
use spec_cas::Cas;
use spec_execution::{ActionError, ExecutorTask, merged_root};
use spec_model::{Action, Command, Digest, Platform};

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
        let wants_socket = platform.is_some_and(names_socket);
        let (command, messages, own) = match (form, chroot(platform)?) {
            (RootForm::Merged, Some(chroot)) => merged(cas, &task.action, &command, &chroot)?,
            (_, chroot) => {
                let messages = [task.granted.action(), task.action.command];
                let trees = [task.action.input_root].into_iter().chain(chroot);
                (command, messages, trees.collect())
            }
        };
        let trees = [own, task.trees.to_vec()].concat();
        Ok(Self { command, messages, trees, wants_socket })
    }
}

/// The command, the messages and the tree of an action whose root is in its input root.
fn merged(
    cas: &Cas,
    action: &Action,
    command: &Command,
    chroot: &Digest,
) -> Result<(Command, [Digest; 2], Vec<Digest>), ActionError> {
    let input_root = merged_root(cas, chroot, &action.input_root)?;
    let command = Command { platform: command.platform.as_ref().map(unnamed), ..command.clone() };
    let stored = store_command(cas, &command)?;
    let platform = action.platform.as_ref().map(unnamed);
    let action = Action { command: stored, input_root, platform, ..action.clone() };
    let messages = [store_action(cas, &action)?, stored];
    Ok((command, messages, vec![input_root]))
}

/// Whether a worker has to open a socket for an action. Ours name it in the action, too.
pub(crate) fn wants_socket(action: &Action) -> bool {
    action.platform.as_ref().is_some_and(names_socket)
}

/// The tree that a platform names.
fn chroot(platform: Option<&Platform>) -> Result<Option<Digest>, ActionError> {
    let named = platform.and_then(|platform| platform.property(Platform::CHROOT_ROOT_DIGEST));
    let digest = named.map(str::parse::<Digest>).transpose();
    digest.map_err(|_| ActionError::Invalid {
        what: format!(
            "the platform property {} is no HASH/SIZE of a Directory",
            Platform::CHROOT_ROOT_DIGEST
        ),
    })
}

fn names_socket(platform: &Platform) -> bool {
    platform.property(Platform::REMOTE_APIS_SOCKET_PATH).is_some()
}

fn unnamed(platform: &Platform) -> Platform {
    let others = platform.properties.iter().filter(|(name, _)| name != Platform::CHROOT_ROOT_DIGEST);
    Platform { properties: others.cloned().collect() }
}

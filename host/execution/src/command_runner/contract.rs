//! The contract between who builds elements and who runs their commands.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;

use spec_model::{Cancel, Digest, Subaction};
use spec_sandbox::Termination;

use crate::error::ExecutionError;
use crate::root::{Root, WriteAccess};

/// Runs the commands of elements.
///
/// Shells are no batches: a person types into them, and they may have the network, so they always run in the root on this
/// machine ([`Root::run`]).
pub trait CommandRunner: fmt::Debug + Send + Sync + 'static {
    /// Runs the commands of a batch in a root, one after the other, until one fails. Blocks meanwhile. Later batches and
    /// captures of the root see what they changed; what they write to `/tmp` may be gone after the batch.
    ///
    /// # Errors
    /// When the root cannot be had or a command cannot be started, as where its program is missing; how it ended is no
    /// error.
    fn run(
        &self,
        root: &mut Root,
        batch: &CommandBatch,
        host: &mut dyn BatchHost,
        cancel: &Cancel,
    ) -> Result<BatchOutcome, ExecutionError>;

    /// Whether it is worth giving it commands for another system or processor than this machine's.
    fn takes_other_platforms(&self) -> bool;

    /// Whether commands that want a socket of the Remote Execution API request their actions on another machine.
    fn opens_sockets_elsewhere(&self) -> bool {
        false
    }
}

/// Commands of an element that run one after the other in its root. They have no input.
#[derive(Debug)]
pub struct CommandBatch {
    /// The commands, in order.
    pub commands: Vec<BatchCommand>,
    /// The absolute path inside where each of them starts; made if it is missing and could be written.
    pub cwd: String,
    /// User number inside; 0 when absent.
    pub uid: Option<u32>,
    /// Group number inside; 0 when absent.
    pub gid: Option<u32>,
    /// What the commands may change.
    pub access: WriteAccess,
    /// The absolute path inside at which they find the Remote Execution API, if they are to.
    pub socket: Option<String>,
    /// Trees that actions name which they request there, beside those of their inputs.
    pub trees: Vec<Digest>,
    /// Whether they may make user namespaces. No action may.
    pub user_namespaces: bool,
    /// The operating system that they are for, as REAPI's property `OSFamily`.
    pub os_family: String,
    /// The processor that they are for, as REAPI's property `ISA`.
    pub isa: String,
    /// Both outputs are appended to this file, each command's after a line with its heading.
    pub log: File,
}

/// One command of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchCommand {
    /// Introduces its output in the log, in which it follows `# `.
    pub heading: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The whole environment. `PWD` is added.
    pub environment: Vec<(String, String)>,
}

impl BatchCommand {
    /// The line of the log, after an empty one, that introduces the command.
    pub(super) fn heading_line(&self) -> String {
        format!("# {}", self.heading)
    }
}

/// Whoever has a batch run.
pub trait BatchHost {
    /// The commands with these numbers begin: one, or several that run together as one action.
    fn begin(&mut self, commands: Range<usize>);

    /// Opens the socket of [`CommandBatch::socket`] on this machine, or answers with the one that is open already.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open_socket(&mut self) -> Result<PathBuf, ExecutionError>;

    /// Takes the record of the actions that commands had answered through another socket than that of `open_socket`; empty where
    /// they ran on another machine, and what they requested there is not known.
    fn record(&mut self, subactions: Vec<Subaction>);
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchOutcome {
    /// All commands exited with 0.
    Succeeded,
    /// A command did not, and those behind it were not started.
    Failed(FailedCommand),
}

/// The command at which a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedCommand {
    /// Its number in the batch.
    pub command: usize,
    /// How it ended. Actions tell of a signal by the exit code 128 and its number alone.
    pub termination: Termination,
    /// The byte of the log at which its output begins; of very long output, a byte near the end.
    pub output_start: u64,
}

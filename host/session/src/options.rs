//! The options of a session.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use spec_build::CacheBuildtrees;
use spec_cas::Limits;
use spec_recording::SessionRecorder;
use spec_source::{Proxies, SshOptions};
use spec_speculation::RecordFormat;
use spec_speculation::priming::Budget;

use crate::executions::ExecutorFactory;
use crate::remotes::UserRemotes;
use crate::session_messages::SessionMessages;
use crate::session_remotes::SessionRemotes;

/// The options of a session.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Whether a change of build dependencies rebuilds.
    pub strict: bool,
    /// How sources are fetched.
    pub sources: SourceOptions,
    /// The folder of the logs of builds.
    pub log_dir: PathBuf,
    /// When build trees are kept.
    pub cache_buildtrees: CacheBuildtrees,
    /// The projects whose builds may make user namespaces.
    pub user_namespaces: BTreeSet<String>,
    /// The most bytes of the files of an artifact.
    pub artifact_size: u64,
    /// The servers of the user configuration.
    pub remotes: UserRemotes,
    /// All servers that the session talks to.
    pub session_remotes: SessionRemotes,
    /// The user's folder, which `~` stands for in names of files with credentials.
    pub home: PathBuf,
    /// Whether build trees are pulled with artifacts.
    pub pull_buildtrees: bool,
    /// Who executes actions.
    pub executor: ExecutorFactory,
    /// Who runs the commands of elements.
    pub element_commands: ElementCommands,
    /// Takes what the executor has to say.
    pub messages: SessionMessages,
    /// How many actions are executed at a time; `None` for one for each processor.
    pub workers: Option<usize>,
    /// What primed actions of the session may cost.
    pub speculation_budget: Budget,
    /// How records of speculative actions are stored.
    pub record_format: RecordFormat,
    /// How many digits of a key are shown, and are in the names of logs.
    pub key_length: usize,
    /// The most lines of a failed command's log that are reported.
    pub error_lines: usize,
    /// Records what happens.
    pub recorder: SessionRecorder,
}

/// How sources are fetched.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// The folder of downloads (`sourcedir`).
    pub directory: PathBuf,
    /// How often a failed download is tried again.
    pub network_retries: u32,
    /// Which proxies downloads go through.
    pub proxies: Proxies,
    /// The file with passwords for downloads.
    pub netrc: Option<PathBuf>,
    /// How git repositories are reached over ssh.
    pub ssh: Arc<SshOptions>,
    /// Limits of trees, which archives have too.
    pub trees: Limits,
}

/// Who runs the commands of elements.
#[derive(Clone, Debug, Default)]
pub enum ElementCommands {
    /// This machine, in the roots of the elements.
    #[default]
    InPlace,
    /// The executor that this creates, as actions; what no action can be, this machine. It may be the one of
    /// [`SessionOptions::executor`] or another one.
    AsActions(ExecutorFactory),
}

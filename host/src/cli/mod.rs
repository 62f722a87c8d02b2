//! The command line: names, defaults and meaning as `bst` 2.8 where it has them.

mod artifact;
mod cache;
mod cas;
mod globals;
mod plugin;
mod policy;
mod remotes;
mod repeat;
mod report;
mod serve;
mod source;
mod speculation;
mod values;
mod workspace;

pub(crate) use artifact::{ArtifactCommand, CheckoutArgs};
pub(crate) use cache::CacheCommand;
pub(crate) use cas::{CasCommand, RemoteArgs};
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
pub(crate) use globals::GlobalOptions;
pub(crate) use plugin::{
    PluginAddArgs, PluginBenchArgs, PluginCheckArgs, PluginCommand, PluginInspectArgs, PluginListArgs,
    PluginLockArgs, PluginNewArgs, PluginTestArgs,
};
pub(crate) use policy::{CompareArgs, PolicyCommand, RecordingArgs, ReplayArgs};
pub(crate) use remotes::{
    ArtifactPullRemotes, ArtifactPushRemotes, ArtifactRemotes, SourcePullRemotes, SourcePushRemotes,
    SourceRemotes,
};
pub(crate) use report::ReportArgs;
pub(crate) use serve::{AllowedNumbers, ServeArgs};
pub(crate) use source::{
    SourceCheckoutArgs, SourceCommand, SourceFetchArgs, SourcePushArgs, SourceTrackArgs,
};
pub(crate) use speculation::SpeculationArgs;
pub(crate) use values::{CacheBuildTrees, Compression, Deps, ListOrder, OnError};
pub(crate) use workspace::{WorkspaceCloseArgs, WorkspaceCommand, WorkspaceOpenArgs, WorkspaceResetArgs};

/// Build and look into BuildStream projects
#[derive(Debug, Parser)]
#[command(name = "spec-host", version, about, arg_required_else_help = true, max_term_width = 100)]
#[command(
    after_help = "Most options override the user configuration file; `spec-host COMMAND --help` tells more."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: CliCommand,
}

impl Cli {
    /// Reads a command line, the program's name first.
    ///
    /// # Errors
    /// When it is wrong, and when it asks for help.
    pub(crate) fn read<I, T>(line: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<std::ffi::OsString> + Clone,
    {
        let matches = Self::definition().try_get_matches_from(line)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        let (options, plugins) = repeat::after(&matches);
        cli.globals.add(options, plugins);
        for level in repeat::levels(&matches) {
            cli.globals.add_switches(level);
        }
        Ok(cli)
    }

    /// Every command and option.
    pub(crate) fn definition() -> clap::Command {
        repeat::everywhere(Self::command())
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Build elements and what they need
    Build(BuildArgs),
    /// Execute ahead the actions that builds of elements are going to request, without building
    Prime(PrimeArgs),
    /// Show elements, their keys and whether they are cached
    Show(ShowArgs),
    /// Explain why an element's key changed since it was built
    Why(WhyArgs),
    /// Explain which predictions for an element's last build were wrong or late
    WhyMiss(WhyMissArgs),
    /// Look into artifacts
    #[command(subcommand)]
    Artifact(ArtifactCommand),
    /// Fetch, track and look into sources
    #[command(subcommand)]
    Source(SourceCommand),
    /// Change sources of elements in folders of your own
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Run a command in an element's sandbox
    Shell(ShellArgs),
    /// Check, count and clean the cache
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Serve the cache and this machine's workers to Remote Execution API clients
    Serve(ServeArgs),
    /// Move trees between this machine and a Remote Execution API server
    #[command(subcommand)]
    Cas(CasCommand),
    /// Write, build, check and use plugins: element kinds and policies
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Try policies on recordings of builds
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Write a page of HTML about a recorded build
    Report(ReportArgs),
    /// Begin a new project
    Init(InitArgs),
    /// Check what this machine lacks, and show the commands that fix it
    Doctor,
    /// Measure operations that are too short to be measured from outside
    #[cfg(feature = "bench")]
    #[command(hide = true)]
    Bench(BenchArgs),
    /// Print shell completions
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages
    ManPages {
        /// The folder where they go, such as /usr/local/share/man/man1
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// `build`
#[derive(Args, Debug)]
pub(crate) struct BuildArgs {
    /// The elements; none means the project's default targets, or else all
    #[arg(value_name = "ELEMENT")]
    pub(crate) elements: Vec<String>,
    /// Which dependencies to build in addition to the elements [default: run]
    #[arg(short, long, value_enum, value_name = "WHICH")]
    pub(crate) deps: Option<Deps>,
    /// Build elements again whose build failed before
    #[arg(short, long)]
    pub(crate) retry_failed: bool,
    #[command(flatten)]
    pub(crate) artifact_remotes: ArtifactRemotes,
    #[command(flatten)]
    pub(crate) source_remotes: SourceRemotes,
    #[command(flatten)]
    pub(crate) speculation: SpeculationArgs,
    #[command(flatten)]
    pub(crate) recording: RecordingArgs,
}

/// `prime`
#[derive(Args, Debug)]
#[command(after_help = PRIME_HELP)]
pub(crate) struct PrimeArgs {
    /// The elements; none means the project's default targets, or else all
    #[arg(value_name = "ELEMENT")]
    pub(crate) elements: Vec<String>,
    /// Which dependencies to prime in addition to the elements [default: run]
    #[arg(short, long, value_enum, value_name = "WHICH")]
    pub(crate) deps: Option<Deps>,
    #[command(flatten)]
    pub(crate) artifact_remotes: ArtifactRemotes,
    #[command(flatten)]
    pub(crate) source_remotes: SourceRemotes,
    #[command(flatten)]
    pub(crate) speculation: SpeculationArgs,
    #[command(flatten)]
    pub(crate) recording: RecordingArgs,
}

const PRIME_HELP: &str = "Example: spec-host prime app.bst, after a header of a library has changed. It fills the action \
cache with what the records of earlier builds predict, as far as that is possible without building.";

/// `show`
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The elements; none means the project's default targets, or else all
    #[arg(value_name = "ELEMENT")]
    pub(crate) elements: Vec<String>,
    /// Which dependencies to show in addition to the elements
    #[arg(short, long, value_enum, value_name = "WHICH", default_value = "all")]
    pub(crate) deps: Deps,
    /// Leave out these elements and what only they need
    #[arg(long, value_name = "ELEMENT")]
    pub(crate) except: Vec<String>,
    /// In which order
    #[arg(long, value_enum, default_value = "stage")]
    pub(crate) order: ListOrder,
    /// What to print for each element
    #[arg(short, long, long_help = SHOW_FORMAT)]
    pub(crate) format: Option<String>,
    /// Print everything as JSON
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// `why`
#[derive(Args, Debug)]
pub(crate) struct WhyArgs {
    /// The element
    #[arg(value_name = "ELEMENT")]
    pub(crate) element: String,
    /// Compare with the artifact whose key begins with these digits [default: the other artifact recorded last]
    #[arg(long, value_name = "KEY")]
    pub(crate) since: Option<String>,
    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `why-miss`
#[derive(Args, Debug)]
pub(crate) struct WhyMissArgs {
    /// The element, or an artifact as PROJECT/ELEMENT/KEY
    #[arg(value_name = "ELEMENT")]
    pub(crate) artifact: String,
    /// Only actions whose digest begins with this, or whose command names this file
    #[arg(value_name = "ACTION|FILE")]
    pub(crate) which: Option<String>,
    /// Print everything as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const SHOW_FORMAT: &str = "What to print for each element, for example '%{state: >12} %{key} %{name}'.

Symbols: name kind description key full-key state config vars env public deps build-deps runtime-deps workspaced \
workspace-dirs source-info artifact-cas-digest. A fill character, an alignment (< ^ >), a width and a precision may follow, as in \
%{name: ^20} or %{description:.40}.";

/// `shell`
#[derive(Args, Debug)]
#[command(after_help = "Example: spec-host shell app.bst -- ls -l /usr/bin")]
pub(crate) struct ShellArgs {
    /// Stage the element's build dependencies and its sources
    #[arg(short, long)]
    pub(crate) build: bool,
    /// Stage the cached build tree; implies --build
    #[arg(short = 't', long)]
    pub(crate) use_buildtree: bool,
    /// Mount a file or folder of the host at a path inside; may be given several times
    #[arg(long, num_args = 2, value_names = ["HOSTPATH", "PATH"], action = clap::ArgAction::Append)]
    mount: Vec<String>,
    /// Make the sandbox as builds have it: without network, files of the host, and the project's settings for shells
    #[arg(long)]
    pub(crate) isolate: bool,
    #[command(flatten)]
    pub(crate) artifact_remotes: ArtifactRemotes,
    #[command(flatten)]
    pub(crate) source_remotes: SourceRemotes,
    /// The element [default: that of the workspace of this folder]
    pub(crate) element: Option<String>,
    /// The command; none means an interactive shell
    #[arg(trailing_var_arg = true)]
    pub(crate) command: Vec<String>,
}

impl ShellArgs {
    /// What is mounted: paths of the host, and paths inside.
    pub(crate) fn mounts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.mount.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str()))
    }
}

/// `bench`
#[cfg(feature = "bench")]
#[derive(Args, Debug)]
pub(crate) struct BenchArgs {
    /// A cached element with `/bin/true` in it
    #[arg(long)]
    pub(crate) element: String,
    /// How often each figure is measured; the median is reported
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) runs: u32,
}

/// The version of the format of new projects: the newest that is understood.
const MIN_VERSION: &str = "2.8";

/// `init`
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The directory of the project [default: the current one]
    pub(crate) directory: Option<std::path::PathBuf>,
    /// The project's name
    #[arg(long, value_name = "NAME")]
    pub(crate) project_name: Option<String>,
    /// The format version the project needs
    #[arg(long, value_name = "VERSION", default_value = MIN_VERSION, allow_hyphen_values = true)]
    pub(crate) min_version: String,
    /// The directory of its elements
    #[arg(long, value_name = "PATH", default_value = "elements")]
    pub(crate) element_path: String,
    /// Overwrite an existing project.conf
    #[arg(short, long)]
    pub(crate) force: bool,
}

#[cfg(test)]
mod tests;

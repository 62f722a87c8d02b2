//! The user configuration: a file in BuildStream's format, whose settings options of the command line override.

mod environment;
mod execution;
mod file;
mod limits;
mod numbers;
mod sections;
mod served;
#[cfg(feature = "bench")]
mod simulated_cluster;
mod speculation_budget;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) use environment::Environment;
pub(crate) use execution::ExecutionSettings;
pub(crate) use limits::TreeAndActionLimits;
pub(crate) use served::ServeRights;
use spec_model::{Mapping, Node};
use spec_session::remotes::UserRemotes;
use spec_session::{OVERLAY_POLICY_KEY, PRIMING_POLICY_KEY, PolicyChoice};
use spec_source::{Proxies, SshOptions};
use spec_speculation::priming::Budget;
use spec_speculation::{RecordFormat, SpeculationMode};

use crate::cli::{CacheBuildTrees, Deps, GlobalOptions, OnError};
use crate::error::CommandResult;
use crate::message_format::MessageFormat;
use crate::values::SizeSetting;

/// All settings: the defaults, overridden by the file, overridden by the command line.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file it came from, if there is one.
    pub(crate) origin: Option<PathBuf>,
    /// The cache directory: everything in it can be made again.
    pub(crate) cache_dir: PathBuf,
    /// The folder of downloads.
    pub(crate) source_dir: PathBuf,
    /// Logs of builds.
    pub(crate) log_dir: PathBuf,
    /// The folder below which workspaces are opened.
    pub(crate) workspace_dir: PathBuf,
    /// The size limit of the cache; `None` for no limit but the disk.
    pub(crate) quota: Option<SizeSetting>,
    /// How much of the disk must stay free.
    pub(crate) reserved: SizeSetting,
    /// The part of its quota to which a cache that exceeds it is evicted, in percent.
    pub(crate) low_watermark: u8,
    /// When build trees are kept.
    pub(crate) cache_buildtrees: CacheBuildTrees,
    /// How many elements are fetched at a time.
    pub(crate) fetchers: u32,
    /// How many elements are built at a time.
    pub(crate) builders: u32,
    /// How many elements are pushed to shared caches at a time.
    pub(crate) pushers: u32,
    /// Whether build trees are pulled with artifacts.
    pub(crate) pull_buildtrees: bool,
    /// The servers of shared caches and of remote execution.
    pub(crate) remotes: UserRemotes,
    /// The user's folder, which `~` stands for.
    pub(crate) home: PathBuf,
    /// How often a failed download is tried again.
    pub(crate) network_retries: u32,
    /// Which proxies downloads go through.
    pub(crate) proxies: Proxies,
    /// The file with passwords for downloads.
    pub(crate) netrc: Option<PathBuf>,
    /// How git repositories are reached over ssh.
    pub(crate) ssh: SshOptions,
    /// What a failure does to the session.
    pub(crate) on_error: OnError,
    /// How many jobs one build may run in parallel.
    pub(crate) max_jobs: u32,
    /// Whether failed builds that are cached are built again.
    pub(crate) retry_failed: bool,
    /// The mode of speculative actions.
    pub(crate) speculation: SpeculationMode,
    /// What primed actions of a session may cost.
    pub(crate) speculation_budget: Budget,
    /// How records of speculative actions are stored.
    pub(crate) record_format: RecordFormat,
    /// The overlay policy, which says where inputs of recorded actions come from.
    pub(crate) overlay_policy: Option<PolicyChoice>,
    /// The priming policy, which says which predicted actions are run.
    pub(crate) priming_policy: Option<PolicyChoice>,
    /// A simulated cluster that executes actions.
    #[cfg(feature = "bench")]
    pub(crate) cluster: Option<crate::simulated_cluster::SimulatedCluster>,
    /// What is executed where.
    pub(crate) execution: ExecutionSettings,
    /// Limits of trees and of outputs of actions.
    pub(crate) bounds: TreeAndActionLimits,
    /// The rights of the actions of clients of `serve`.
    pub(crate) served: ServeRights,
    /// Which dependencies `build` takes without `--deps`.
    pub(crate) dependencies: Deps,
    /// How many digits of a key are shown.
    pub(crate) key_length: usize,
    /// How many lines of a failed command's log are shown.
    pub(crate) error_lines: usize,
    /// How many lines of a message's detail are shown.
    pub(crate) message_lines: usize,
    /// What `show` prints without `--format`.
    pub(crate) element_format: String,
    /// The format of lines about messages, if it is another than ours.
    pub(crate) message_format: Option<MessageFormat>,
    /// Whether the plain log also reports the progress of running jobs.
    pub(crate) verbose: bool,
    /// Whether the program's own trace is written.
    pub(crate) debug: bool,
    /// The settings for single projects, by name, as in the file: options, mirrors, `strict`.
    pub(crate) projects: Mapping,
    /// Settings of the file that have no effect yet.
    pub(crate) without_effect: Vec<String>,
}

impl Config {
    /// Reads the file that the command line or the environment names; options of the command line override it.
    ///
    /// # Errors
    /// `relative-home`, or when the file cannot be read or is wrong.
    pub(crate) fn load(globals: &GlobalOptions, environment: &Environment) -> CommandResult<Self> {
        environment.check()?;
        let mut config = Self::defaults(environment);
        if let Some(path) = file::find(globals.config.as_deref(), environment) {
            let mapping = file::read(&path)?;
            config.take(&mapping, environment)?;
            config.choose_policies(&mapping, &path, environment)?;
            config.origin = Some(path);
        }
        config.override_with(globals);
        Ok(config)
    }

    /// The defaults: those of BuildStream, except for the folders.
    pub(crate) fn defaults(environment: &Environment) -> Self {
        let cache_dir = environment.cache_home().join("spec-host");
        Self {
            origin: None,
            source_dir: cache_dir.join("sources"),
            log_dir: cache_dir.join("logs"),
            workspace_dir: PathBuf::from("."),
            cache_dir,
            quota: None,
            reserved: SizeSetting::Percent(5),
            low_watermark: 80,
            cache_buildtrees: CacheBuildTrees::Auto,
            fetchers: 10,
            builders: 4,
            pushers: 4,
            pull_buildtrees: false,
            remotes: UserRemotes::default(),
            home: environment.home_folder(),
            network_retries: 2,
            proxies: Proxies::from_environment(|name| environment.variable(name)),
            netrc: environment.netrc(),
            ssh: SshOptions::from_environment(|name| environment.variable(name)),
            on_error: OnError::Quit,
            max_jobs: numbers::default_max_jobs(),
            retry_failed: false,
            speculation: SpeculationMode::Full,
            speculation_budget: Budget::default(),
            record_format: RecordFormat::default(),
            overlay_policy: None,
            priming_policy: None,
            #[cfg(feature = "bench")]
            cluster: None,
            execution: ExecutionSettings::default(),
            bounds: TreeAndActionLimits::default(),
            served: ServeRights::default(),
            dependencies: Deps::Run,
            key_length: 8,
            error_lines: 20,
            message_lines: 20,
            element_format: "%{state: >12} %{full-key} %{name} %{workspace-dirs}".to_owned(),
            message_format: None,
            verbose: false,
            debug: false,
            projects: Mapping::new(),
            without_effect: Vec::new(),
        }
    }

    fn take(&mut self, file: &Mapping, environment: &Environment) -> Result<(), spec_model::NodeError> {
        sections::top(self, file, environment)
    }

    /// Files of policies are relative to the configuration file.
    fn choose_policies(
        &mut self,
        file: &Mapping,
        path: &Path,
        environment: &Environment,
    ) -> Result<(), spec_model::NodeError> {
        let Some(section) = file.opt_mapping("scheduler")? else { return Ok(()) };
        let folder = path.parent().unwrap_or(Path::new("."));
        let file = |name: &str| folder.join(environment.expand(name));
        self.overlay_policy = PolicyChoice::of(section, OVERLAY_POLICY_KEY, &file)?;
        self.priming_policy = PolicyChoice::of(section, PRIMING_POLICY_KEY, &file)?;
        Ok(())
    }

    fn override_with(&mut self, globals: &GlobalOptions) {
        let set = |to: &mut u32, from: Option<u32>| *to = from.unwrap_or(*to);
        set(&mut self.fetchers, globals.fetchers);
        set(&mut self.builders, globals.builders);
        set(&mut self.pushers, globals.pushers);
        self.pull_buildtrees |= globals.pull_buildtrees;
        set(&mut self.network_retries, globals.network_retries);
        set(&mut self.max_jobs, globals.max_jobs.map(numbers::max_jobs));
        self.verbose = globals.verbose().unwrap_or(self.verbose);
        self.debug = globals.debug().unwrap_or(self.debug);
        self.on_error = globals.on_error.unwrap_or(self.on_error);
        self.cache_buildtrees = globals.cache_buildtrees.unwrap_or(self.cache_buildtrees);
        self.error_lines = globals.error_lines.map_or(self.error_lines, |lines| lines as usize);
        self.message_lines = globals.message_lines.map_or(self.message_lines, |lines| lines as usize);
    }

    /// Whether a change of build dependencies rebuilds in the project of that name.
    pub(crate) fn strict(&self, globals: &GlobalOptions, project: &str) -> bool {
        let section = self.projects.get(project).and_then(|node| node.as_mapping().ok());
        let of_file = section.and_then(|section| section.bool_or("strict", true).ok());
        globals.strict().or(of_file).unwrap_or(true)
    }

    /// The projects whose builds may make user namespaces.
    pub(crate) fn user_namespaces(&self) -> BTreeSet<String> {
        let allowed = |node: &Node| {
            let sandbox = node.as_mapping().ok()?.opt_mapping("sandbox").ok()??;
            sandbox.bool_or(sections::ALLOW_USER_NAMESPACES, false).ok()
        };
        let projects = self.projects.entries.iter();
        projects.filter(|(_, node)| allowed(node) == Some(true)).map(|(name, _)| name.to_string()).collect()
    }

    /// The folder below the cache with that name.
    pub(crate) fn cache(&self, name: impl AsRef<Path>) -> PathBuf {
        self.cache_dir.join(name)
    }
}

#[cfg(test)]
mod tests;

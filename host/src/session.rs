//! Opens sessions with the options of the command line and the configuration.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use spec_build::CacheBuildtrees;
use spec_cas::{Cas, Quota};
use spec_model::{Cancel, DigestFunction};
use spec_project::{LoadOptions, ProjectConfig, UnresolvedProject};
use spec_recording::SessionRecorder;
use spec_session::{
    JunctionStaging, LoadedProject, PolicyOptions, Session, SessionOptions, SourceOptions,
    SpeculationSettings,
};
use spec_source::FetchMonitor;

use crate::action_execution::ActionExecution;
use crate::app::App;
use crate::cache_folder::warn;
use crate::cli::{CacheBuildTrees, RecordingArgs, SpeculationArgs};
use crate::config::Config;
use crate::error::{CommandError, CommandResult};
use crate::project_plugins;
use crate::recordings::CommandRecording;
use crate::term::{Style, TextRole, sanitize_line, write_stderr};

/// What a command does with junctions among its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JunctionTargets {
    /// It leaves them out of the default targets, and refuses them otherwise.
    Refused,
    /// It takes them as it takes elements.
    Allowed,
    /// It looks for new versions of them, so that one without a ref must not be needed to read the project.
    Tracked,
}

/// The elements that a session is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionTargets<'a> {
    /// Their names; none for the project's defaults.
    pub(crate) elements: &'a [String],
    /// The names of those that are left out.
    pub(crate) except: &'a [String],
    /// What is done with junctions among them.
    pub(crate) junctions: JunctionTargets,
    /// The names of those whose own sources are wanted, not their workspaces.
    pub(crate) closed_workspaces: &'a [String],
}

impl<'a> SessionTargets<'a> {
    /// These elements, without junctions.
    pub(crate) fn of(elements: &'a [String]) -> Self {
        Self { elements, except: &[], junctions: JunctionTargets::Refused, closed_workspaces: &[] }
    }
}

impl App {
    /// Opens a session over the project of the command line, with these targets (none for the project's defaults).
    ///
    /// # Errors
    /// What is wrong with the project, or when the cache cannot be opened.
    pub(crate) fn open_session(&self, targets: &[String]) -> CommandResult<Arc<Session>> {
        self.open_session_for(SessionTargets::of(targets))
    }

    /// Opens a session that leaves elements out, or may have junctions among its targets.
    ///
    /// # Errors
    /// As [`open_session`](Self::open_session).
    pub(crate) fn open_session_for(&self, targets: SessionTargets<'_>) -> CommandResult<Arc<Session>> {
        Ok(self.open_with(targets, || Ok(CommandRecording::off()))?.0)
    }

    /// Opens a session that is recorded.
    ///
    /// # Errors
    /// As [`open_session`](Self::open_session), or when a file that `wanted` names cannot be made.
    pub(crate) fn open_recorded_session(
        &self,
        targets: &[String],
        wanted: &RecordingArgs,
    ) -> CommandResult<(Arc<Session>, CommandRecording)> {
        self.open_with(SessionTargets::of(targets), || CommandRecording::start(self, wanted))
    }

    /// The recording starts when the cache is open.
    fn open_with(
        &self,
        targets: SessionTargets<'_>,
        start_recording: impl FnOnce() -> CommandResult<CommandRecording>,
    ) -> CommandResult<(Arc<Session>, CommandRecording)> {
        for (kind, file) in &self.globals.plugins {
            check_component_file(kind, file)?;
        }
        let loaded = self.load_project(targets)?;
        for (kind, file) in loaded.unused_plugins() {
            let text =
                format!("--plugin {kind}={} has no effect: no element is of kind '{kind}'", file.display());
            self.warn("unused-plugin", &text);
        }
        let strict = self.config.strict(&self.globals, &loaded.project.config.name);
        let cas = self.open_cas(DigestFunction::Sha256)?;
        let warn = |reason: &str, text: &str| self.warn(reason, text);
        let chosen = ActionExecution::choose(&self.config, &loaded.project.config.name, cas)?;
        let recording = start_recording()?;
        let recorder = recording.recorder.clone();
        let options = SessionOptions { recorder, ..session_options(&self.config, strict, &chosen) };
        Ok((Arc::new(Session::open(loaded, chosen.cas, options, &warn)?), recording))
    }

    fn load_project(&self, targets: SessionTargets<'_>) -> CommandResult<LoadedProject> {
        let sources = source_options(&self.config);
        let (options, junctions) = (load_options(self, targets), self.junction_staging(&sources));
        let project = UnresolvedProject::read(&options, &junctions)?;
        let kinds = project_plugins::kinds(self, project.config())?;
        let plugins = spec_plugins::Options { project: kinds, ..self.plugin_options() };
        Ok(LoadedProject::resolve(project, plugins, &junctions)?)
    }

    /// What holds for the whole project of the command line.
    ///
    /// # Errors
    /// What is wrong with project.conf.
    pub(crate) fn project_config(&self) -> CommandResult<ProjectConfig> {
        let sources = source_options(&self.config);
        Ok(spec_project::load_config(
            &load_options(self, SessionTargets::of(&[])),
            &self.junction_staging(&sources),
        )?)
    }

    /// Fetches and stages junctions, and tells the user of it.
    fn junction_staging<'a>(&'a self, options: &'a SourceOptions) -> JunctionStaging<'a> {
        let style = self.err;
        let monitor = FetchMonitor::silent(Cancel::new())
            .with_warnings(move |reason, text| warn(style, reason, text))
            .with_notes(move |_, text| tell(style, text));
        JunctionStaging::new(options, || self.try_open_cas(DigestFunction::Sha256), monitor)
    }

    /// The settings of speculation of a build of this project.
    ///
    /// # Errors
    /// When those of the project are wrong.
    pub(crate) fn speculation_settings(
        &self,
        args: &SpeculationArgs,
        project: &ProjectConfig,
    ) -> CommandResult<SpeculationSettings> {
        let config = &self.config;
        let overlay = PolicyOptions { configured: config.overlay_policy.clone(), ..args.overlay() };
        let priming = PolicyOptions { configured: config.priming_policy.clone(), ..args.priming() };
        let mode = args.mode.unwrap_or(config.speculation);
        let settings = SpeculationSettings::new(mode, overlay, priming, project)?;
        let settings = match args.shadow() {
            Some((component, shadow)) => settings.with_shadow(component, shadow),
            None => settings,
        };
        settings.with_plugins(|name| project_plugins::policy(self, project, name))
    }
}

/// Tells what a command does before its jobs.
fn tell(style: Style, text: &str) {
    let line = style.paint(TextRole::Dim, format_args!("{}", sanitize_line(text)));
    write_stderr(&format!("{line}\n"), style);
}

/// Refuses an option `--plugin` whose file is not there, even if no element is of that kind.
fn check_component_file(kind: &str, file: &Path) -> CommandResult {
    match spec_files::read(file, 0) {
        Err(error) if error.kind() != ErrorKind::FileTooLarge => {
            let message = format!("--plugin {kind}={}: the file cannot be read: {error}", file.display());
            Err(CommandError::usage("plugin-unreadable", message).hint("check its name"))
        }
        _ => Ok(()),
    }
}

fn load_options(app: &App, targets: SessionTargets<'_>) -> LoadOptions {
    LoadOptions {
        directory: app.globals.directory().to_owned(),
        targets: targets.elements.to_vec(),
        except: targets.except.to_vec(),
        junctions: targets.junctions != JunctionTargets::Refused,
        only_needed: targets.junctions == JunctionTargets::Tracked,
        closed_workspaces: targets.closed_workspaces.to_vec(),
        default_mirror: app.globals.default_mirror.clone(),
        options: app.globals.options().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        max_jobs: Some(app.config.max_jobs),
        projects: app.config.projects.clone(),
    }
}

fn session_options(config: &Config, strict: bool, chosen: &ActionExecution) -> SessionOptions {
    SessionOptions {
        strict,
        sources: source_options(config),
        log_dir: config.log_dir.clone(),
        cache_buildtrees: match config.cache_buildtrees {
            CacheBuildTrees::Always => CacheBuildtrees::Always,
            CacheBuildTrees::Auto => CacheBuildtrees::Auto,
            CacheBuildTrees::Never => CacheBuildtrees::Never,
        },
        user_namespaces: config.user_namespaces(),
        artifact_size: config.bounds.artifact,
        remotes: config.remotes.clone(),
        home: config.home.clone(),
        pull_buildtrees: config.pull_buildtrees,
        executor: chosen.executor.clone(),
        element_commands: chosen.element_commands.clone(),
        messages: chosen.messages.clone(),
        session_remotes: chosen.remotes.clone(),
        workers: chosen.workers,
        speculation_budget: config.speculation_budget,
        record_format: config.record_format,
        key_length: config.key_length,
        error_lines: config.error_lines,
        recorder: SessionRecorder::default(),
    }
}

fn source_options(config: &Config) -> SourceOptions {
    SourceOptions {
        directory: config.source_dir.clone(),
        network_retries: config.network_retries,
        proxies: config.proxies.clone(),
        netrc: config.netrc.clone(),
        ssh: Arc::new(config.ssh.clone()),
        trees: config.bounds.trees,
    }
}

/// The quota of the configuration on the disk of a store.
///
/// # Errors
/// When the size of the disk cannot be read.
pub(crate) fn quota(config: &Config, cas: &Cas) -> CommandResult<Quota> {
    let disk = rustix::fs::statvfs(cas.root());
    let disk = disk.map_err(|error| CommandError::io("look at the cache's disk", &error.into()))?;
    let disk = disk.f_blocks.saturating_mul(disk.f_frsize);
    Ok(Quota {
        max_bytes: config.quota.map(|size| size.bytes(disk)),
        reserved_bytes: config.reserved.bytes(disk),
        low_watermark: config.low_watermark,
    })
}

//! The sections of the configuration file.

use std::path::PathBuf;

use clap::ValueEnum;
use spec_model::{Mapping, Node, NodeError, NodeKind};
use spec_session::remotes::UserRemotes;
use spec_session::{OVERLAY_POLICY_KEY, PRIMING_POLICY_KEY};
use spec_speculation::{RecordFormat, SpeculationMode};

use super::{
    Config, Environment, ExecutionSettings, ServeRights, TreeAndActionLimits, numbers, speculation_budget,
};
use crate::cli::Deps;
use crate::message_format::MessageFormat;
use crate::values::SizeSetting;

type NodeResult = Result<(), NodeError>;
type SectionReader = (&'static str, fn(&mut Config, &Mapping) -> NodeResult);

/// Keys of BuildStream that have no effect here yet.
const LATER: [&str; 2] = ["fetch", "track"];
const LOGGING_LATER: [&str; 1] = ["throttle-ui-updates"];

/// The keys below `projects: NAME`.
const PROJECT_KEYS: [&str; 10] = [
    "options",
    "equal-element-plugins",
    "equal-source-plugins",
    "strict",
    "default-mirror",
    "mirrors",
    "sandbox",
    "artifacts",
    "source-caches",
    "remote-execution",
];

/// The key below `projects: NAME: sandbox` that permits user namespaces to the builds of a project.
pub(super) const ALLOW_USER_NAMESPACES: &str = "allow-user-namespaces";

/// Reads the whole file.
pub(super) fn top(config: &mut Config, file: &Mapping, environment: &Environment) -> NodeResult {
    let known = [
        "cachedir",
        "sourcedir",
        "logdir",
        "workspacedir",
        "scheduler",
        "build",
        "cache",
        "logging",
        "projects",
        "limits",
        "serve",
        "artifacts",
        "source-caches",
        "remote-execution",
        "execution",
    ];
    check(config, file, "", &known, &LATER)?;
    directories(config, file, environment)?;
    let sections: [SectionReader; 8] = [
        ("scheduler", scheduler),
        ("build", build),
        ("cache", cache),
        ("logging", logging),
        ("projects", projects),
        ("limits", |config, section| TreeAndActionLimits::of(section).map(|bounds| config.bounds = bounds)),
        ("execution", |config, section| ExecutionSettings::of(section).map(|set| config.execution = set)),
        ("serve", |config, section| ServeRights::of(section).map(|served| config.served = served)),
    ];
    for (name, take) in sections {
        if let Some(section) = file.opt_mapping(name)? {
            take(config, section)?;
        }
    }
    config.remotes = UserRemotes::from_config(file, &environment.credential_paths())?;
    let remotes = config.remotes.projects.values().chain([&config.remotes.all]);
    let mut clusters = remotes.filter_map(|remotes| remotes.execution.as_ref());
    if clusters.any(|servers| servers.execution.is_none()) {
        config.without_effect.push("remote-execution without an execution-service".to_owned());
    }
    Ok(())
}

/// Refuses unknown keys, and collects those without effect.
fn check(config: &mut Config, section: &Mapping, name: &str, known: &[&str], later: &[&str]) -> NodeResult {
    section.validate_keys(&[known, later].concat())?;
    let idle = later.iter().filter(|key| section.get(key).is_some());
    config.without_effect.extend(idle.map(|key| format!("{name}{key}")));
    Ok(())
}

fn directories(config: &mut Config, file: &Mapping, environment: &Environment) -> NodeResult {
    if let Some(path) = directory(file, "cachedir", environment)? {
        config.source_dir = path.join("sources");
        config.log_dir = path.join("logs");
        config.cache_dir = path;
    }
    if let Some(path) = directory(file, "sourcedir", environment)? {
        config.source_dir = path;
    }
    if let Some(path) = directory(file, "logdir", environment)? {
        config.log_dir = path;
    }
    // The folder of the command itself is what BuildStream has as its default, too.
    if file.opt_str("workspacedir")?.is_some_and(|path| path != ".") {
        config.workspace_dir = directory(file, "workspacedir", environment)?.unwrap_or_default();
    }
    Ok(())
}

fn directory(file: &Mapping, key: &str, environment: &Environment) -> Result<Option<PathBuf>, NodeError> {
    let Some(node) = file.get(key) else { return Ok(None) };
    let path = environment.expand(node.as_str()?);
    if path.is_absolute() { Ok(Some(path)) } else { Err(node.expected("an absolute path")) }
}

fn scheduler(config: &mut Config, section: &Mapping) -> NodeResult {
    let known = [
        "on-error",
        "fetchers",
        "builders",
        "pushers",
        "network-retries",
        "speculative-actions",
        "speculation-budget",
        "speculation-record-format",
        OVERLAY_POLICY_KEY,
        PRIMING_POLICY_KEY,
        #[cfg(feature = "bench")]
        "simulated-cluster",
    ];
    check(config, section, "scheduler.", &known, &[])?;
    numbers::take(section, "pushers", 1, &mut config.pushers)?;
    numbers::take(section, "fetchers", 1, &mut config.fetchers)?;
    numbers::take(section, "builders", 1, &mut config.builders)?;
    numbers::take(section, "network-retries", 0, &mut config.network_retries)?;
    if let Some(node) = section.get("speculative-actions") {
        config.speculation = mode(node)?;
    }
    if let Some(section) = section.opt_mapping("speculation-budget")? {
        config.speculation_budget = speculation_budget::read(section)?;
    }
    if let Some(node) = section.get("speculation-record-format") {
        config.record_format = record_format(node)?;
    }
    #[cfg(feature = "bench")]
    {
        let section = section.opt_mapping("simulated-cluster")?;
        config.cluster = section.map(super::simulated_cluster::read).transpose()?;
    }
    word(section, "on-error", &mut config.on_error)
}

/// A mode by its name, or a truth value for `full` or `none`.
fn mode(node: &Node) -> Result<SpeculationMode, NodeError> {
    if let Ok(wanted) = node.as_bool() {
        return Ok(if wanted { SpeculationMode::Full } else { SpeculationMode::None });
    }
    let names = SpeculationMode::ALL.map(SpeculationMode::as_str).join(", ");
    node.as_str()?.parse().map_err(|_| node.expected(&format!("True, False, or one of {names}")))
}

fn record_format(node: &Node) -> Result<RecordFormat, NodeError> {
    let names = RecordFormat::ALL.map(RecordFormat::as_str).join(", ");
    node.as_str()?.parse().map_err(|_| node.expected(&format!("one of {names}")))
}

fn build(config: &mut Config, section: &Mapping) -> NodeResult {
    check(config, section, "build.", &["max-jobs", "retry-failed", "dependencies"], &[])?;
    let mut jobs = 0;
    numbers::take(section, "max-jobs", 0, &mut jobs)?;
    config.max_jobs = numbers::max_jobs(jobs);
    config.retry_failed = section.bool_or("retry-failed", config.retry_failed)?;
    if let Some(node) = section.get("dependencies") {
        let deps = Deps::from_str(node.as_str()?, false).ok().filter(|deps| *deps != Deps::Build);
        config.dependencies = deps.ok_or_else(|| node.expected("one of none, run, all"))?;
    }
    Ok(())
}

fn cache(config: &mut Config, section: &Mapping) -> NodeResult {
    let known = [
        "quota",
        "reserved-disk-space",
        "low-watermark",
        "cache-buildtrees",
        "pull-buildtrees",
        "storage-service",
    ];
    check(config, section, "cache.", &known, &[])?;
    config.pull_buildtrees = section.bool_or("pull-buildtrees", config.pull_buildtrees)?;
    if let Some(node) = section.get("quota") {
        config.quota = match node.as_str()? {
            "infinity" => None,
            _ => Some(size(node)?),
        };
    }
    if let Some(node) = section.get("reserved-disk-space") {
        config.reserved = size(node)?;
    }
    if let Some(node) = section.get("low-watermark") {
        config.low_watermark = match SizeSetting::parse(node.as_str()?) {
            Some(SizeSetting::Percent(percent)) => percent,
            _ => return Err(node.expected("a part of the quota such as 80%")),
        };
    }
    word(section, "cache-buildtrees", &mut config.cache_buildtrees)
}

fn size(node: &Node) -> Result<SizeSetting, NodeError> {
    SizeSetting::parse(node.as_str()?).ok_or_else(|| node.expected("a size such as 800M, 10G, 50%"))
}

fn logging(config: &mut Config, section: &Mapping) -> NodeResult {
    let known = [
        "key-length",
        "error-lines",
        "message-lines",
        "element-format",
        "message-format",
        "verbose",
        "debug",
    ];
    check(config, section, "logging.", &known, &LOGGING_LATER)?;
    numbers::take_size(section, "key-length", &mut config.key_length)?;
    numbers::take_size(section, "error-lines", &mut config.error_lines)?;
    numbers::take_size(section, "message-lines", &mut config.message_lines)?;
    config.verbose = section.bool_or("verbose", config.verbose)?;
    config.debug = section.bool_or("debug", config.debug)?;
    if let Some(format) = section.opt_str("element-format")? {
        config.element_format = format.trim().to_owned();
    }
    if let Some(node) = section.get("message-format") {
        let format = MessageFormat::parse(node.as_str()?.trim());
        config.message_format =
            Some(format.map_err(|why| node.expected(&format!("a format of lines ({why})")))?);
    }
    Ok(())
}

fn projects(config: &mut Config, section: &Mapping) -> NodeResult {
    for (name, node) in &section.entries {
        let section = node.as_mapping()?;
        let prefix = format!("projects.{name}.");
        check(config, section, &prefix, &PROJECT_KEYS, &[])?;
        for option in section.opt_mapping("options")?.into_iter().flat_map(|options| options.entries.values())
        {
            // Those of flags are lists.
            match &option.kind {
                NodeKind::Sequence(_) => drop(option.as_str_list()?),
                _ => drop(option.as_str()?),
            }
        }
        section.bool_or("strict", true)?;
        section.opt_str("default-mirror")?;
        if let Some(sandbox) = section.opt_mapping("sandbox")? {
            sandbox.validate_keys(&[ALLOW_USER_NAMESPACES])?;
            sandbox.bool_or(ALLOW_USER_NAMESPACES, false)?;
        }
    }
    config.projects = section.clone();
    Ok(())
}

/// Sets one of several words, if the key exists.
fn word<E: ValueEnum>(section: &Mapping, key: &str, to: &mut E) -> NodeResult {
    if let Some(node) = section.get(key) {
        let words: Vec<_> = E::value_variants().iter().filter_map(ValueEnum::to_possible_value).collect();
        let expected =
            words.iter().map(clap::builder::PossibleValue::get_name).collect::<Vec<_>>().join(", ");
        let value = E::from_str(node.as_str()?, false);
        *to = value.map_err(|_| node.expected(&format!("one of {expected}")))?;
    }
    Ok(())
}

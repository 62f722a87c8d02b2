//! Reading project.conf.

use std::path::Path;

use spec_model::{Mapping, Node, NodeError};

use super::{
    LocalPlugins, Mirror, PROJECT_CONF, PathKind, ProjectConfig, ProjectDefaults, RefStorage, Shell,
    defaults, version,
};
use crate::compose::{assert_composed, compose, set_keeping_position};
use crate::element_files::element_files;
use crate::include::Includes;
use crate::options::Options;
use crate::variables::Variables;
use crate::yaml::{parse_file, parse_text};
use crate::{LoadError, LoadOptions, platform, project_path, symbol};

const KEYS: [&str; 25] = [
    "(?)",
    "(@)",
    "aliases",
    "artifacts",
    "defaults",
    "element-path",
    "elements",
    "environment",
    "environment-nocache",
    "fail-on-overlap",
    "fatal-warnings",
    "junctions",
    "min-version",
    "mirrors",
    "name",
    "options",
    "plugins",
    "ref-storage",
    "sandbox",
    "shell",
    "source-caches",
    "source-provenance-attributes",
    "sources",
    "split-rules",
    "variables",
];

/// The entry of `elements:` with settings of this program. BuildStream refuses unknown keys of project.conf, but does
/// not read the settings of kinds that no element has.
const OWN_KIND: &str = "spec-host";

/// The keys that cannot depend on a condition.
const UNCONDITIONAL: [&str; 9] = [
    "min-version",
    "name",
    "element-path",
    "junctions",
    "defaults",
    "fatal-warnings",
    "ref-storage",
    "options",
    "plugins",
];

/// The keys that must be in project.conf itself, not in an include.
const NOT_INCLUDED: [&str; 4] = ["name", "element-path", "min-version", "plugins"];

/// Loads the configuration of the project in `directory`, which is a real path.
pub(crate) fn load(
    directory: &Path,
    asked: &LoadOptions,
    includes: &Includes,
) -> Result<(ProjectConfig, ProjectDefaults), LoadError> {
    let defaults = parse_text(defaults::DEFAULTS, defaults::SHOWN_AS)?;
    let file = parse_file(&directory.join(PROJECT_CONF), PROJECT_CONF)?;
    let mut config = fixed(directory, &file, &defaults)?;

    let mut composed = file;
    includes.process(&mut composed, None)?;
    let mut root = defaults;
    compose(&composed, &mut root)?;
    let plugins = LocalPlugins::new(root.sequence_or_empty("plugins")?, directory)?;
    let overrides = asked.projects.opt_mapping(&config.name)?.cloned().unwrap_or_default();
    let options = options(&root, &config, asked, &overrides)?;
    options.resolve_conditionals(&mut root, &UNCONDITIONAL)?;
    check_keys(&root)?;

    let elements = take(&mut root, "elements")?;
    config.spec_host_settings = elements.opt_mapping(OWN_KIND)?.cloned().unwrap_or_default();
    let sources = take(&mut root, "sources")?;
    assert_composed(&root)?;
    config.local_plugins = plugins.components();
    config.options = options.printable();
    let mut variables = root.opt_mapping("variables")?.cloned().unwrap_or_default();
    set_keeping_position(&mut variables, "project-name", &config.name);
    let jobs = asked.max_jobs.filter(|jobs| *jobs > 0).unwrap_or_else(platform::default_jobs);
    set_keeping_position(&mut variables, "max-jobs", &jobs.to_string());
    options.export(&mut variables);
    finish(&mut config, &root, &variables, &overrides)?;
    let project_defaults = ProjectDefaults {
        variables,
        environment: root.require("environment")?.as_mapping()?.clone(),
        environment_nocache: root.str_list_or_empty("environment-nocache")?,
        sandbox: root.require("sandbox")?.as_mapping()?.clone(),
        splits: root.require("split-rules")?.as_mapping()?.clone(),
        options,
        elements,
        sources,
        plugins,
    };
    Ok((config, project_defaults))
}

/// The settings that come from project.conf itself, without includes and conditionals.
fn fixed(directory: &Path, file: &Mapping, defaults: &Mapping) -> Result<ProjectConfig, LoadError> {
    let mut root = defaults.clone();
    compose(file, &mut root)?;
    version::check(&root)?;
    root.validate_keys(&KEYS)?;
    let name = file.require("name")?;
    symbol::check(name.as_str()?, "project", symbol::Dashes::Allowed, name.position.as_ref())?;
    let element_path = project_path(directory, root.require("element-path")?, PathKind::Directory)?;
    let defaults = root.require("defaults")?.as_mapping()?;
    defaults.validate_keys(&["targets"])?;
    check_junctions(&root)?;
    Ok(ProjectConfig {
        name: name.as_str()?.to_owned(),
        directory: directory.to_path_buf(),
        element_path: element_path.strip_prefix(directory).map(Path::to_path_buf).unwrap_or_default(),
        default_targets: defaults.str_list_or_empty("targets")?,
        fatal_warnings: root.str_list_or_empty("fatal-warnings")?,
        ref_storage: ref_storage(root.require("ref-storage")?)?,
        aliases: Vec::new(),
        mirrors: Vec::new(),
        artifact_servers: Vec::new(),
        source_servers: Vec::new(),
        default_mirror: None,
        shell: Shell::default(),
        provenance_attributes: Vec::new(),
        options: Vec::new(),
        spec_host_settings: Mapping::new(),
        local_plugins: Vec::new(),
    })
}

fn check_junctions(root: &Mapping) -> Result<(), NodeError> {
    let Some(junctions) = root.opt_mapping("junctions")? else {
        return Ok(());
    };
    junctions.validate_keys(&["duplicates", "internal", "disallow-subproject-uris"])?;
    junctions.opt_mapping("duplicates")?;
    junctions.str_list_or_empty("internal")?;
    junctions.bool_or("disallow-subproject-uris", false).map(drop)
}

fn ref_storage(node: &Node) -> Result<RefStorage, NodeError> {
    match node.as_str()? {
        "inline" => Ok(RefStorage::Inline),
        "project.refs" => Ok(RefStorage::ProjectRefs),
        _ => Err(node.expected("'inline' or 'project.refs'")),
    }
}

fn options(
    root: &Mapping,
    config: &ProjectConfig,
    asked: &LoadOptions,
    overrides: &Mapping,
) -> Result<Options, LoadError> {
    let none = Mapping::new();
    let elements = || element_files(&config.directory.join(&config.element_path));
    let mut options = Options::new(root.opt_mapping("options")?.unwrap_or(&none), &elements)?;
    options.set_from_nodes(overrides.opt_mapping("options")?.unwrap_or(&none))?;
    options.set_from_texts(&asked.options)?;
    options.resolve()?;
    Ok(options)
}

/// Checks the keys after composition, because an include may have added some that are not allowed there.
fn check_keys(root: &Mapping) -> Result<(), NodeError> {
    root.validate_keys(&KEYS)?;
    for key in NOT_INCLUDED {
        let position = root.get(key).and_then(|node| node.position.as_ref());
        if position.is_some_and(|position| !matches!(&*position.file, PROJECT_CONF | defaults::SHOWN_AS)) {
            let message = format!("'{key}' must stand in {PROJECT_CONF} itself");
            return Err(NodeError::new("invalid-data", position, message));
        }
    }
    Ok(())
}

/// The settings that need variables.
fn finish(
    config: &mut ProjectConfig,
    root: &Mapping,
    variables: &Mapping,
    overrides: &Mapping,
) -> Result<(), LoadError> {
    let variables = with_directories(variables, &config.directory)?;
    for (alias, node) in root.opt_mapping("aliases")?.into_iter().flat_map(|aliases| &aliases.entries) {
        let mut node = node.clone();
        variables.expand_node(&mut node)?;
        config.aliases.push((alias.to_string(), node.as_str()?.to_owned()));
    }
    let mirrors = if overrides.get("mirrors").is_some() { overrides } else { root };
    for mirror in mirrors.sequence_or_empty("mirrors")? {
        let mut mirror = mirror.clone();
        variables.expand_node(&mut mirror)?;
        config.mirrors.push(Mirror::new(&mirror)?);
    }
    config.artifact_servers = root.sequence_or_empty("artifacts")?.to_vec();
    config.source_servers = root.sequence_or_empty("source-caches")?.to_vec();
    let first = || config.mirrors.first().map(|mirror| mirror.name.clone());
    config.default_mirror = overrides.opt_str("default-mirror")?.map(str::to_owned).or_else(first);
    if root.bool_or("fail-on-overlap", false)?
        && !config.fatal_warnings.iter().any(|warning| warning == "overlaps")
    {
        config.fatal_warnings.push("overlaps".to_owned());
    }
    config.shell = Shell::new(root.require("shell")?.as_mapping()?)?;
    let attributes = root.require("source-provenance-attributes")?.as_mapping()?;
    config.provenance_attributes = attributes.entries.keys().map(ToString::to_string).collect();
    Ok(())
}

/// The project's variables, and the further ones that aliases and mirrors may use.
fn with_directories(variables: &Mapping, directory: &Path) -> Result<Variables, NodeError> {
    let mut variables = variables.clone();
    let path = directory.display().to_string();
    let uri = format!("file://{}", percent_encode(directory));
    for (name, value) in [
        ("project-root", &path),
        ("toplevel-root", &path),
        ("project-root-uri", &uri),
        ("toplevel-root-uri", &uri),
    ] {
        variables.set(name, Node::text(value.as_str()));
    }
    Variables::new(&variables)
}

/// A path in a URI, as Python's `urllib.parse.quote` writes it.
fn percent_encode(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt as _;
    let mut encoded = String::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'_' | b'.' | b'-' | b'~' => {
                encoded.push((*byte).into())
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn take(root: &mut Mapping, name: &str) -> Result<Mapping, NodeError> {
    match root.remove(name) {
        None => Ok(Mapping::new()),
        Some(node) => node.as_mapping().cloned(),
    }
}

//! Reading project.conf.

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use spec_model::{Mapping, Node, NodeError};

use super::{
    AliasTarget, Aliases, DeclaredPlugins, JunctionRules, Mirror, PROJECT_CONF, ParentAliases, PathKind,
    ProjectConfig, ProjectDefaults, RefStorage, Shell, defaults, version,
};
use crate::compose::{assert_composed, compose, set_keeping_position};
use crate::element_files::element_files;
use crate::options::Options;
use crate::project_files::ProjectFiles;
use crate::variables::Variables;
use crate::yaml::parse_text;
use crate::{LoadError, LoadOptions, platform, project_path, symbol};

const ATTRIBUTES: &str = "source-provenance-attributes";
/// The warning that becomes an error in subprojects of a project that permits only mapped aliases.
const UNALIASED_URL: &str = "unaliased-url";

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

/// A project.conf that was read, with the settings that stand in the file itself.
pub(crate) struct ProjectConf {
    files: Rc<ProjectFiles>,
    file: Mapping,
    /// The defaults of all projects.
    defaults: Mapping,
    config: ProjectConfig,
    /// What it says about its junctions.
    pub(crate) junctions: JunctionRules,
    parent: Option<ParentSettings>,
}

/// What the junction that leads to a project, and the project of the junction, set for it.
pub(crate) struct ParentSettings {
    /// Values of its options.
    pub(crate) options: Mapping,
    /// The parent's aliases as they are for junctions.
    pub(crate) aliases: Arc<ParentAliases>,
    /// The folder of the top-level project.
    pub(crate) toplevel: PathBuf,
}

/// The settings of a project with its includes and conditionals.
pub(crate) struct ProjectSettings {
    pub(crate) config: ProjectConfig,
    pub(crate) defaults: ProjectDefaults,
}

/// Which settings of a project are composed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SettingsPass {
    /// Those without files of subprojects. Junctions and links have them, since subprojects are found through these.
    WithoutSubprojects,
    /// All of them.
    Whole,
}

impl ProjectConf {
    /// Reads the project.conf of a project.
    ///
    /// # Errors
    /// `project-not-loaded`, the errors of parsing, and what is wrong with the settings that cannot depend on others.
    pub(crate) fn read(files: Rc<ProjectFiles>, parent: Option<ParentSettings>) -> Result<Self, LoadError> {
        let defaults = parse_text(defaults::DEFAULTS, defaults::SHOWN_AS)?;
        let file = files.parse(PROJECT_CONF).map_err(|error| match error {
            LoadError::Unreadable { reason: "missing-file", .. } => {
                LoadError::MissingProjectConf { directory: files.shown("") }
            }
            other => other,
        })?;
        let mut root = defaults.clone();
        compose(&file, &mut root)?;
        let mut config = fixed(&files.directory, &file, &root)?;
        let mut junctions = JunctionRules::new(&root)?;
        if parent.as_ref().is_some_and(|parent| parent.aliases.only_mapped) {
            junctions.only_mapped_aliases = true;
            if !config.fatal_warnings.iter().any(|warning| warning == UNALIASED_URL) {
                config.fatal_warnings.push(UNALIASED_URL.to_owned());
            }
        }
        Ok(Self { files, file, defaults, config, junctions, parent })
    }

    /// Its settings that hold without anything else.
    pub(crate) fn config(&self) -> &ProjectConfig {
        &self.config
    }

    /// A copy of the file, to process its includes.
    pub(crate) fn contents(&self) -> Mapping {
        self.file.clone()
    }

    /// The settings of the project; `composed` is the file with its includes.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn settings(
        &self,
        composed: &Mapping,
        asked: &LoadOptions,
        pass: SettingsPass,
    ) -> Result<ProjectSettings, LoadError> {
        let mut config = self.config.clone();
        let mut root = self.defaults.clone();
        compose(composed, &mut root)?;
        let mut plugins = DeclaredPlugins::new(root.sequence_or_empty("plugins")?, &self.files)?;
        let mut overrides = asked.projects.opt_mapping(&config.name)?.cloned().unwrap_or_default();
        if let Some(mirror) = &asked.default_mirror {
            overrides.set("default-mirror", Node::text(mirror.as_str()));
        }
        let options = self.options(&root, asked, &overrides, pass)?;
        options.resolve_conditionals(&mut root, &UNCONDITIONAL)?;
        self.check_keys(&root)?;

        let elements = take(&mut root, "elements")?;
        config.spec_host_settings = elements.opt_mapping(OWN_KIND)?.cloned().unwrap_or_default();
        for settings in [&config.spec_host_settings, &overrides] {
            plugins.take_statements(settings)?;
        }
        let sources = take(&mut root, "sources")?;
        assert_composed(&root)?;
        config.local_plugins = plugins.components();
        config.options = options.printable();
        let mut variables = root.opt_mapping("variables")?.cloned().unwrap_or_default();
        set_keeping_position(&mut variables, "project-name", &config.name);
        let jobs = asked.max_jobs.filter(|jobs| *jobs > 0).unwrap_or_else(platform::default_jobs);
        set_keeping_position(&mut variables, "max-jobs", &jobs.to_string());
        options.export(&mut variables);
        self.finish(&mut config, &root, &variables, &overrides, &plugins)?;
        // As in BuildStream, a project that declares attributes does not have those of the defaults.
        let declared = composed.opt_mapping(ATTRIBUTES)?;
        let attributes = declared.map_or_else(|| root.require(ATTRIBUTES)?.as_mapping(), Ok)?;
        config.provenance_attributes = attributes.entries.keys().map(ToString::to_string).collect();
        let defaults = ProjectDefaults {
            variables: Arc::new(variables),
            texts: Arc::clone(&self.files.texts),
            environment: root.require("environment")?.as_mapping()?.clone(),
            environment_nocache: root.str_list_or_empty("environment-nocache")?,
            sandbox: root.require("sandbox")?.as_mapping()?.clone(),
            splits: root.require("split-rules")?.as_mapping()?.clone(),
            options: Arc::new(options),
            elements,
            sources,
            plugins,
        };
        Ok(ProjectSettings { config, defaults })
    }

    fn options(
        &self,
        root: &Mapping,
        asked: &LoadOptions,
        overrides: &Mapping,
        pass: SettingsPass,
    ) -> Result<Options, LoadError> {
        let none = Mapping::new();
        let elements = || element_files(&self.files.directory.join(&self.config.element_path));
        let mut options = Options::new(root.opt_mapping("options")?.unwrap_or(&none), &elements)?;
        if let Some(parent) = &self.parent {
            options.set_from_nodes(&parent.options)?;
        }
        options.set_from_nodes(overrides.opt_mapping("options")?.unwrap_or(&none))?;
        if self.parent.is_none() {
            let known = |(name, _): &&(String, String)| pass == SettingsPass::Whole || options.has(name);
            let values: Vec<(String, String)> = asked.options.iter().filter(known).cloned().collect();
            options.set_from_texts(&values)?;
        }
        options.resolve()?;
        Ok(options)
    }

    /// Checks the keys after composition, because an include may have added some that are not allowed there.
    fn check_keys(&self, root: &Mapping) -> Result<(), NodeError> {
        root.validate_keys(&KEYS)?;
        let own = self.files.shown(PROJECT_CONF);
        for key in NOT_INCLUDED {
            let position = root.get(key).and_then(|node| node.position.as_ref());
            if position.is_some_and(|at| *at.file != *own && &*at.file != defaults::SHOWN_AS) {
                let message = format!("'{key}' must stand in {PROJECT_CONF} itself");
                return Err(NodeError::new("invalid-data", position, message));
            }
        }
        Ok(())
    }

    /// The settings that need variables.
    fn finish(
        &self,
        config: &mut ProjectConfig,
        root: &Mapping,
        variables: &Mapping,
        overrides: &Mapping,
        plugins: &DeclaredPlugins,
    ) -> Result<(), LoadError> {
        let toplevel = self.parent.as_ref().map_or(&config.directory, |parent| &parent.toplevel);
        let variables = with_directories(variables, &config.directory, toplevel)?;
        let parent = self.parent.as_ref().map(|parent| Arc::clone(&parent.aliases));
        config.aliases = Aliases::new(alias_targets(root, &variables, overrides, plugins)?, parent);
        config.artifact_servers = root.sequence_or_empty("artifacts")?.to_vec();
        config.source_servers = root.sequence_or_empty("source-caches")?.to_vec();
        if root.bool_or("fail-on-overlap", false)?
            && !config.fatal_warnings.iter().any(|warning| warning == "overlaps")
        {
            config.fatal_warnings.push("overlaps".to_owned());
        }
        config.shell = Shell::new(root.require("shell")?.as_mapping()?)?;
        Ok(())
    }
}

/// The settings that come from project.conf itself, without includes and conditionals; `root` is the file over the
/// defaults.
fn fixed(directory: &Path, file: &Mapping, root: &Mapping) -> Result<ProjectConfig, LoadError> {
    version::check(root)?;
    root.validate_keys(&KEYS)?;
    let name = file.require("name")?;
    symbol::check(name.as_str()?, "project", symbol::Dashes::Allowed, name.position.as_ref())?;
    let element_path = project_path(directory, root.require("element-path")?, PathKind::Directory)?;
    let defaults = root.require("defaults")?.as_mapping()?;
    defaults.validate_keys(&["targets"])?;
    Ok(ProjectConfig {
        name: name.as_str()?.to_owned(),
        directory: directory.to_path_buf(),
        element_path: element_path.strip_prefix(directory).map(Path::to_path_buf).unwrap_or_default(),
        default_targets: defaults.str_list_or_empty("targets")?,
        fatal_warnings: root.str_list_or_empty("fatal-warnings")?,
        ref_storage: ref_storage(root.require("ref-storage")?)?,
        aliases: Aliases::default(),
        artifact_servers: Vec::new(),
        source_servers: Vec::new(),
        shell: Shell::default(),
        provenance_attributes: Vec::new(),
        options: Vec::new(),
        spec_host_settings: Mapping::new(),
        local_plugins: Vec::new(),
    })
}

fn ref_storage(node: &Node) -> Result<RefStorage, NodeError> {
    match node.as_str()? {
        "inline" => Ok(RefStorage::Inline),
        "project.refs" => Ok(RefStorage::ProjectRefs),
        _ => Err(node.expected("'inline' or 'project.refs'")),
    }
}

/// The aliases with their mirrors, expanded.
fn alias_targets(
    root: &Mapping,
    variables: &Variables,
    overrides: &Mapping,
    plugins: &DeclaredPlugins,
) -> Result<Vec<(String, AliasTarget)>, LoadError> {
    let mut mirrors = Vec::new();
    let declared = if overrides.get("mirrors").is_some() { overrides } else { root };
    for mirror in declared.sequence_or_empty("mirrors")? {
        let mut mirror = mirror.clone();
        variables.expand_node(&mut mirror)?;
        mirrors.push(Mirror::new(&mirror, plugins)?);
    }
    let first = || mirrors.first().map(|mirror: &Mirror| mirror.name.clone());
    let preferred = overrides.opt_str("default-mirror")?.map(str::to_owned).or_else(first);
    mirrors.sort_by_key(|mirror| Some(&mirror.name) != preferred.as_ref());
    let mut targets = Vec::new();
    for (alias, node) in root.opt_mapping("aliases")?.into_iter().flat_map(|aliases| &aliases.entries) {
        let mut node = node.clone();
        variables.expand_node(&mut node)?;
        let mirrors = mirrors.iter().flat_map(|mirror| mirror.urls(alias)).cloned().collect();
        targets.push((alias.to_string(), AliasTarget { url: node.as_str()?.to_owned(), mirrors }));
    }
    Ok(targets)
}

/// The project's variables, and the further ones that aliases and mirrors may use.
fn with_directories(variables: &Mapping, directory: &Path, toplevel: &Path) -> Result<Variables, NodeError> {
    let mut variables = variables.clone();
    for (name, path) in [("project-root", directory), ("toplevel-root", toplevel)] {
        variables.set(name, Node::text(path.display().to_string()));
        variables.set(&format!("{name}-uri"), Node::text(format!("file://{}", percent_encode(path))));
    }
    Variables::new(variables)
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

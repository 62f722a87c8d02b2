//! The shared behaviour of kinds that run commands on the artifacts of other elements (BuildStream's `ScriptElement`).
//!
//! A layout says which dependencies are staged where; those at `/` are integrated. The commands run in groups, in their order.

use std::collections::BTreeMap;

use crate::{
    Command, CommandGroup, Configured, Element, Forbids, KindDescription, Plan, Step, Traits, Value, path,
};

/// A script: what is staged, and what runs on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What is staged at each location, in order.
    pub layout: BTreeMap<String, Vec<ScriptDependency>>,
    /// The groups of commands, with their names. A name that occurs again replaces the commands in the place of the first.
    pub commands: Vec<(String, Vec<String>)>,
    /// Where commands start.
    pub cwd: String,
    /// The directory that becomes the artifact.
    pub install_root: String,
    /// Whether all but `install_root` is read-only.
    pub read_only_root: bool,
}

/// What is staged in the layout of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptDependency {
    /// What it is.
    pub element: ScriptElement,
    /// What the key calls it; usually the path of the dependency.
    pub path: String,
}

/// An element that a script stages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptElement {
    /// The dependency of this [index](crate::Dependency::index).
    Dependency(u32),
    /// The element of this [full name](crate::dependencies::StagedElement::full_name).
    Named(String),
}

/// The description of a kind with this behaviour. `defaults` is YAML text.
#[must_use]
pub fn description(name: &str, version: &str, defaults: &str) -> KindDescription {
    KindDescription {
        traits: Traits::RUNS_COMMANDS | Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
        forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
        ..KindDescription::new(name, version).defaults(defaults)
    }
}

/// The value of a variable that names a directory, `/` when it is not set or empty.
#[must_use]
pub fn directory_variable<'a>(element: &'a Element, name: &str) -> &'a str {
    element.variable(name).filter(|value| !value.is_empty()).unwrap_or("/")
}

impl Script {
    /// Stages a dependency below a directory.
    pub fn stage(&mut self, location: &str, dependency: ScriptDependency) {
        self.layout.entry(location.to_owned()).or_default().push(dependency);
    }

    /// Adds a group of commands.
    pub fn run(&mut self, group: impl Into<String>, commands: Vec<String>) {
        let group = group.into();
        match self.commands.iter_mut().find(|(name, _)| *name == group) {
            Some((_, old)) => *old = commands,
            None => self.commands.push((group, commands)),
        }
    }

    /// The unique key and the plan.
    #[must_use]
    pub fn configured(self) -> Configured {
        Configured { unique_key: self.unique_key(), plan: self.plan() }
    }

    fn unique_key(&self) -> Value {
        let commands = self.commands.iter().map(|(group, commands)| (group.clone(), Value::texts(commands)));
        let layout = self.layout.iter().map(|(location, group)| {
            (location.clone(), Value::texts(group.iter().map(|dependency| dependency.path.as_str())))
        });
        Value::mapping([
            ("commands", Value::Mapping(commands.collect())),
            ("cwd", self.cwd.as_str().into()),
            ("install-root", self.install_root.as_str().into()),
            ("layout", Value::Mapping(layout.collect())),
            ("root-read-only", Value::Bool(self.read_only_root)),
        ])
    }

    fn plan(self) -> Plan {
        let install_root = path::absolute(&self.install_root);
        let mut steps: Vec<Step> =
            self.layout.iter().flat_map(|(location, group)| stage(path::absolute(location), group)).collect();
        steps.extend(self.layout.get("/").map(|group| Step::Integrate(indices(group))));
        steps.push(Step::MakeDirectory(install_root.clone()));
        for (label, commands) in self.commands.into_iter().filter(|(_, commands)| !commands.is_empty()) {
            let commands = commands.into_iter().map(Command::shell).collect();
            steps.push(Step::Run(CommandGroup { label, read_only_root: self.read_only_root, commands }));
        }
        Plan {
            working_directory: Some(path::absolute(&self.cwd)),
            marked_directories: vec![install_root.clone()],
            steps,
            ..Plan::new(install_root)
        }
    }
}

/// The dependencies first, in one step, then the named elements.
fn stage(location: String, group: &[ScriptDependency]) -> impl Iterator<Item = Step> {
    let named = group.iter().filter_map(|dependency| match &dependency.element {
        ScriptElement::Named(name) => Some(name.clone()),
        ScriptElement::Dependency(_) => None,
    });
    let (dependencies, elements) = (indices(group), named.collect::<Vec<_>>());
    let direct = (!dependencies.is_empty())
        .then(|| Step::StageDependencies { location: location.clone(), dependencies });
    let named = (!elements.is_empty()).then_some(Step::StageElements { location, elements });
    direct.into_iter().chain(named)
}

fn indices(group: &[ScriptDependency]) -> Vec<u32> {
    let index = |dependency: &ScriptDependency| match dependency.element {
        ScriptElement::Dependency(index) => Some(index),
        ScriptElement::Named(_) => None,
    };
    group.iter().filter_map(index).collect()
}

//! The element kind `script`: commands that make something of the artifacts of other elements.

use std::collections::BTreeMap;

use spec_guest_sdk::{
    Command, CommandGroup, Configured, Dependency, Element, ElementKind, Forbids, KindDescription, Node,
    Plan, Rejection, Step, Traits, Value, export, path,
};

struct Script;

/// The dependencies that are staged at each location, in the order of their declaration.
type Layout<'a> = BTreeMap<&'a str, Vec<Dependency<'a>>>;

impl ElementKind for Script {
    fn describe() -> KindDescription {
        KindDescription {
            traits: Traits::RUNS_COMMANDS | Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("script", env!("CARGO_PKG_VERSION"))
                .defaults(include_str!("defaults.yaml"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let config = element.config()?;
        config.validate_keys(&["commands", "root-read-only"])?;
        let commands = config.str_list_or_empty("commands")?;
        let read_only_root = config.bool_or("root-read-only", false)?;
        let layout = layout(element)?;
        let (cwd, install_root) = (variable(element, "cwd"), variable(element, "install-root"));
        let unique_key = Value::mapping([
            ("commands", Value::mapping([("commands", Value::texts(&commands))])),
            ("cwd", cwd.into()),
            ("install-root", install_root.into()),
            ("layout", layout_key(&layout)),
            ("root-read-only", Value::Bool(read_only_root)),
        ]);
        let plan = plan(&layout, commands, read_only_root, path::absolute(cwd), path::absolute(install_root));
        Ok(Configured { unique_key, plan })
    }
}

fn variable<'a>(element: &'a Element, name: &str) -> &'a str {
    element.variable(name).filter(|value| !value.is_empty()).unwrap_or("/")
}

fn layout(element: &Element) -> Result<Layout<'_>, Rejection> {
    let mut layout = Layout::new();
    for dependency in element.dependencies() {
        let location = match dependency.config.map(Node::as_mapping).transpose()? {
            None => None,
            Some(config) => {
                config.validate_keys(&["location"])?;
                config.opt_str("location")?
            }
        };
        layout.entry(location.unwrap_or("/")).or_default().push(dependency);
    }
    Ok(layout)
}

fn layout_key(layout: &Layout<'_>) -> Value {
    let paths = |group: &Vec<Dependency<'_>>| Value::texts(group.iter().map(|dependency| dependency.path));
    Value::Mapping(layout.iter().map(|(location, group)| ((*location).to_owned(), paths(group))).collect())
}

fn plan(
    layout: &Layout<'_>,
    commands: Vec<String>,
    read_only_root: bool,
    cwd: String,
    install_root: String,
) -> Plan {
    let indices =
        |group: &Vec<Dependency<'_>>| group.iter().map(|dependency| dependency.index).collect::<Vec<_>>();
    let stage = |(location, group): (&&str, &Vec<Dependency<'_>>)| Step::StageDependencies {
        location: path::absolute(location),
        dependencies: indices(group),
    };
    let mut steps: Vec<Step> = layout.iter().map(stage).collect();
    steps.extend(layout.get("/").map(|group| Step::Integrate(indices(group))));
    steps.push(Step::MakeDirectory(install_root.clone()));
    if !commands.is_empty() {
        let commands = commands.into_iter().map(Command::shell).collect();
        steps.push(Step::Run(CommandGroup { label: "commands".to_owned(), read_only_root, commands }));
    }
    Plan {
        working_directory: Some(cwd),
        marked_directories: vec![install_root.clone()],
        steps,
        ..Plan::new(install_root)
    }
}

export!(Script as ElementKind);

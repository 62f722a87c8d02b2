//! A kind of a project: runs `commands` on the artifacts of its dependencies and collects `/output`.

use spec_guest_sdk::{
    Command, CommandGroup, Configured, Element, ElementKind, Forbids, KindDescription, Plan, Rejection, Step,
    Traits, Value, export,
};

const DEFAULTS: &str = "config:\n  commands: []\n  greeting: hello\n";

struct ScriptLike;

impl ElementKind for ScriptLike {
    fn describe() -> KindDescription {
        KindDescription {
            artifact_version: 3,
            traits: Traits::RUNS_COMMANDS | Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("script-like", env!("CARGO_PKG_VERSION")).defaults(DEFAULTS)
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let config = element.config()?;
        config.validate_keys(&["commands", "greeting"])?;
        let greeting = config.str("greeting")?;
        let commands = config.str_list_or_empty("commands")?;
        let unique_key = Value::mapping([
            ("commands", Value::texts(&commands)),
            ("greeting", greeting.into()),
            ("revision", Value::Int(-7)),
            ("nothing", Value::Null),
        ]);
        let dependencies = element.dependencies().map(|dependency| dependency.index).collect();
        Ok(Configured { unique_key, plan: plan(dependencies, greeting, commands) })
    }
}

fn plan(dependencies: Vec<u32>, greeting: &str, commands: Vec<String>) -> Plan {
    let command = |text: String| Command {
        argv: vec!["env".into(), format!("GREETING={greeting}"), "sh".into(), "-ec".into(), text.clone()],
        label: text,
    };
    let group = CommandGroup {
        label: "commands".to_owned(),
        read_only_root: false,
        commands: commands.into_iter().map(command).collect(),
    };
    let mut plan = Plan::new("/output")
        .step(Step::StageDependencies { location: "/".to_owned(), dependencies })
        .step(Step::MakeDirectory("/output".to_owned()))
        .step(Step::Run(group));
    plan.marked_directories.push("/output".to_owned());
    plan
}

export!(ScriptLike as ElementKind);

//! A kind of a project: runs `commands` on the artifacts of its dependencies and collects `/output`.

use spec_guest_sdk::{
    Command, CommandGroup, Configured, Element, Forbids, Kind, KindDescription, KindTraits, Plan, Rejection,
    Staging, Step, Value, export_kind,
};

const DEFAULTS: &str = "config:\n  commands: []\n  greeting: hello\n";

struct ScriptLike;

impl Kind for ScriptLike {
    fn describe() -> KindDescription {
        KindDescription {
            name: "script-like".to_owned(),
            defaults: DEFAULTS.to_owned(),
            artifact_version: 3,
            traits: KindTraits::RUNS_COMMANDS | KindTraits::STRICT_REBUILD | KindTraits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let config = element.config()?;
        config.validate_keys(&["commands", "greeting"])?;
        let greeting = config.str("greeting")?;
        let commands = config.str_list_or_empty("commands")?;
        let key = [
            ("commands".to_owned(), Value::texts(&commands)),
            ("greeting".to_owned(), greeting.into()),
            ("revision".to_owned(), Value::Int(-7)),
            ("nothing".to_owned(), Value::Null),
        ];
        let dependencies = element.dependencies().map(|dependency| dependency.index).collect();
        Ok(Configured {
            unique_key: Value::Mapping(key.into()).into(),
            plan: plan(dependencies, greeting, commands),
        })
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
    Plan {
        digest_environment: Vec::new(),
        working_directory: None,
        marked_directories: vec!["/output".to_owned()],
        steps: vec![
            Step::StageDependencies(Staging { location: "/".to_owned(), dependencies }),
            Step::MakeDirectory("/output".to_owned()),
            Step::Run(group),
        ],
        collect: "/output".to_owned(),
    }
}

export_kind!(ScriptLike);

//! The element kind `stack`: a name for a set of elements, with an empty artifact.

use spec_guest_sdk::{
    Configured, Element, Forbids, Kind, KindDescription, KindTraits, Plan, Rejection, Step, Value,
    export_kind,
};

struct Stack;

impl Kind for Stack {
    fn describe() -> KindDescription {
        KindDescription {
            name: "stack".to_owned(),
            defaults: String::new(),
            artifact_version: 0,
            traits: KindTraits::empty(),
            forbids: Forbids::SOURCES,
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        require_both_types(element)?;
        Ok(Configured { unique_key: Value::Int(1).into(), plan: plan() })
    }
}

/// The key of a stack covers everything that it names, so all of it must be a build dependency and a runtime
/// dependency.
fn require_both_types(element: &Element) -> Result<(), Rejection> {
    let paths = |at: fn(&spec_guest_sdk::Dependency<'_>) -> bool| {
        element.dependencies().filter(at).map(|dependency| dependency.path).collect::<Vec<_>>()
    };
    let (build, runtime) = (paths(|dependency| dependency.build), paths(|dependency| dependency.runtime));
    let both = |path: &str| build.contains(&path) && runtime.contains(&path);
    match element.dependencies().find(|dependency| !both(dependency.path)) {
        None => Ok(()),
        Some(dependency) => Err(Rejection::other(
            "stack-requires-build-and-run",
            format!(
                "a stack needs '{}' both to build and to run; list it under 'depends:' without a 'type'",
                dependency.path
            ),
        )),
    }
}

fn plan() -> Plan {
    Plan {
        digest_environment: Vec::new(),
        working_directory: None,
        marked_directories: Vec::new(),
        steps: vec![Step::MakeDirectory("/output".to_owned())],
        collect: "/output".to_owned(),
    }
}

export_kind!(Stack);

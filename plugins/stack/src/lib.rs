//! The element kind `stack`: a name for a set of elements, with an empty artifact.

use spec_guest_sdk::{
    Configured, Element, ElementKind, Forbids, KindDescription, Plan, Rejection, Step, Traits, Value, export,
};

struct Stack;

impl ElementKind for Stack {
    fn describe() -> KindDescription {
        KindDescription {
            traits: Traits::empty(),
            forbids: Forbids::SOURCES,
            ..KindDescription::new("stack", env!("CARGO_PKG_VERSION"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        require_both_types(element)?;
        Ok(Configured { unique_key: Value::Int(1), plan: plan() })
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
        Some(dependency) => {
            let message = format!("a stack needs '{}' both to build and to run", dependency.path);
            let rejection = Rejection::other("stack-requires-build-and-run", message);
            Err(rejection.hint("list it under 'depends:' without a 'type'"))
        }
    }
}

fn plan() -> Plan {
    Plan::new("/output").step(Step::MakeDirectory("/output".to_owned()))
}

export!(Stack as ElementKind);

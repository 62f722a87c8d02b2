//! The element kind `compose`: the artifacts of other elements in one, whole or by domains.

use spec_guest_sdk::{
    Configured, DomainSelection, Element, ElementKind, Forbids, KindDescription, Plan, Rejection, Step,
    Traits, Value, export,
};

/// Where BuildStream composes a part of the files.
const SELECTED: &str = "/buildstream/install";

struct Compose;

impl ElementKind for Compose {
    fn describe() -> KindDescription {
        KindDescription {
            traits: Traits::RUNS_COMMANDS | Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("compose", env!("CARGO_PKG_VERSION"))
                .defaults(include_str!("defaults.yaml"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["integrate", "include", "exclude", "include-orphans"])?;
        let integrate = config.require("integrate")?.as_bool()?;
        let domains = DomainSelection {
            include: config.require("include")?.as_str_list()?,
            exclude: config.require("exclude")?.as_str_list()?,
            orphans: config.require("include-orphans")?.as_bool()?,
        };
        let mut key = vec![
            ("integrate", Value::Bool(integrate)),
            ("include", sorted(&domains.include)),
            ("orphans", Value::Bool(domains.orphans)),
        ];
        if !domains.exclude.is_empty() {
            key.push(("exclude", sorted(&domains.exclude)));
        }
        Ok(Configured { unique_key: Value::mapping(key), plan: plan(element, integrate, domains) })
    }
}

fn sorted(names: &[String]) -> Value {
    let mut names = names.to_vec();
    names.sort_unstable();
    Value::texts(names)
}

fn plan(element: &Element, integrate: bool, domains: DomainSelection) -> Plan {
    let dependencies: Vec<u32> = element.dependencies().map(|dependency| dependency.index).collect();
    let is_selective = !domains.include.is_empty() || !domains.exclude.is_empty() || !domains.orphans;
    let mut plan =
        Plan { run_no_commands: !integrate, ..Plan::new(if is_selective { SELECTED } else { "/" }) }
            .step(Step::StageDependencies { location: "/".to_owned(), dependencies: dependencies.clone() });
    if integrate {
        plan = plan.step(Step::Integrate(dependencies.clone()));
    }
    if is_selective {
        plan = plan.step(Step::CopyFiles { target: SELECTED.to_owned(), dependencies, domains });
    }
    plan
}

export!(Compose as ElementKind);

#[cfg(test)]
mod tests;

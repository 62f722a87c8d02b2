//! The element kind `check_forbidden`: an empty artifact, if none of its dependencies needs a forbidden element at run time.

use std::collections::HashSet;

use spec_guest_sdk::dependencies::StagedElement;
use spec_guest_sdk::{
    Configured, Element, ElementKind, KindDescription, Plan, Rejection, Step, Value, export,
};

struct CheckForbidden;

impl ElementKind for CheckForbidden {
    fn describe() -> KindDescription {
        KindDescription::new("check_forbidden", env!("CARGO_PKG_VERSION")).runs_commands()
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["forbidden"])?;
        let list = config.require("forbidden")?;
        let mut forbidden = list.as_str_list()?;
        forbidden.sort_unstable();
        forbidden.dedup();
        let mut plan = Plan::new("/").step(Step::MakeDirectory("/".to_owned()));
        if let Some(path) = forbidden_path(element, &forbidden) {
            let message = format!("a forbidden element is needed at run time: {path}");
            let rejection = Rejection::other("forbidden-element", message).at(list);
            plan.refusal = Some(rejection.hint("take one of these dependencies away"));
        }
        Ok(Configured { unique_key: Value::mapping([("forbidden", Value::texts(forbidden))]), plan })
    }
}

/// How a forbidden element is reached from a build dependency, if one is.
fn forbidden_path(element: &Element, forbidden: &[String]) -> Option<String> {
    let mut seen = HashSet::new();
    let build = element.dependencies().filter(|dependency| dependency.build);
    let direct: Vec<StagedElement> =
        build.filter_map(|dependency| element.staged(&[dependency.index]).pop()).collect();
    // Every entry is the elements that are left on a level of the walk, the next one last; the way is those that were taken.
    let mut levels = vec![direct.into_iter().rev().collect::<Vec<_>>()];
    let mut way: Vec<String> = Vec::new();
    while let Some(level) = levels.last_mut() {
        let Some(next) = level.pop() else {
            levels.pop();
            way.pop();
            continue;
        };
        if !seen.insert(next.number) {
            continue;
        }
        way.push(next.name.clone());
        if forbidden.contains(&next.name) {
            return Some(way.join(" needs "));
        }
        let below = element.runtime_dependencies(&[next.number]).pop().unwrap_or_default();
        levels.push(below.into_iter().rev().collect());
    }
    None
}

export!(CheckForbidden as ElementKind);

#[cfg(test)]
mod tests {
    use spec_guest_sdk::testing::{Config, TestElement, TestStagedElement};

    use super::*;

    fn refusal(forbidden: &[&str]) -> Option<String> {
        let element = TestElement::new("check.bst")
            .sources(&[])
            .config("forbidden", Config::texts(forbidden))
            .build_dependency("b.bst", None)
            .staged(TestStagedElement::new(0, "a.bst"))
            .staged(TestStagedElement::new(0, "b.bst").needs("a.bst"));
        let plan = CheckForbidden::configure(&element.element()).expect("it has a key").plan;
        plan.refusal.map(|refusal| refusal.message)
    }

    #[test]
    fn what_is_needed_at_run_time_is_forbidden_or_not() {
        assert_eq!(refusal(&["c.bst"]), None);
        let message = refusal(&["a.bst"]).expect("a.bst is needed");
        assert!(message.ends_with(": b.bst needs a.bst"), "{message}");
    }
}

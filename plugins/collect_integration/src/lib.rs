//! The element kind `collect_integration`: the integration commands of its dependencies, as a script.

use spec_guest_sdk::{
    Configured, Element, ElementKind, Forbids, KindDescription, Plan, PublicData, Rejection, Step, Value,
    export, path,
};

struct CollectIntegration;

impl ElementKind for CollectIntegration {
    fn describe() -> KindDescription {
        KindDescription {
            forbids: Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("collect_integration", env!("CARGO_PKG_VERSION")).runs_commands()
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["script-path", "ignore"])?;
        let script_path = config.str("script-path")?;
        let mut ignored = config.str_list_or_empty("ignore")?;
        if !element.sources().is_empty() {
            return Err(Rejection::sources("a collect_integration element may not have sources"));
        }
        ignored.sort_unstable();
        ignored.dedup();
        let unique_key =
            Value::mapping([("script-path", script_path.into()), ("ignore", Value::texts(&ignored))]);
        let plan = Plan::new("/").step(Step::MakeDirectory("/".to_owned())).write_file(
            path::absolute(script_path),
            script(element, &ignored),
            true,
        );
        Ok(Configured { unique_key, plan })
    }
}

/// A shell script with the integration commands of all elements that are staged, but for the ignored ones.
fn script(element: &Element, ignored: &[String]) -> String {
    let mut staged = element.staged_to_build();
    staged.retain(|one| !ignored.contains(&one.name));
    let numbers: Vec<u32> = staged.iter().map(|one| one.number).collect();
    let mut script = "#!/bin/sh\nset -e\n\n".to_owned();
    for (one, public) in staged.iter().zip(element.public_data_of("bst", &numbers)) {
        let Some(commands) = public.as_ref().and_then(|public| public.get("integration-commands")) else {
            continue;
        };
        script.push_str(&format!("# integration commands from {}\n", one.name));
        for command in PublicData::as_texts(commands) {
            script.push_str(&format!("{command}\n\n"));
        }
    }
    script
}

export!(CollectIntegration as ElementKind);

#[cfg(test)]
mod tests {
    use spec_guest_sdk::testing::{Config, TestElement, TestStagedElement};

    use super::*;

    fn with_commands(name: &str, commands: &[&str]) -> TestStagedElement {
        let commands = PublicData::texts(commands.to_vec());
        TestStagedElement::new(0, name)
            .public("bst", PublicData::mapping([("integration-commands", commands)]))
    }

    #[test]
    fn commands_are_collected_in_staging_order() {
        let element = TestElement::new("post.bst")
            .sources(&[])
            .config("script-path", Config::text("/usr/post.sh"))
            .config("ignore", Config::texts(&["b.bst"]))
            .build_dependency("c.bst", None)
            .staged(with_commands("a.bst", &["one", "two"]))
            .staged(with_commands("b.bst", &["three"]))
            .staged(TestStagedElement::new(0, "c.bst"));
        let plan = CollectIntegration::configure(&element.element()).expect("it is good").plan;
        let Some(Step::WriteFile { path, content, executable: true }) = plan.steps.last() else {
            panic!("{plan:?}")
        };
        assert_eq!(path, "/usr/post.sh");
        let expected = "#!/bin/sh\nset -e\n\n# integration commands from a.bst\none\n\ntwo\n\n";
        assert_eq!(content, expected);
    }

    #[test]
    fn sources_are_refused() {
        let element = TestElement::new("post.bst").config("script-path", Config::text("/post.sh"));
        let rejection = CollectIntegration::configure(&element.element()).expect_err("it has a source");
        assert_eq!(rejection.reason.code(), "wrong-sources");
    }
}

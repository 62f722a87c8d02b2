//! The element kind `collect_initial_scripts`: the scripts that dependencies declare as public data, as files.
//!
//! It is the Python plugin `collect_initial_scripts.py` of this folder as a component: equal keys, equal artifacts.

use spec_guest_sdk::{
    Configured, Element, ElementKind, Forbids, KindDescription, Plan, PublicData, Rejection, Step, Value,
    export, path,
};

struct CollectInitialScripts;

impl ElementKind for CollectInitialScripts {
    fn describe() -> KindDescription {
        KindDescription {
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("collect_initial_scripts", env!("CARGO_PKG_VERSION")).runs_commands()
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        element.refuse_dependency_config()?;
        let config = element.config()?;
        config.validate_keys(&["path"])?;
        let folder = config.str("path")?;
        let mut plan = Plan::new("/").step(Step::MakeDirectory("/".to_owned()));
        for (name, script) in scripts(element) {
            plan = plan.write_file(path::join(&path::absolute(folder), &name), script, true);
        }
        Ok(Configured { unique_key: Value::mapping([("path", folder.into())]), plan })
    }
}

/// The scripts with the names of their files, in staging order.
fn scripts(element: &Element) -> Vec<(String, String)> {
    let staged = element.staged_to_build();
    let numbers: Vec<u32> = staged.iter().map(|one| one.number).collect();
    let data = element.public_data_of("initial-script", &numbers);
    let script = |data: &PublicData| data.get("script").and_then(PublicData::as_text).map(str::to_owned);
    let found = staged.iter().zip(&data).filter_map(|(one, data)| Some((one, script(data.as_ref()?)?)));
    let named = |(number, (one, script)): (usize, (&spec_guest_sdk::dependencies::StagedElement, String))| {
        let name = one.name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        (format!("{:03}-{name}", number + 1), script)
    };
    found.enumerate().map(named).collect()
}

export!(CollectInitialScripts as ElementKind);

#[cfg(test)]
mod tests {
    use spec_guest_sdk::testing::{Config, TestElement, TestStagedElement};

    use super::*;

    #[test]
    fn scripts_are_written_in_staging_order() {
        let with_script = |name: &str, script: &str| {
            let data = PublicData::mapping([("script", PublicData::text(script))]);
            TestStagedElement::new(0, name).public("initial-script", data)
        };
        let element = TestElement::new("scripts.bst")
            .sources(&[])
            .config("path", Config::text("/etc/initial"))
            .build_dependency("os.bst", None)
            .staged(with_script("lib/a.bst", "one"))
            .staged(TestStagedElement::new(0, "b.bst"))
            .staged(with_script("os.bst", "two"));
        let plan = CollectInitialScripts::configure(&element.element()).expect("it is good").plan;
        let written = plan.steps.iter().filter_map(|step| match step {
            Step::WriteFile { path, content, executable: true } => Some((path.as_str(), content.as_str())),
            _ => None,
        });
        let expected = [("/etc/initial/001-lib_a_bst", "one"), ("/etc/initial/002-os_bst", "two")];
        assert_eq!(written.collect::<Vec<_>>(), expected);
    }
}

//! The element kind `ostree`: a commit of its dependencies' files in an OSTree repository.

use spec_guest_sdk::{
    Command, CommandGroup, Configured, Element, ElementKind, Forbids, KindDescription, Node, Plan, Rejection,
    Step, Traits, Value, export, path,
};

struct Ostree;

impl ElementKind for Ostree {
    fn describe() -> KindDescription {
        KindDescription {
            traits: Traits::RUNS_COMMANDS | Traits::STRICT_REBUILD | Traits::HAS_ARTIFACT,
            forbids: Forbids::SOURCES | Forbids::RUNTIME_DEPENDENCIES,
            ..KindDescription::new("ostree", env!("CARGO_PKG_VERSION"))
                .defaults(include_str!("defaults.yaml"))
        }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let config = element.config()?;
        config.validate_keys(&["ostree-branch", "initial-commands"])?;
        let branch = config.str("ostree-branch")?;
        let commands = config.require("initial-commands")?.as_str_list()?;
        let (tools, sysroot) = dependencies(element)?;
        let unique_key =
            Value::mapping([("branch", branch.into()), ("initial-commands", Value::texts(&commands))]);
        Ok(Configured { unique_key, plan: plan(element, branch, commands, (tools, sysroot))? })
    }
}

/// The dependencies that have the tools, and those whose files are committed.
fn dependencies(element: &Element) -> Result<(Vec<u32>, Vec<u32>), Rejection> {
    let (mut tools, mut sysroot) = (Vec::new(), Vec::new());
    for dependency in element.dependencies() {
        let is_committed = match dependency.config.map(Node::as_mapping).transpose()? {
            None => false,
            Some(config) => {
                config.validate_keys(&["sysroot"])?;
                config.bool_or("sysroot", false)?
            }
        };
        if is_committed { &mut sysroot } else { &mut tools }.push(dependency.index);
    }
    Ok((tools, sysroot))
}

fn plan(
    element: &Element,
    branch: &str,
    commands: Vec<String>,
    (tools, sysroot): (Vec<u32>, Vec<u32>),
) -> Result<Plan, Rejection> {
    let build_root = path::absolute(element.require_variable("build-root")?);
    let repository = path::absolute(element.require_variable("install-root")?);
    let location = path::absolute(element.variable("sysroot").unwrap_or("/"));
    let (tree, bare) = (path::join(&build_root, "sysroot"), path::join(&build_root, "barerepo"));
    let mut run: Vec<Command> = commands.into_iter().map(initial).collect();
    run.push(ostree(&["init", "--repo", &bare]));
    run.push(ostree(&[
        "commit",
        "--repo",
        &bare,
        "--consume",
        &tree,
        "--branch",
        branch,
        "--timestamp",
        "2011-11-11 11:11:11+00:00",
    ]));
    run.push(ostree(&["init", "--repo", &repository, "--mode", "archive"]));
    run.push(ostree(&["pull-local", "--repo", &repository, &bare]));
    let plan = Plan { marked_directories: vec![build_root, repository.clone()], ..Plan::new(repository) };
    let group = CommandGroup { label: "commands".to_owned(), read_only_root: false, commands: run };
    Ok(plan
        .step(Step::StageDependencies { location: "/".to_owned(), dependencies: tools.clone() })
        .step(Step::Integrate(tools))
        .step(Step::StageDependencies { location, dependencies: sysroot })
        .step(Step::Run(group)))
}

fn initial(text: String) -> Command {
    let argv = ["sh", "-c", "-e", &text].map(str::to_owned).to_vec();
    Command { label: text, argv }
}

fn ostree(arguments: &[&str]) -> Command {
    let argv: Vec<String> =
        std::iter::once("ostree").chain(arguments.iter().copied()).map(str::to_owned).collect();
    Command { label: argv.join(" "), argv }
}

export!(Ostree as ElementKind);

#[cfg(test)]
mod tests {
    use spec_guest_sdk::testing::{Config, TestElement};

    use super::*;

    #[test]
    fn the_sysroot_is_staged_apart_from_the_tools() {
        let committed = Config::dictionary(&[("sysroot", Config::text("True"))]);
        let element = TestElement::new("repo.bst")
            .sources(&[])
            .config("ostree-branch", Config::text("os/stable"))
            .config("initial-commands", Config::texts(&["touch x"]))
            .variable("build-root", "/buildstream-build")
            .variable("install-root", "/buildstream-install")
            .variable("sysroot", "/buildstream-build/sysroot")
            .build_dependency("tools.bst", None)
            .build_dependency("os.bst", Some(committed));
        let plan = Ostree::configure(&element.element()).expect("it is good").plan;
        let [tools, integrated, sysroot, Step::Run(group)] = &plan.steps[..] else { panic!("{plan:?}") };
        assert!(matches!(tools, Step::StageDependencies { dependencies, .. } if dependencies == &[0]));
        assert_eq!(integrated, &Step::Integrate(vec![0]));
        assert!(
            matches!(sysroot, Step::StageDependencies { location, .. } if location == "/buildstream-build/sysroot")
        );
        assert_eq!(group.commands.len(), 5);
    }
}

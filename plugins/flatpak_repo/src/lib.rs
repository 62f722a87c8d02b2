//! The element kind `flatpak_repo`: a repository of Flatpak images.

use spec_guest_sdk::script_element::{self, Script, ScriptDependency, ScriptElement, directory_variable};
use spec_guest_sdk::{
    Configured, Dependency, Element, ElementKind, KindDescription, Mapping, Node, Rejection, export,
};

const REPOSITORY: &str = "/buildstream/repo";

struct FlatpakRepo;

/// What applies to images that do not say otherwise.
struct ImageDefaults<'a> {
    arch: &'a str,
    branch: &'a str,
}

impl ElementKind for FlatpakRepo {
    fn describe() -> KindDescription {
        let defaults = include_str!("defaults.yaml");
        let description = script_element::description("flatpak_repo", env!("CARGO_PKG_VERSION"), defaults);
        KindDescription { artifact_version: 2, ..description }
    }

    fn configure(element: &Element) -> Result<Configured, Rejection> {
        let config = element.config()?;
        config.validate_keys(&["copy-refs", "repo-mode", "arch", "branch"])?;
        let copied =
            config.require("copy-refs")?.as_sequence()?.map(copied_ref).collect::<Result<Vec<_>, _>>()?;
        let defaults = ImageDefaults { arch: config.str("arch")?, branch: config.str("branch")? };
        let mut script = Script {
            cwd: directory_variable(element, "cwd").to_owned(),
            install_root: REPOSITORY.to_owned(),
            read_only_root: true,
            ..Script::default()
        };
        let mode = config.str("repo-mode")?;
        script.run("init repository", vec![format!("ostree init --repo={REPOSITORY} --mode={mode}")]);
        let groups = script.commands.len();
        for dependency in element.dependencies() {
            add_dependency(element, dependency, &defaults, &mut script)?;
        }
        if script.commands.len() == groups {
            let message = "a flatpak_repo needs an image";
            return Err(Rejection::other("no-images", message)
                .hint("give a dependency the config 'flatpak-image: True' or 'flatpak-stack: True'"));
        }
        for (from, to) in copied {
            let command = format!("flatpak build-commit-from --src-ref={from} {REPOSITORY} {to}");
            script.run(format!("copy ref {from} -> {to}"), vec![command]);
        }
        Ok(script.configured())
    }
}

fn copied_ref(node: Node<'_>) -> Result<(&str, &str), Rejection> {
    let entry = node.as_mapping()?;
    entry.validate_keys(&["src", "dest"])?;
    Ok((entry.str("src")?, entry.str("dest")?))
}

fn add_dependency(
    element: &Element,
    dependency: Dependency<'_>,
    defaults: &ImageDefaults<'_>,
    script: &mut Script,
) -> Result<(), Rejection> {
    let direct = || ScriptElement::Dependency(dependency.index);
    let Some(config) =
        dependency.config.map(Node::as_mapping).transpose()?.filter(|config| !config.is_empty())
    else {
        let path = dependency.path.to_owned();
        script.stage("/", ScriptDependency { element: direct(), path });
        return Ok(());
    };
    config.validate_keys(&["flatpak-image", "flatpak-stack", "branch", "arch"])?;
    let is = |key| config.bool_or(key, false);
    let settings = ImageDefaults {
        arch: config.opt_str("arch")?.unwrap_or(defaults.arch),
        branch: config.opt_str("branch")?.unwrap_or(defaults.branch),
    };
    match (is("flatpak-image")?, is("flatpak-stack")?) {
        (true, false) => {
            let name = element.staged(&[dependency.index]).pop().map(|staged| staged.name);
            let name = name.unwrap_or_else(|| dependency.path.to_owned());
            add_image(script, &name, direct(), dependency.path.to_owned(), &settings);
        }
        (false, true) => {
            let stack = element.staged(&[dependency.index]).pop();
            let images = stack.map(|stack| element.runtime_dependencies(&[stack.number]).concat());
            for image in images.unwrap_or_default() {
                let path = format!("{} ({})", dependency.path, image.name);
                add_image(script, &image.name, ScriptElement::Named(image.full_name), path, &settings);
            }
        }
        (is_image, _) => return Err(ambiguous(dependency, config, is_image)),
    }
    Ok(())
}

fn ambiguous(dependency: Dependency<'_>, config: Mapping<'_>, both: bool) -> Rejection {
    let found = if both { "both" } else { "neither" };
    let message = format!("'{}' is {found} of 'flatpak-image' and 'flatpak-stack'", dependency.path);
    Rejection::other("ambiguous-image", message).at(config.node()).hint("set one of them to True")
}

fn add_image(
    script: &mut Script,
    name: &str,
    element: ScriptElement,
    path: String,
    settings: &ImageDefaults<'_>,
) {
    let normal = name.replace('/', "-");
    let directory = format!("/buildstream/input/{}", normal.strip_suffix(".bst").unwrap_or(&normal));
    let ImageDefaults { arch, branch } = settings;
    let command =
        format!("flatpak build-export --files=files --arch={arch} {REPOSITORY} {directory} {branch}");
    script.run(format!("export {path}"), vec![command]);
    script.stage(&directory, ScriptDependency { element, path });
}

export!(FlatpakRepo as ElementKind);

#[cfg(test)]
mod tests {
    use spec_guest_sdk::Step;
    use spec_guest_sdk::testing::{Config, TestElement, TestStagedElement};

    use super::*;

    fn repository() -> TestElement {
        TestElement::new("repo.bst")
            .sources(&[])
            .config("copy-refs", Config::List(Vec::new()))
            .config("repo-mode", Config::text("archive"))
            .config("arch", Config::text("x86_64"))
            .config("branch", Config::text("stable"))
            .build_dependency("tools.bst", None)
    }

    fn with(settings: &[(&str, &str)]) -> TestElement {
        let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, Config::text(value))).collect();
        repository().build_dependency("images.bst", Some(Config::dictionary(&settings)))
    }

    #[test]
    fn the_images_of_a_stack_are_exported_one_by_one() {
        let element = with(&[("flatpak-stack", "True"), ("branch", "beta")])
            .staged(TestStagedElement::new(1, "images/app.bst").kind("flatpak_image"))
            .staged(TestStagedElement::new(1, "images.bst").kind("stack").needs("images/app.bst"));
        let steps = FlatpakRepo::configure(&element.element()).expect("it is good").plan.steps;
        let staged = Step::StageElements {
            location: "/buildstream/input/images-app".to_owned(),
            elements: vec!["images/app.bst".to_owned()],
        };
        assert!(steps.contains(&staged), "{steps:?}");
        let Some(Step::Run(group)) = steps.last() else { panic!("{steps:?}") };
        assert_eq!(group.label, "export images.bst (images/app.bst)");
        assert!(group.commands[0].label.ends_with("/buildstream/input/images-app beta"));
    }

    #[test]
    fn a_dependency_is_an_image_or_a_stack() {
        let both = with(&[("flatpak-stack", "True"), ("flatpak-image", "True")]);
        for (element, reason) in [
            (repository(), "no-images"),
            (with(&[("arch", "arm")]), "ambiguous-image"),
            (both, "ambiguous-image"),
        ] {
            let rejection = FlatpakRepo::configure(&element.element()).expect_err("it is wrong");
            assert_eq!(rejection.reason.code(), reason);
        }
    }
}

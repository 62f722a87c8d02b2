//! Tests of the default kinds: conformance, plans, rejections.

use spec_model::{Node, UserError};
use spec_strategy::{
    Command, CommandGroup, DependencyInput, DigestEnvironment, ElementInput, KindError, NoDependencies, Plan,
    Step,
};

use crate::conformance;
use crate::support::{
    check_error, component, dependency, element, embedded, guest, mapping, options, texts, with_variable,
};

fn import(source: &str, target: &str) -> ElementInput {
    let config = mapping(&[("source", Node::text(source)), ("target", Node::text(target))]);
    ElementInput { config, ..element("import.bst") }
}

/// Build dependencies `a.bst` at `/`, `b.bst` at `/sysroot` with a digest variable, and `c.bst` only to run.
fn build_element() -> ElementInput {
    let location =
        mapping(&[("location", Node::text("/sysroot")), ("digest-environment", Node::text("TREE_DIGEST"))]);
    let config = mapping(&[
        ("build-commands", texts(&["make", "make doc"])),
        ("install-commands", texts(&["make install"])),
    ]);
    let dependencies = vec![
        dependency("c.bst", false, true),
        dependency("a.bst", true, true),
        DependencyInput { config: Some(location), ..dependency("b.bst", true, false) },
    ];
    ElementInput { config, dependencies, ..element("build.bst") }
}

fn with_config(key: &str, node: Node) -> ElementInput {
    ElementInput { config: mapping(&[(key, node)]), ..element(&format!("config-{key}.bst")) }
}

fn with_dependency_config(kind: ElementInput, key: &str, node: Node) -> ElementInput {
    let configured =
        DependencyInput { config: Some(mapping(&[(key, node)])), ..dependency("a.bst", true, true) };
    ElementInput { dependencies: vec![configured], name: format!("dependency-{key}.bst"), ..kind }
}

#[test]
fn build_elements_conform() {
    let accepted =
        [element("empty.bst"), build_element(), with_variable(build_element(), "command-subdir", "sub")];
    let no_root = ElementInput { variables: Vec::new(), ..element("no-root.bst") };
    let refused = [
        no_root,
        with_config("comands", texts(&[])),
        with_config("build-commands", Node::text("make")),
        with_dependency_config(element(""), "place", Node::text("/")),
    ];
    for kind in ["manual", "autotools", "cargo", "makemaker", "modulebuild", "pyproject", "qmake"] {
        conformance::check(&*embedded(kind), &accepted, &refused);
    }
}

#[test]
fn import_conforms() {
    let no_sources = ElementInput { sources: Vec::new(), ..import("/", "/") };
    let refused = [
        no_sources,
        element("no-config.bst"),
        with_dependency_config(import("/", "/"), "location", Node::text("/")),
    ];
    conformance::check(&*embedded("import"), &[import("/", "/"), import("usr", "/opt")], &refused);
}

#[test]
fn stack_conforms() {
    let both = ElementInput { dependencies: vec![dependency("a.bst", true, true)], ..element("both.bst") };
    let twice = vec![dependency("a.bst", true, false), dependency("a.bst", false, true)];
    let twice = ElementInput { dependencies: twice, ..element("twice.bst") };
    let build = ElementInput { dependencies: vec![dependency("a.bst", true, false)], ..element("build.bst") };
    conformance::check(&*embedded("stack"), &[element("empty.bst"), both, twice], &[build]);
}

/// Entries with the settings that `compose` and `filter` share.
fn selection(include: &[&str], more: &[(&str, &str)]) -> ElementInput {
    let mut entries = vec![("include", texts(include)), ("exclude", texts(&["devel"]))];
    entries.extend(more.iter().map(|(key, text)| (*key, Node::text(*text))));
    let dependencies = vec![dependency("a.bst", true, false)];
    ElementInput {
        config: mapping(&entries),
        dependencies,
        sources: Vec::new(),
        ..element(&format!("{include:?} {more:?}"))
    }
}

#[test]
fn kinds_that_select_conform() {
    let orphans = ("include-orphans", "False");
    let integrated = selection(&["runtime"], &[("integrate", "True"), orphans]);
    let plain = selection(&[], &[("integrate", "False"), ("include-orphans", "True")]);
    let refused = [selection(&[], &[orphans]), selection(&[], &[("integrate", "yes"), orphans])];
    conformance::check(&*embedded("compose"), &[integrated, plain], &refused);
    let part = selection(&["runtime"], &[orphans, ("pass-integration", "True")]);
    let none = ElementInput { dependencies: Vec::new(), ..selection(&[], &[orphans]) };
    let refused = [none, selection(&[], &[orphans, ("integrate", "True")]), selection(&[], &[])];
    conformance::check(&*embedded("filter"), &[part, selection(&[], &[orphans])], &refused);
}

#[test]
fn kinds_that_collect_conform() {
    let with = |name: &str, entries: &[(&str, Node)]| ElementInput {
        config: mapping(entries),
        dependencies: vec![dependency("a.bst", true, false)],
        sources: Vec::new(),
        ..element(name)
    };
    let path = ("script-path", Node::text("/post.sh"));
    let good = with("script", &[path.clone(), ("ignore", texts(&["b.bst", "a.bst", "b.bst"]))]);
    let sources = ElementInput { sources: vec!["local".to_owned()], ..with("sources", &[path]) };
    conformance::check(&*embedded("collect_integration"), &[good], &[sources, with("no-path", &[])]);
    let spdx = with("spdx", &[("output-type", Node::text("spdx")), ("more", Node::text("is ignored"))]);
    let refused = [with("type", &[("output-type", Node::text("xml"))])];
    conformance::check(&*embedded("collect_manifest"), &[with("plain", &[]), spdx], &refused);
    let forbidden = with("forbidden", &[("forbidden", texts(&["x.bst"]))]);
    conformance::check(&*embedded("check_forbidden"), &[forbidden], &[with("none", &[])]);
}

#[test]
fn a_kind_of_a_projects_own_conforms() {
    let config = mapping(&[("greeting", Node::text("hi")), ("commands", texts(&["echo $GREETING"]))]);
    let dependencies = vec![dependency("a.bst", true, false)];
    let accepted = ElementInput { config, dependencies, ..element("script.bst") };
    let kind = guest("script-like", options()).expect("it is a sound component");
    conformance::check(&*kind, &[accepted], &[element("no-greeting.bst")]);
    let description = kind.description();
    assert_eq!(description.artifact_version, 3);
    assert!(
        description.strict_rebuild && description.forbids.sources && description.forbids.runtime_dependencies
    );
    assert!(!description.forbids.build_dependencies);
}

#[test]
fn the_plan_of_a_build_element() {
    let element = with_variable(build_element(), "command-subdir", "sub/./dir");
    let plan = embedded("manual").configure(&element, &NoDependencies).expect("the element is sound");
    let plan = plan.plan();
    let command = |text: &str| Command {
        label: text.to_owned(),
        argv: ["sh", "-c", "-e", &format!("{text}\n")].map(str::to_owned).into(),
    };
    let run = |label: &str, commands: &[&str]| {
        let commands = commands.iter().map(|text| command(text)).collect();
        Step::Run(CommandGroup { label: label.to_owned(), read_only_root: true, commands })
    };
    let expected = Plan {
        digest_environment: vec![DigestEnvironment {
            variable: "TREE_DIGEST".to_owned(),
            dependencies: vec![2],
        }],
        working_directory: Some("/build/sub/dir".to_owned()),
        marked_directories: vec!["/build".to_owned(), "/install".to_owned()],
        steps: vec![
            Step::StageDependencies { location: "/".to_owned(), dependencies: vec![1] },
            Step::StageDependencies { location: "/sysroot".to_owned(), dependencies: vec![2] },
            Step::Integrate { dependencies: vec![1] },
            Step::StageSources { path: "/build".to_owned() },
            run("build-commands", &["make", "make doc"]),
            run("install-commands", &["make install"]),
        ],
        collect: "/install".to_owned(),
        ..Plan::default()
    };
    assert_eq!(plan, expected);
}

#[test]
fn the_plan_of_an_import_cannot_leave_its_directories() {
    for (source, target, from, to) in [
        ("/", "/", "/input", "/output"),
        ("usr/lib/", "opt", "/input/usr/lib", "/output/opt"),
        ("../..", "/../etc", "/input", "/output/etc"),
    ] {
        let plan = embedded("import")
            .configure(&import(source, target), &NoDependencies)
            .expect("the element is sound")
            .plan();
        let copy = Step::CopyTree { from: from.to_owned(), to: to.to_owned() };
        assert_eq!(plan.steps, [Step::StageSources { path: "/input".to_owned() }, copy]);
        assert_eq!(plan.collect, "/output");
    }
}

#[test]
fn a_stack_has_an_empty_artifact() {
    let stack = embedded("stack");
    let plan = stack.configure(&element("stack.bst"), &NoDependencies).expect("the element is sound");
    let plan = plan.plan();
    assert_eq!(plan.steps, [Step::MakeDirectory { path: "/output".to_owned() }]);
    assert!(!stack.description().has_artifact && !stack.description().runs_commands);
    assert!(stack.description().forbids.sources);
}

/// Kind, element, reason, line of the place (0 for none), parts of the message.
fn refusals() -> Vec<(&'static str, ElementInput, &'static str, u32, &'static [&'static str])> {
    let no_sources = ElementInput { sources: Vec::new(), ..import("/", "/") };
    let no_target = ElementInput { config: mapping(&[("source", Node::text("/"))]), ..element("import.bst") };
    let build_only =
        ElementInput { dependencies: vec![dependency("a.bst", true, false)], ..element("stack.bst") };
    let no_variables = ElementInput { variables: Vec::new(), ..element("manual.bst") };
    let commands = mapping(&[("build-commands", texts(&[])), ("comands", texts(&[]))]);
    let unknown_key = ElementInput { config: commands, ..element("manual.bst") };
    let location = with_dependency_config(element(""), "location", texts(&[]));
    let stack_location = with_dependency_config(element(""), "location", Node::text("/"));
    vec![
        ("import", no_sources, "wrong-sources", 0, &["at least one source"]),
        ("import", no_target, "invalid-data", 1, &["'target' is missing"]),
        ("stack", build_only, "stack-requires-build-and-run", 0, &["'a.bst'", "'depends:'"]),
        ("stack", stack_location, "invalid-dependency-config", 1, &["'a.bst'"]),
        ("manual", no_variables, "undefined-variable", 0, &["'build-root'"]),
        ("manual", unknown_key, "invalid-data", 2, &["'comands'", "build-commands"]),
        (
            "autotools",
            with_config("build-commands", Node::text("make")),
            "invalid-data",
            1,
            &["a list", "'make'"],
        ),
        ("autotools", location, "invalid-data", 1, &["a scalar", "a list"]),
    ]
}

#[test]
fn refusals_have_a_code_and_a_place() {
    for (kind, element, reason, line, says) in refusals() {
        let error = embedded(kind).configure(&element, &NoDependencies).expect_err("the element is wrong");
        assert!(matches!(error, KindError::Rejected { .. }), "{error}");
        check_error(&error, reason, says);
        assert_eq!(error.position().map_or(0, |position| position.line), line, "{error}");
    }
}

#[test]
fn what_is_embedded_is_what_was_made() {
    for kind in spec_plugins::default_kinds() {
        let from_file = guest(kind, options()).expect("the file is the component that is embedded");
        assert_eq!(from_file.description(), embedded(kind).description(), "{}", component(kind).display());
    }
}

//! Failed builds: their reports, what is cached, and building again.

use std::fs;

use spec_testkit::{Host, Project};

const FAILS: &str = "kind: manual
build-depends:
- debian.bst
config:
  build-commands:
  - echo made > file
  - |
    for i in $(seq 30); do echo line $i; done
    echo it is broken
    exit 3
";

const FINE: &str = "kind: manual
build-depends:
- debian.bst
config:
  install-commands:
  - echo fine > %{install-root}/fine
";

/// A build element with these lines after `config:`.
fn element(dependency: &str, config: &str) -> String {
    format!("kind: manual\nbuild-depends:\n- {dependency}\nconfig:\n{config}")
}

/// The number of logs that builds of an element have left.
fn logs(host: &Host, element: &str) -> usize {
    fs::read_dir(host.logs().join("hello").join(element)).map_or(0, Iterator::count)
}

#[test]
fn a_failed_build_is_explained_kept_and_built_again_on_demand() {
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/fails.bst", FAILS)]));
    let log = host.logs().join("hello/fails").display().to_string();
    let outcome = host.run(&project, &["--error-lines", "10", "build", "fails.bst"]);
    let says = [
        "build of fails.bst failed",
        "for i in $(seq 30)",
        "exit code 3",
        "| line 22\n",
        "| it is broken\n",
        &log,
        "spec-host artifact log fails.bst",
        "spec-host shell --build --use-buildtree fails.bst",
    ];
    outcome.refused(1, "command-failed", &says);
    assert!(!outcome.stderr.contains("line 21\n"), "ten lines were asked for:\n{}", outcome.stderr);
    assert_eq!(logs(&host, "fails"), 1);

    let outcome = host.run(&project, &["build", "fails.bst"]);
    let says =
        ["fails.bst failed before", "exit code 3", "| it is broken\n", "build --retry-failed fails.bst"];
    outcome.refused(1, "cached-failure", &says);
    assert_eq!(logs(&host, "fails"), 1, "what failed is not run again");
    let show = ["show", "--deps", "none", "--format", "%{state}", "fails.bst"];
    assert_eq!(host.run(&project, &show).success(), "failed\n");

    let log = host.run(&project, &["artifact", "log", "fails.bst"]);
    assert!(log.success().contains("line 1\nline 2\n"), "{}", log.stdout);
    let cat = ["shell", "--build", "--use-buildtree", "fails.bst", "--", "cat", "file"];
    assert_eq!(host.run(&project, &cat).success(), "made\n");
    let checkout = host.run(&project, &["artifact", "checkout", "--tar", "/dev/null", "fails.bst"]);
    checkout.refused(1, "failed-artifact", &["fails.bst"]);

    host.run(&project, &["build", "--retry-failed", "fails.bst"]).refused(1, "command-failed", &[]);
    assert_eq!(logs(&host, "fails"), 2);
}

#[test]
fn others_are_built_or_not_as_it_is_wanted() {
    let pair = "kind: stack\ndepends: [fails.bst, fine.bst]\n";
    let files = [("elements/fails.bst", FAILS), ("elements/fine.bst", FINE), ("elements/pair.bst", pair)];
    let (host, project) = (Host::shared(), Project::on_base(&files));
    let fine = ["show", "--deps", "none", "--format", "%{state}", "fine.bst"];

    let quit = host.run(&project, &["--builders", "1", "--on-error", "quit", "build", "pair.bst"]);
    quit.refused(1, "command-failed", &["1 failed, 1 skipped"]);
    assert!(!quit.stderr.contains("fine.bst"), "nothing more is started:\n{}", quit.stderr);
    assert_eq!(host.run(&project, &fine).success(), "buildable\n");

    let go_on = host.run(&project, &["--builders", "1", "--on-error", "continue", "build", "pair.bst"]);
    go_on.refused(1, "cached-failure", &["1 done", "1 failed", "1 skipped"]);
    assert_eq!(host.run(&project, &fine).success(), "cached\n");
}

#[test]
fn build_trees_are_kept_when_they_are_wanted() {
    let cat = ["shell", "--build", "--use-buildtree", "tree.bst", "--", "cat", "file"];
    for (when, fails, kept) in
        [("always", false, true), ("auto", false, false), ("auto", true, true), ("never", true, false)]
    {
        let last = if fails { "false" } else { "true" };
        let text = element("debian.bst", &format!("  build-commands: ['echo {when} > file', '{last}']\n"));
        let (host, project) = (Host::shared(), Project::on_base(&[("elements/tree.bst", &text)]));
        let build = host.run(&project, &["--cache-buildtrees", when, "build", "tree.bst"]);
        assert_eq!(build.code, Some(i32::from(fails)), "{when}: {}", build.stderr);
        assert_eq!(build.stderr.contains("--use-buildtree"), fails && kept, "{when}: {}", build.stderr);
        let outcome = host.run(&project, &cat);
        match kept {
            true => assert_eq!(outcome.success(), format!("{when}\n")),
            false => {
                outcome.refused(1, "missing-buildtree-artifact-created-without-buildtree", &["tree.bst"])
            }
        }
    }
}

#[test]
fn each_way_to_fail_has_its_reason() {
    let integration = format!("{FINE}public:\n  bst:\n    integration-commands: ['echo wrong; exit 4']\n");
    let elements = [
        (
            "gone",
            element("debian.bst", "  build-commands: [no-such-program]\n"),
            "command-failed",
            "exit code 127",
        ),
        ("shell", element("dep.bst", "  build-commands: ['true']\n"), "missing-command", "'sh'"),
        ("killed", element("debian.bst", "  build-commands: ['kill -9 $$']\n"), "command-failed", "signal 9"),
        ("uses", element("broken.bst", "  build-commands: ['true']\n"), "command-failed", "exit code 4"),
    ];
    let project = Project::on_base(&[("elements/broken.bst", &integration)]);
    project.write("elements/broken.bst", &integration.replace("build-depends", "depends"));
    let host = Host::shared();
    for (name, text, reason, says) in elements {
        project.write(&format!("elements/{name}.bst"), &text);
        let outcome = host.run(&project, &["build", &format!("{name}.bst")]);
        outcome.refused(1, reason, &[&format!("build of {name}.bst failed"), says]);
    }
}

#[test]
fn integration_commands_are_run_where_an_element_is_used() {
    let list = "ls /usr/bin > /programs.list";
    let tool =
        element("debian.bst", "  install-commands: ['install -D /bin/true %{install-root}/usr/bin/tool']\n")
            .replace("build-depends", "depends")
            + &format!("public:\n  bst:\n    integration-commands: ['{list}']\n");
    let uses = element("tool.bst", "  install-commands: ['cp /programs.list %{install-root}/seen']\n")
        .replace("build-depends", "depends");
    let files = [("elements/tool.bst", tool.as_str()), ("elements/uses.bst", &uses)];
    let (host, project) = (Host::shared(), Project::on_base(&files));
    let _ = host.run(&project, &["build", "uses.bst"]).success();
    let grep = ["shell", "uses.bst", "--", "grep", "-cx", "tool", "/seen", "/programs.list"];
    assert_eq!(host.run(&project, &grep).success(), "/seen:1\n/programs.list:1\n");
}

#[test]
fn a_missing_command_is_a_cached_failure() {
    let text = element("dep.bst", "  build-commands: ['true']\n");
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/lacks.bst", &text)]));
    let build = ["build", "lacks.bst"];
    host.run(&project, &build).refused(1, "missing-command", &["'sh'"]);
    let state = host.run(&project, &["show", "--deps", "none", "--format", "%{state}", "lacks.bst"]);
    assert_eq!(state.success(), "failed\n");
    let again = host.run(&project, &build);
    assert!(again.failure().contains("'sh'"), "{}", again.stderr);
}

#[test]
fn shells_say_what_is_missing() {
    let text = element("debian.bst", "  build-commands: ['true']\n");
    let (host, project) = (Host::shared(), Project::on_base(&[("elements/a.bst", &text)]));
    let shell = |more: &[&str]| host.run(&project, &[&["shell"], more, &["a.bst", "--", "true"]].concat());
    shell(&[]).refused(1, "shell-missing-deps", &["a.bst", "spec-host build a.bst"]);
    shell(&["--use-buildtree"]).refused(1, "missing-buildtree-artifact-not-cached", &["a.bst"]);
}

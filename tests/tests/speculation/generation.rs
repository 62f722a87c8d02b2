//! The record that the first build makes for the next.

use std::sync::LazyLock;

use spec_testkit::recc::RECC;

use crate::case::{Case, executed};

/// A project in which the example's program was built with recc, once for all tests, and its name.
static BUILT: LazyLock<(Case, String)> = LazyLock::new(|| {
    let case = Case::new();
    let base = build_with_recc(&case);
    (case, base)
});

/// Builds the example's program with recc; answers with its name.
pub(crate) fn build_with_recc(case: &Case) -> String {
    let recc = RECC.replace("environment:\n", "environment:\n  CC: recc gcc\n  RECC_LOG_LEVEL: info\n");
    let recc = recc.replace("sandbox:", "  RECC_LOG_DIRECTORY: '%{build-root}'\nsandbox:");
    let digest =
        "- filename: debian.bst\n  config:\n    digest-environment: RECC_REMOTE_PLATFORM_chrootRootDigest\n";
    let text = case.project.read("elements/base.bst").replace("- debian.bst\n", digest);
    let log = "config:\n  install-commands:\n    (>):\n    - cat recc.*\n";
    let base = case.element("base", &format!("{text}{recc}{log}"));
    let (built, _) = case.try_build(&base, &[]);
    let _ = built.success();
    assert!(built.stderr.contains("elements recorded now: 1"), "{}", built.stderr);
    base
}

#[test]
fn case_01_generation() {
    let (case, base) = &*BUILT;
    generation(case, base);
}

pub(crate) fn generation(case: &Case, base: &str) {
    let answers = case.answers(base);
    assert!(!answers.is_empty() && executed(&answers) == answers.len(), "{answers:?}");
    assert!(case.record(base).is_some());
    let log = case.run(&["artifact", "log", base]);
    let executions = log.success().matches("Executing action remotely").count();
    assert!(executions > answers.len(), "configure's as well: {}", log.stdout);
}

#[test]
fn case_02_chain() {
    let (case, base) = &*BUILT;
    chain(case, base);
}

pub(crate) fn chain(case: &Case, base: &str) {
    let above = |stem: &str, below: &str, name: &str| {
        let text = case.project.read(&format!("elements/{stem}.bst"));
        case.element(stem, &text.replace(&format!("- {below}\n"), &format!("- {name}\n")))
    };
    let middle = above("middle", "base.bst", base);
    let top = above("top", "middle.bst", &middle);
    let _ = case.build(&top);
    let program = String::from_utf8(case.installed(&top, "usr/bin/top")).expect("it is a script");
    assert!(program.contains("exec cat /usr/share/hello/greetings.txt"), "{program}");
    let said = case.run(&["shell", &top, "--", "top"]);
    assert!(said.success().lines().count() > 0);
}

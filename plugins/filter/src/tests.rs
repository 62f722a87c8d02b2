use spec_guest_sdk::testing::{Config, TestElement, TestStagedElement};

use super::*;

fn filter(include: &[&str], pass: &str) -> TestElement {
    TestElement::new("part.bst")
        .sources(&[])
        .config("include", Config::texts(include))
        .config("exclude", Config::texts(&[]))
        .config("include-orphans", Config::text("False"))
        .config("pass-integration", Config::text(pass))
}

fn public(commands: &[&str]) -> PublicData {
    let rules = PublicData::mapping([("runtime", PublicData::texts(["/usr/bin/*"]))]);
    PublicData::mapping([("split-rules", rules), (INTEGRATION, PublicData::texts(commands.to_vec()))])
}

fn staged(commands: &[&str]) -> TestStagedElement {
    TestStagedElement::new(0, "whole.bst").public(BST, public(commands))
}

fn refused(element: TestElement) -> (String, String) {
    let rejection = Filter::configure(&element.element()).expect_err("it is wrong");
    (rejection.reason.code().to_owned(), rejection.message)
}

#[test]
fn the_parent_alone_is_staged() {
    let element =
        filter(&["runtime"], "False").build_dependency("whole.bst", None).runtime_dependency("lib.bst");
    let plan = Filter::configure(&element.staged(staged(&[])).element()).expect("it is good").plan;
    assert!(
        matches!(&plan.steps[..], [Step::StageFiles { dependencies, runtime: false, .. }] if dependencies == &[0])
    );
    assert!(plan.public_data.is_empty() && plan.refusal.is_none());
}

#[test]
fn there_is_one_build_dependency_with_files_that_is_not_needed_to_run() {
    let one = || filter(&[], "False").build_dependency("whole.bst", None);
    let cases = [
        (filter(&[], "False").runtime_dependency("lib.bst"), "filter-bdepend-wrong-count", "found none"),
        (one().build_dependency("more.bst", None), "filter-bdepend-wrong-count", "whole.bst, more.bst"),
        (one().runtime_dependency("whole.bst"), "filter-bdepend-also-rdepend", "'whole.bst'"),
        (
            one().staged(TestStagedElement::new(0, "whole.bst").kind("stack")),
            "filter-bdepend-no-artifact",
            "a stack",
        ),
    ];
    for (element, reason, says) in cases {
        let (found, message) = refused(element);
        assert_eq!(found, reason);
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn a_domain_that_the_parent_does_not_have_fails_the_build() {
    let element =
        filter(&["runtime", "develop"], "False").build_dependency("whole.bst", None).staged(staged(&[]));
    let refusal = Filter::configure(&element.element())
        .expect("it has a key")
        .plan
        .refusal
        .expect("it cannot be built");
    assert_eq!(refusal.reason.code(), "unknown-domains");
    assert!(refusal.message.contains("no domain 'develop'") && refusal.message.contains("it has: runtime"));
    assert!(refusal.node.is_some());
}

#[test]
fn integration_commands_are_passed_before_its_own() {
    let element = filter(&[], "True").build_dependency("whole.bst", None).staged(staged(&["ldconfig"]));
    let plan = Filter::configure(&element.public(BST, public(&["own"])).element()).expect("it is good").plan;
    let [(domain, data)] = &plan.public_data[..] else { panic!("{plan:?}") };
    assert_eq!(domain, BST);
    assert_eq!(data.get(INTEGRATION).map(PublicData::as_texts), Some(vec!["ldconfig", "own"]));
    assert!(data.get("split-rules").is_some());
}

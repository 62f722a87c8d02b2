use spec_guest_sdk::testing::{Config, TestElement};

use super::*;

/// A `compose` with the defaults, and these lists.
fn compose(integrate: &str, include: &[&str], exclude: &[&str], orphans: &str) -> TestElement {
    TestElement::new("all.bst")
        .sources(&[])
        .config("integrate", Config::text(integrate))
        .config("include", Config::texts(include))
        .config("exclude", Config::texts(exclude))
        .config("include-orphans", Config::text(orphans))
        .build_dependency("a.bst", None)
        .build_dependency("b.bst", None)
}

fn steps(element: TestElement) -> Vec<Step> {
    Compose::configure(&element.element()).expect("the element is good").plan.steps
}

#[test]
fn without_a_selection_the_whole_root_is_collected() {
    let configured = Compose::configure(&compose("True", &[], &[], "True").element()).expect("it is good");
    assert_eq!((configured.plan.collect.as_str(), configured.plan.run_no_commands), ("/", false));
    assert!(
        matches!(&configured.plan.steps[..], [Step::StageDependencies { .. }, Step::Integrate(all)] if all == &[0, 1])
    );
    let configured = Compose::configure(&compose("False", &[], &[], "True").element()).expect("it is good");
    assert!(configured.plan.run_no_commands);
    assert!(matches!(&configured.plan.steps[..], [Step::StageDependencies { .. }]));
}

#[test]
fn every_kind_of_selection_copies() {
    let cases: [(&[&str], &[&str], &str); 3] =
        [(&["runtime"], &[], "True"), (&[], &["devel"], "True"), (&[], &[], "False")];
    for (include, exclude, orphans) in cases {
        let steps = steps(compose("False", include, exclude, orphans));
        let Some(Step::CopyFiles { target, domains, .. }) = steps.last() else { panic!("{steps:?}") };
        assert_eq!(target, SELECTED);
        assert_eq!(
            (&domains.include[..], &domains.exclude[..]),
            (&strings(include)[..], &strings(exclude)[..])
        );
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn mistakes_are_refused() {
    let base = || compose("True", &[], &[], "True");
    let cases = [
        (base().config("domains", Config::texts(&[])), "unexpected key 'domains'"),
        (compose("maybe", &[], &[], "True"), "expected a boolean (true or false), found 'maybe'"),
        (base().build_dependency("c.bst", Some(Config::dictionary(&[]))), "'c.bst'"),
    ];
    for (element, says) in cases {
        let rejection = Compose::configure(&element.element()).expect_err("it is wrong");
        assert!(rejection.message.contains(says), "{}", rejection.message);
    }
}

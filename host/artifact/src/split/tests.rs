//! `golden/splits.txt`, made by `golden/splits.py`, has the files that BuildStream keeps.

use spec_model::{Mapping, Node, UserError};

use super::*;

const GOLDEN: &str = include_str!("../../golden/splits.txt");

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn public(rules: Mapping) -> Mapping {
    let (mut bst, mut public) = (Mapping::new(), Mapping::new());
    bst.set("split-rules", rules);
    public.set("bst", bst);
    public
}

fn golden_rules() -> SplitRules {
    let mut rules = Mapping::new();
    for line in GOLDEN.lines().filter_map(|line| line.strip_prefix("rule ")) {
        let mut words = line.split_whitespace();
        let domain = words.next().expect("a rule has a domain");
        rules.set(domain, Node::sequence(words.map(Node::text).collect()));
    }
    SplitRules::from_public(&public(rules)).expect("the golden rules are rules")
}

#[test]
fn selections_keep_what_buildstream_keeps() {
    let rules = golden_rules();
    let files =
        GOLDEN.lines().find_map(|line| line.strip_prefix("files ")).expect("the golden file has files");
    let cases = GOLDEN.lines().filter(|line| line.matches('|').count() == 3 && !line.starts_with('#'));
    let mut count = 0;
    for case in cases {
        let [include, exclude, orphans, expect] = case.split('|').collect::<Vec<_>>()[..] else { continue };
        let selection =
            DomainSelection { include: words(include), exclude: words(exclude), orphans: orphans == "true" };
        let filter = rules.filter(&selection);
        let kept: Vec<&str> = files.split(' ').filter(|file| filter.selects(file)).collect();
        assert_eq!(kept.join(" "), expect, "{selection:?}");
        assert!(selection != DomainSelection::default() || kept.len() == files.split(' ').count());
        count += 1;
    }
    assert_eq!(count, 7 * 7 * 2);
}

#[test]
fn without_rules_every_file_is_an_orphan() {
    let rules = SplitRules::from_public(&Mapping::new()).expect("no data");
    let selects = |orphans| {
        rules.filter(&DomainSelection { orphans, ..DomainSelection::default() }).selects("usr/bin/sh")
    };
    assert_eq!((selects(true), selects(false)), (true, false));
}

#[test]
fn rules_that_are_no_lists_are_refused() {
    for (node, reason) in
        [(Node::text("x"), "invalid-data"), (Node::sequence(vec![Node::text("[b-a]")]), "invalid-glob")]
    {
        let mut rules = Mapping::new();
        rules.set("runtime", node);
        assert_eq!(SplitRules::from_public(&public(rules)).expect_err("no rule").reason(), reason);
    }
}

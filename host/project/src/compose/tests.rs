use super::*;
use crate::yaml::parse_text;
use proptest::prelude::*;
use spec_model::UserError;

fn mapping(text: &str) -> Mapping {
    parse_text(text, "test.yml").expect("the test's YAML")
}

#[track_caller]
fn check(lower: &str, upper: &str, expected: &str) {
    let mut lower = mapping(lower);
    compose(&mapping(upper), &mut lower).expect("they compose");
    assert_eq!(lower.to_value(), mapping(expected).to_value());
}

#[test]
fn values_are_laid_over_values() {
    check("{a: 1, b: 2}", "{b: 3, c: 4}", "{a: 1, b: 3, c: 4}");
    check("{a: {b: 1, c: 2}}", "{a: {c: 3}}", "{a: {b: 1, c: 3}}");
    check("{a: [1, 2]}", "{a: [3]}", "{a: [3]}");
    check("{'(?)': [1]}", "{'(?)': [2]}", "{'(?)': [1, 2]}");
}

#[test]
fn directives_change_lists() {
    check("{a: [1, 2]}", "{a: {(>): [3, 4]}}", "{a: [1, 2, 3, 4]}");
    check("{a: [1, 2]}", "{a: {(<): [3, 4]}}", "{a: [3, 4, 1, 2]}");
    check("{a: [1, 2]}", "{a: {(=): [3]}}", "{a: [3]}");
    check("{a: [1]}", "{a: {(<): [2], (=): [3], (>): [4]}}", "{a: [2, 3, 4]}");
    check("{a: {(>): [1]}}", "{a: [2]}", "{a: [2]}");
}

#[test]
fn directives_that_meet_no_list_wait_for_one() {
    check("{}", "{a: {(>): [1]}}", "{a: {(>): [1]}}");
    check("{a: {(>): [1]}}", "{a: {(>): [2]}}", "{a: {(>): [1, 2]}}");
    check("{a: {(<): [1]}}", "{a: {(<): [2]}}", "{a: {(<): [2, 1]}}");
    check("{a: {(<): [1], (>): [2]}}", "{a: {(=): [3]}}", "{a: {(=): [3]}}");
}

#[test]
fn what_was_composed_later_stands_later() {
    let mut upper = mapping("{z: 1, a: {y: 1}}");
    compose_under(mapping("{b: 2, a: {x: 2}, z: 2}"), &mut upper).expect("they compose");
    let names = |mapping: &Mapping| mapping.entries.keys().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&upper), ["z", "a", "b"]);
    assert_eq!(names(upper.get("a").and_then(|node| node.as_mapping().ok()).expect("a mapping")), ["x", "y"]);
}

#[test]
fn kinds_do_not_mix() {
    for (lower, upper) in [
        ("{a: 1}", "{a: [1]}"),
        ("{a: 1}", "{a: {b: 1}}"),
        ("{a: [1]}", "{a: 1}"),
        ("{a: [1]}", "{a: {b: 1}}"),
        ("{a: {b: 1}}", "{a: 1}"),
        ("{a: {b: 1}}", "{a: [1]}"),
        ("{a: {b: 1}}", "{a: {(>): [1]}}"),
        ("{a: 1}", "{a: {(>): [1]}}"),
        ("{a: {(>): [1]}}", "{a: 1}"),
    ] {
        let error = compose(&mapping(upper), &mut mapping(lower)).expect_err(upper);
        let position = error.position().map(ToString::to_string);
        assert_eq!(
            (error.reason(), position.as_deref()),
            ("illegal-composite", Some("test.yml:1:5")),
            "{lower} {upper}"
        );
    }
}

/// Nodes whose shape depends on their name alone, so that any two mappings compose.
fn shaped() -> impl Strategy<Value = Mapping> {
    let scalars = proptest::collection::btree_map("s[0-3]", "[a-z]{1,3}", 0..4);
    let lists =
        proptest::collection::btree_map("l[0-3]", (0..4u8, proptest::collection::vec("[a-z]", 0..3)), 0..4);
    (scalars, lists).prop_map(|(scalars, lists)| {
        let mut mapping = Mapping::new();
        for (name, text) in scalars {
            mapping.set(&name, Node::text(text));
        }
        for (name, (directive, items)) in lists {
            let list = Node::sequence(items.into_iter().map(Node::text).collect());
            let mut wrapped = Mapping::new();
            match directive {
                0 => {
                    mapping.set(&name, list);
                    continue;
                }
                1 => wrapped.set(PREPEND, list),
                2 => wrapped.set(APPEND, list),
                _ => wrapped.set(OVERWRITE, list),
            }
            mapping.set(&name, wrapped);
        }
        mapping
    })
}

fn composed(lower: &Mapping, upper: &Mapping) -> Mapping {
    let mut result = lower.clone();
    compose(upper, &mut result).expect("they compose");
    result
}

proptest! {
    #[test]
    fn nothing_changes_nothing(a in shaped()) {
        prop_assert_eq!(composed(&a, &Mapping::new()).to_value(), a.to_value());
        prop_assert_eq!(composed(&Mapping::new(), &a).to_value(), a.to_value());
    }

    /// Composing layers over lists one by one gives the same as composing the layers first.
    #[test]
    fn composition_is_associative_over_lists(lists in shaped(), a in shaped(), b in shaped()) {
        let mut base = Mapping::new();
        for (name, node) in lists.entries.iter().filter(|(_, node)| node.as_sequence().is_ok()) {
            base.set(name, node.clone());
        }
        for name in ["l0", "l1", "l2", "l3"] {
            if base.get(name).is_none() {
                base.set(name, Node::sequence(Vec::new()));
            }
        }
        let one_by_one = composed(&composed(&base, &a), &b);
        let together = composed(&base, &composed(&a, &b));
        prop_assert_eq!(one_by_one.to_value(), together.to_value());
        prop_assert!(assert_composed(&one_by_one).is_ok());
    }
}

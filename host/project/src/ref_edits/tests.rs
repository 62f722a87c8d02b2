use spec_model::{Mapping, Node, NodeKind, UserError};

use super::*;
use crate::yaml::parse_text;

/// The place of the ref of the first source of a file.
fn ref_place(text: &str) -> RefPlace {
    let root = parse_text(text, "a.bst").expect("the test's YAML");
    let sources = root.require("sources").and_then(Node::as_sequence).expect("sources").to_vec();
    let source = sources[0].as_mapping().expect("a source");
    match source.get("ref") {
        Some(node) => RefPlace::Value(node.position.clone().expect("a place")),
        None => RefPlace::Dictionary(source.position.clone().expect("a place")),
    }
}

fn check(before: &str, after: &str) {
    let found = set_ref(before, &ref_place(before), &Node::text("new"));
    let found = found.unwrap_or_else(|error| panic!("{before}: {error}"));
    assert_eq!(found, after);
}

#[test]
fn an_existing_ref_is_replaced() {
    check(
        "sources:\n- kind: tar # a\n  ref: old  # why\n  url: x\n",
        "sources:\n- kind: tar # a\n  ref: new  # why\n  url: x\n",
    );
    check("sources:\n- {kind: tar, ref: \"old\", url: x}", "sources:\n- {kind: tar, ref: new, url: x}");
    check("sources:\n- ref: 'old'\n  kind: tar\n", "sources:\n- ref: new\n  kind: tar\n");
    check("sources:\n- ref:\n    old\n  kind: tar\n", "sources:\n- ref:\n    new\n  kind: tar\n");
    check("sources:\n- ref: |\n    old\n  kind: tar\n", "sources:\n- ref: new\n  kind: tar\n");
    check("é: ö\nsources:\n- url: 'ü'\n  ref: ä\n", "é: ö\nsources:\n- url: 'ü'\n  ref: new\n");
}

#[test]
fn an_empty_ref_is_filled() {
    check("sources:\n- kind: tar\n  ref:\n  url: x\n", "sources:\n- kind: tar\n  ref: new\n  url: x\n");
    check("sources:\n- kind: tar\n  ref:   # later\n", "sources:\n- kind: tar\n  ref: new   # later\n");
    check("sources:\n- kind: tar\n  ref: ''\n", "sources:\n- kind: tar\n  ref: new\n");
    check("sources:\n- {kind: tar, ref: }\n", "sources:\n- {kind: tar, ref: new }\n");
}

#[test]
fn a_missing_ref_goes_to_the_end_of_the_source() {
    check(
        "sources:\n- kind: tar\n  url: x\n\nconfig: {}\n",
        "sources:\n- kind: tar\n  url: x\n  ref: new\n\nconfig: {}\n",
    );
    check(
        "sources:\n- kind: tar\n  url: x # end\n# next\n",
        "sources:\n- kind: tar\n  url: x # end\n  ref: new\n# next\n",
    );
    check("sources:\n  - kind: tar\n    url: x", "sources:\n  - kind: tar\n    url: x\n    ref: new");
    check("sources:\n-\n  kind: tar\n  url:\n", "sources:\n-\n  kind: tar\n  url:\n  ref: new\n");
    check("sources:\n- kind: x\n  a: [1, 2]\n- b", "sources:\n- kind: x\n  a: [1, 2]\n  ref: new\n- b");
    check(
        "sources:\n- kind: x\n  a: |\n    1\n\n- b",
        "sources:\n- kind: x\n  a: |\n    1\n  ref: new\n\n- b",
    );
    check("sources:\n- a:\n    b:\n    - c\n", "sources:\n- a:\n    b:\n    - c\n  ref: new\n");
    check("sources:\r\n- kind: tar\r\n", "sources:\r\n- kind: tar\r\n  ref: new\r\n");
}

#[test]
fn braces_stay_braces() {
    check("sources:\n- {kind: tar}\n", "sources:\n- {kind: tar, ref: new}\n");
    check("sources: [{kind: tar, }]\n", "sources: [{kind: tar, ref: new }]\n");
    check("sources: [{a: 'it''s' # b\n}]\n", "sources: [{a: 'it''s', ref: new # b\n}]\n");
    check("sources: [{a: [1] # b\n}]\n", "sources: [{a: [1], ref: new # b\n}]\n");
    check("sources: [{a: \"\\\"}\" }]\n", "sources: [{a: \"\\\"}\", ref: new }]\n");
    check("sources: [{}]\n", "sources: [{ref: new}]\n");
    check("sources: [{ a: [x], b: {c: d} }]", "sources: [{ a: [x], b: {c: d}, ref: new }]");
}

#[test]
fn values_that_are_left_out_in_braces_stay_so() {
    check("sources:\n- {kind: tar, x}\n", "sources:\n- {kind: tar, x, ref: new}\n");
    check("sources:\n- {x}\n", "sources:\n- {x, ref: new}\n");
    check("sources:\n- {kind: tar, x: }\n", "sources:\n- {kind: tar, x: , ref: new}\n");
    check("sources:\n- {kind: tar, x,}\n", "sources:\n- {kind: tar, x, ref: new}\n");
    check("sources: [{a: {b}}]\n", "sources: [{a: {b}, ref: new}]\n");
}

fn change(at: RefPlace, value: &Node) -> RefChange<'_> {
    RefChange { at, settings: vec![("ref", value)] }
}

#[test]
fn nothing_is_written_that_would_change_more_than_a_ref() {
    let new = Node::text("new");
    for (before, after) in [
        ("a: {b: c}\n", "a: {b: c}, ref: new\n"),
        ("a: {b: c}\n", "a: {b: d, ref: new}\n"),
        ("a: {b: c}\n", "a: {ref: new}\n"),
        ("a: {b: c}\n", "a: {b: c, ref: other}\n"),
        ("a: [b]\n", "a: [b, c]\n"),
        ("a: b\n", "a: b\nc: d\n"),
    ] {
        let mapping = parse_text(before, "a.bst").expect("it parses");
        let position = mapping.get("a").and_then(|node| node.position.clone()).expect("it has a place");
        let refs = [change(RefPlace::Dictionary(position), &new)];
        let error = check::only_refs_differ(before, after, "a.bst", &refs).expect_err(after);
        assert_eq!(error.reason(), "ref-not-writable");
    }
    let before = "a: [{ref: x}, {b: c}]";
    let mapping = parse_text(before, "a.bst").expect("it parses");
    let sources = mapping.require("a").and_then(Node::as_sequence).expect("a list");
    let first = sources[0].as_mapping().expect("a source").get("ref").and_then(|node| node.position.clone());
    let refs = [
        change(RefPlace::Value(first.expect("it has a place")), &new),
        change(RefPlace::Dictionary(sources[1].position.clone().expect("it has a place")), &new),
    ];
    let good = check::only_refs_differ(before, "a: [{ref: new}, {b: c, ref: new}]", "a.bst", &refs);
    assert!(good.is_ok(), "{good:?}");
    let elsewhere = check::only_refs_differ(before, "a: [{ref: new}, {b: c}]", "a.bst", &refs);
    assert!(elsewhere.is_err());
}

/// Finding the end of a dictionary uses the positions of all its nodes.
#[test]
fn a_large_dictionary_costs_no_more_than_its_text() {
    for name in ["key", "schlüssel"] {
        let entries: String = (0..20_000).map(|number| format!("  {name}{number}: x\n")).collect();
        let text = format!("sources:\n- kind: tar\n{entries}");
        let start = std::time::Instant::now();
        let edited = set_ref(&text, &ref_place(&text), &Node::text("new")).expect("the ref is set");
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(edited, format!("{text}  ref: new\n"));
    }
}

/// A ref as a kind of source makes it, from its YAML.
fn node(text: &str) -> Node {
    parse_text(&format!("ref: {text}"), "new")
        .expect("the test's YAML")
        .require("ref")
        .expect("it is there")
        .clone()
}

/// Refs that are dictionaries and lists keep the style of the ref before them.
#[test]
fn refs_of_several_parts() {
    let (pair, list) = ("{b: 1, a: x}", "[{b: 1, a: x}, {b: 2}]");
    for (new, before, after) in [
        (pair, "- kind: x\n", "- kind: x\n  ref:\n    b: 1\n    a: x\n"),
        (
            pair,
            "- kind: x\n  ref:  # why\n  url: y\n",
            "- kind: x\n  ref:\n    b: 1\n    a: x  # why\n  url: y\n",
        ),
        (pair, "- ref: old\n  kind: x\n", "- ref:\n    b: 1\n    a: x\n  kind: x\n"),
        (
            pair,
            "- ref: # why\n      a: y # old\n      b: z\n  # end\n  kind: x\n",
            "- ref: # why\n      b: 1\n      a: x\n  # end\n  kind: x\n",
        ),
        (
            list,
            "- kind: x\n  ref: # why\n  - a: b\n    c: d # that\n  - c\n",
            "- kind: x\n  ref: # why\n  - b: 1\n    a: x\n  - b: 2\n",
        ),
        (
            list,
            "- kind: x\n  ref:\n  - # that\n    - a\n  url: y\n",
            "- kind: x\n  ref:\n  - b: 1\n    a: x\n  - b: 2\n  url: y\n",
        ),
        (
            list,
            "- kind: x\n  ref: # -\n     - a\n",
            "- kind: x\n  ref: # -\n     - b: 1\n       a: x\n     - b: 2\n",
        ),
        (pair, "- ref:\n  - a\n  - b: c\n  kind: x\n", "- ref:\n    b: 1\n    a: x\n  kind: x\n"),
        (pair, "- ref: {a: b, }\n  kind: x\n", "- ref: {b: 1, a: x}\n  kind: x\n"),
        (pair, "- {kind: x}\n", "- {kind: x, ref: {b: 1, a: x}}\n"),
        (pair, "- {kind: x, ref: }\n", "- {kind: x, ref: {b: 1, a: x} }\n"),
        (pair, "- {ref: [a, b], kind: x}\n", "- {ref: {b: 1, a: x}, kind: x}\n"),
        (list, "- kind: x\n", "- kind: x\n  ref:\n  - b: 1\n    a: x\n  - b: 2\n"),
        (
            list,
            "- ref:\n  - a: b\n    c: |\n      d\n\n  kind: x\n",
            "- ref:\n  - b: 1\n    a: x\n  - b: 2\n\n  kind: x\n",
        ),
        (list, "- ref:\n    - a: b\n  kind: x\n", "- ref:\n    - b: 1\n      a: x\n    - b: 2\n  kind: x\n"),
        (list, "- ref: []\n  kind: x\n", "- ref: [{b: 1, a: x}, {b: 2}]\n  kind: x\n"),
        ("[]", "- ref:\n  - a: b\n  kind: x\n", "- ref: []\n  kind: x\n"),
        ("[]", "- kind: x\n", "- kind: x\n  ref: []\n"),
        ("new", "- ref:\n  - a: b\n  kind: x\n", "- ref: new\n  kind: x\n"),
        ("new", "- ref:\n    a: b\n  kind: x\n", "- ref: new\n  kind: x\n"),
        ("{a: 'x: y', b: 'p, q'}", "- ref: {a: b}\n", "- ref: {a: 'x: y', b: 'p, q'}\n"),
    ] {
        let before = format!("é: ü\nsources:\n{before}end: true\n");
        let found = set_ref(&before, &ref_place(&before), &node(new));
        let found = found.unwrap_or_else(|error| panic!("{before}: {error}"));
        assert_eq!(found, format!("é: ü\nsources:\n{after}end: true\n"), "{before}");
        let found = set_ref(&before.replace('\n', "\r\n"), &ref_place(&before), &node(new)).expect("a ref");
        assert_eq!(found.replace("\r\n", "\n"), format!("é: ü\nsources:\n{after}end: true\n"), "{before}");
        assert_eq!(found.matches('\r').count(), found.matches('\n').count(), "{found:?}");
    }
}

#[test]
fn refs_are_quoted_where_they_must_be() {
    for (value, written) in
        [("0a1b", "0a1b"), ("1.0-3-gabc", "1.0-3-gabc"), ("a: b", "'a: b'"), ("a,b", "'a,b'"), ("", "''")]
    {
        let text = "sources: [{kind: tar}]";
        let found = set_ref(text, &ref_place(text), &Node::text(value)).expect("the ref is set");
        assert_eq!(found, format!("sources: [{{kind: tar, ref: {written}}}]"));
    }
}

#[test]
fn a_place_that_is_gone_is_an_error() {
    let at = ref_place("sources:\n- kind: tar\n");
    let error = set_ref("other: true\n", &at, &Node::text("new")).expect_err("there is no source");
    assert_eq!(error.reason(), "stale-place");
}

/// Without the check nothing, a comment or another dictionary would change.
#[test]
fn a_ref_that_would_land_elsewhere_is_refused() {
    for text in ["? #2ref:\n\r\u{2028}:", "\r: {(k:,d:,in+\n):,5 : {? ,}}\n"] {
        let mapping = parse_text(text, "a.bst").expect("it parses");
        let (_, node) = mapping.entries.first().expect("there is an entry");
        let position = node.position.clone().expect("it has a place");
        let at = if node.as_mapping().is_ok() {
            RefPlace::Dictionary(position)
        } else {
            RefPlace::Value(position)
        };
        let error = set_ref(text, &at, &Node::text("new")).expect_err(text);
        assert_eq!(error.reason(), "ref-not-writable", "{text:?}");
    }
}

/// The values of a mapping but for the first source's ref.
fn without_ref(text: &str) -> (Mapping, Option<String>) {
    let (root, value) = without_ref_node(text);
    (root, value.map(|node| node.as_str().expect("a scalar").to_owned()))
}

fn without_ref_node(text: &str) -> (Mapping, Option<Node>) {
    let mut root = parse_text(text, "a.bst").expect("it parses");
    let Some(NodeKind::Sequence(sources)) = root.get_mut("sources").map(|node| &mut node.kind) else {
        panic!("no sources in {text}");
    };
    let NodeKind::Mapping(source) = &mut std::sync::Arc::make_mut(sources)[0].kind else {
        panic!("no source in {text}")
    };
    let value = std::sync::Arc::make_mut(source).remove("ref");
    (root, value)
}

proptest::proptest! {
    /// A ref of several parts in place of anything, and anything in place of it.
    #[test]
    fn a_ref_of_several_parts_is_read_as_it_was(
        old in proptest::sample::select(vec![
            "", "  ref: x", "  ref: # y", "  ref:\n  - a: [b]\n    c: d", "  ref:\n     a: b # z\n     c:\n     - d", "  ref: [1, {h: i}]",
            "  ref: {a: 'b', c: }", "  ref:\n    - - x", "  ref: |\n    x\n",
        ]),
        last in proptest::bool::ANY,
        pairs in proptest::collection::vec(("[a-z]{1,3}", "[ -~ä]{0,12}"), 0..4),
        items in proptest::collection::vec("[ -~ä]{0,12}", 0..4),
    ) {
        let mut mapping = Mapping::new();
        for (key, value) in &pairs {
            mapping.set(key, Node::text(value.trim()));
        }
        let items = items.iter().map(|item| Node::text(item.trim()));
        let list = Node::sequence(items.chain([mapping.clone().into()]).collect());
        for new in [Node::from(mapping), list] {
            let other = ["  url: y", old];
            let lines = if last { other.join("\n") } else { format!("{old}\n  url: y") };
            let text = format!("# top\nsources:\n- kind: tar\n{lines}\n- kind: local\nend: true\n");
            let changed = set_ref(&text, &ref_place(&text), &new).expect("the ref is set");
            let (before, _) = without_ref_node(&text);
            let (after, found) = without_ref_node(&changed);
            proptest::prop_assert_eq!(before.to_value(), after.to_value());
            proptest::prop_assert_eq!(found.map(|node| node.to_value()), Some(new.to_value()), "{}", changed);
        }
    }

    #[test]
    fn only_the_ref_changes(
        lines in proptest::collection::vec(
            proptest::sample::select(vec![
                "  a: b", "  b: 'c'", "  c: \"d\" # e", "  d: |\n    x\n\n    y", "  e: >-\n    f\n    g", "  f:", "  # note",
                "  g: [1, {h: i}]", "  h:\n  - 1\n  - 2", "  i:\n    j: k", "  ref: old", "  ref: 'x' # y", "  ref:", "",
                "  ref: |\n    x\n", "  l: ä ö # ü",
            ]),
            0..8,
        ),
        value in "[ -~ä]{0,20}",
    ) {
        let mut seen = std::collections::HashSet::new();
        let key = |line: &str| line.trim().split(':').next().unwrap_or_default().to_owned();
        let lines: Vec<_> = lines.into_iter().filter(|line| !line.contains(':') || seen.insert(key(line))).collect();
        let text = format!("# top\nsources:\n- kind: tar\n{}\n- kind: local\nend: true\n", lines.join("\n"));
        let changed = set_ref(&text, &ref_place(&text), &Node::text(value.as_str())).expect("the ref is set");
        let (before, _) = without_ref(&text);
        let (after, found) = without_ref(&changed);
        proptest::prop_assert_eq!(before.to_value(), after.to_value());
        proptest::prop_assert_eq!(found, Some(value.trim().to_owned()), "{}", changed);
        let comments = |text: &str| text.matches(['#']).count();
        proptest::prop_assert!(comments(&changed) >= comments(&text), "{}", changed);
    }
}

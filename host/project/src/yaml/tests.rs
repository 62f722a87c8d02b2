use proptest::prelude::*;
use spec_model::{Node, UserError, Value};

use super::*;

#[track_caller]
fn check(text: &str, expected: &[(&str, Value)]) {
    let mapping = parse_text(text, "a.yml").expect("it parses");
    assert_eq!(mapping.to_value(), Value::map(expected.iter().cloned()));
}

#[test]
fn every_scalar_is_a_text_without_outer_space() {
    check(
        "a: 1\nb: true\nc: ~\nd: null\n",
        &[("a", "1".into()), ("b", "true".into()), ("c", "~".into()), ("d", "null".into())],
    );
    check("a:\nb: ''\nc: ' x '\n", &[("a", "".into()), ("b", "".into()), ("c", "x".into())]);
    check("a: |\n  x\n  y\n\nb: >\n  x\n  y\n", &[("a", "x\ny".into()), ("b", "x y".into())]);
    check("a: \"x\\u00e9\\t\\ny\\n\"\n", &[("a", "xé\t\ny".into())]);
    check("a: !!int 1\n' k ': x\n", &[("a", "1".into()), (" k ", "x".into())]);
}

#[test]
fn a_file_may_be_empty() {
    for text in ["", "# nothing\n", "\u{feff}", "---\n{}", "{}\n...\n"] {
        check(text, &[]);
    }
}

#[test]
fn places_are_those_of_an_editor() {
    let mapping = parse_text("ä: ö\nlist:\n- x\n- key: [1, 2]\n", "a.yml").expect("it parses");
    let position = |node: &Node| node.position.as_ref().map(ToString::to_string).unwrap_or_default();
    let list = mapping.require("list").and_then(Node::as_sequence).expect("a list");
    let inner = list[1].as_mapping().and_then(|mapping| mapping.require("key")).expect("a key");
    assert_eq!(mapping.get("ä").map(position).as_deref(), Some("a.yml:1:4"));
    assert_eq!(list.iter().map(position).collect::<Vec<_>>(), ["a.yml:3:3", "a.yml:4:3"]);
    let items: Vec<String> = inner.as_sequence().expect("a list").iter().map(position).collect();
    assert_eq!(
        (position(inner), items),
        ("a.yml:4:8".to_owned(), vec!["a.yml:4:9".to_owned(), "a.yml:4:12".to_owned()])
    );
}

#[test]
fn a_file_that_is_not_utf_8_is_named_with_its_place() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("a.yml");
    std::fs::write(&path, b"a: b\nc: \xff\n").expect("a file");
    let error = parse_file(&path, "a.yml").expect_err("it is not UTF-8");
    assert_eq!(error.position().map(ToString::to_string).as_deref(), Some("a.yml:2:4"));
}

#[test]
fn a_huge_file_is_refused_unread() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("a.yml");
    std::fs::File::create(&path).and_then(|file| file.set_len(1 << 40)).expect("a sparse file");
    assert_eq!(parse_file(&path, "a.yml").expect_err("it is huge").reason(), "file-too-large");
}

/// Values as BuildStream loads them from files that it writes.
fn values() -> impl Strategy<Value = Value> {
    let leaf = "[ -~\n\täé😀]{0,12}".prop_map(|text| Value::from(strip(&text)));
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Seq),
            proptest::collection::btree_map("[ -~ä]{1,6}", inner, 0..4).prop_map(Value::Map),
        ]
    })
}

fn node(value: &Value) -> Node {
    match value {
        Value::Seq(values) => Node::sequence(values.iter().map(node).collect()),
        Value::Map(map) => {
            let mut mapping = spec_model::Mapping::new();
            map.iter().for_each(|(name, value)| mapping.set(name, node(value)));
            mapping.into()
        }
        Value::Str(text) => Node::text(text.as_str()),
        other => panic!("{other:?} is not made here"),
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[-a-c:?|>&*!%@`'\"#,{}\\[\\] \n\t\r~\u{0}\u{85}ä0+]{0,60}") {
        let _ = parse_text(&text, "fuzz.yml");
    }

    #[test]
    fn no_sequence_of_pieces_makes_the_parser_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "a", ": ", "- ", "\n", "  ", "? ", "|", ">", "|2-\n", ">+\n", "{", "}", "[", "]", ", ", "'", "\"", "\\", "#", " #", "---\n",
        "...\n", "%YAML 1.2\n", "%TAG ! x\n", "!t ", "!!str ", "!<x> ", "&a ", "*a ", "\t", "\r\n", "é", "\u{feff}", "<<: ", "\u{2028}",
    ]), 0..24)) {
        let _ = parse_text(&pieces.concat(), "fuzz.yml");
    }

    #[test]
    fn what_is_written_is_read_again(value in values()) {
        let mut mapping = spec_model::Mapping::new();
        mapping.set("top", node(&value));
        let text = dump(&mapping);
        let read = parse_text(&text, "dump.yml").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read.to_value(), mapping.to_value(), "{}", text);
    }
}

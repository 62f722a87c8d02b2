use proptest::prelude::*;

use super::*;

/// Expected texts as ujson 5 prints them.
#[track_caller]
fn check(value: Value, expect: &str) {
    assert_eq!(value.canonical(), expect);
}

#[test]
fn texts() {
    check(
        "a/b\"\\\n\t\u{8}\u{c}\r\u{1}\u{1f}\u{7f}<>&".into(),
        "\"a/b\\\"\\\\\\n\\t\\b\\f\\r\\u0001\\u001f\u{7f}<>&\"",
    );
    check("\u{0}\u{b}\u{80}ÿ\u{ffff}'".into(), "\"\\u0000\\u000b\\u0080\\u00ff\\uffff'\"");
    check("é€😀\u{2028}".into(), r#""\u00e9\u20ac\ud83d\ude00\u2028""#);
}

#[test]
fn structures() {
    let list = Value::Seq(vec![
        1.into(),
        (-2).into(),
        Value::Null,
        true.into(),
        false.into(),
        Value::map([("", Value::from(""))]),
    ]);
    check(
        Value::map([
            ("b", list),
            ("a", Value::Seq(vec![])),
            ("é", "".into()),
            ("Z", 1.into()),
            ("aa", 1.into()),
        ]),
        r#"{"Z":1,"a":[],"aa":1,"b":[1,-2,null,true,false,{"":""}],"\u00e9":""}"#,
    );
}

/// Nodes whose texts have what is escaped and what is not.
fn nodes() -> impl Strategy<Value = Node> {
    let text = || "[a\"\\\\\né😀\u{7f}]{0,6}";
    let leaf = text().prop_map(Node::text);
    leaf.prop_recursive(3, 24, 5, move |inner| {
        let entries = proptest::collection::vec((text(), inner.clone()), 0..5);
        let mapping = entries.prop_map(|entries| {
            let mut mapping = Mapping::new();
            entries.into_iter().for_each(|(name, node)| mapping.set(&name, node));
            Node::from(mapping)
        });
        prop_oneof![proptest::collection::vec(inner, 0..5).prop_map(Node::sequence), mapping]
    })
}

proptest! {
    #[test]
    fn nodes_are_written_as_their_values(node in nodes()) {
        let mut text = String::new();
        node.write_canonical(&mut text);
        prop_assert_eq!(text, node.to_value().canonical());
    }

    #[test]
    fn pieces_of_texts_are_written_as_characters_are(text in "[a\"\\\\\n\u{1}é😀\u{7f}]{0,12}") {
        let each: String = text.chars().map(|c| Value::from(c.to_string()).canonical()[1..].to_owned()).map(|c| c[..c.len() - 1].to_owned()).collect();
        prop_assert_eq!(Value::from(text).canonical(), format!("\"{each}\""));
    }
}

use spec_model::{Key, Mapping, Node};

use super::dump;

fn mapping(entries: &[(&str, Node)]) -> Mapping {
    let mut mapping = Mapping::new();
    for (name, node) in entries {
        mapping.set(name, node.clone());
    }
    mapping
}

fn text(text: &str) -> Node {
    Node::text(text)
}

/// The mapping that golden/make.py writes to show a text as a value.
fn as_value(value: &str) -> Mapping {
    let v = || text(value);
    let inner = mapping(&[("m", v()), ("n", v())]);
    let list = Node::sequence(vec![v(), Node::sequence(vec![v(), v()]), inner.into()]);
    let nested = mapping(&[("e", v()), ("f", mapping(&[("g", v())]).into())]);
    mapping(&[("k", v()), ("l", list), ("d", nested.into())])
}

/// The mapping that golden/make.py writes to show a text as a key.
fn as_key(key: &str) -> Mapping {
    let list = Node::sequence(vec![text("y"), text("z")]);
    let deep = mapping(&[(key, mapping(&[("f", text("g"))]).into())]);
    mapping(&[
        (key, text("x")),
        ("d", mapping(&[(key, list)]).into()),
        ("e", Node::sequence(vec![deep.into()])),
    ])
}

#[test]
fn texts_are_written_as_the_reference_writes_them() {
    let cases: serde_json::Value = serde_json::from_str(include_str!("golden/dump.json")).expect("JSON");
    let cases = cases.as_array().expect("a list");
    for case in cases {
        let field = |name: &str| case[name].as_str().expect("a text");
        let count = usize::try_from(case["repeat"].as_u64().expect("a number")).expect("a small one");
        let value = field("text").repeat(count) + field("end");
        for (found, expected) in
            [(dump(&as_value(&value)), field("value")), (dump(&as_key(&value)), field("key"))]
        {
            let found = if count == 1 { found } else { Key::of(found.as_bytes()).to_string() };
            assert_eq!(found, expected, "{:?} * {count} + {:?}", field("text"), field("end"));
        }
    }
    assert!(cases.len() > 100);
}

#[test]
fn empty_collections_are_written_on_their_line() {
    let empty = || Node::sequence(Vec::new());
    let list = Node::sequence(vec![empty(), Mapping::new().into(), Node::sequence(vec![empty()])]);
    let all = mapping(&[("a", empty()), ("b", Mapping::new().into()), ("c", list)]);
    assert_eq!(dump(&all), "a: []\nb: {}\nc:\n- []\n- {}\n- - []\n");
    assert_eq!(dump(&Mapping::new()), "{}\n");
}

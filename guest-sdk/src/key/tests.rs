use super::*;

#[test]
fn children_stand_before_parents_and_the_root_is_last() {
    let key = UniqueKey::from(Value::Mapping(vec![
        ("list".to_owned(), Value::texts(["a", "b"])),
        ("flag".to_owned(), Value::Bool(true)),
    ]));
    let shape: Vec<String> = key.values.iter().map(|value| format!("{value:?}")).collect();
    let expected = [
        r#"KeyValue::Text("a")"#,
        r#"KeyValue::Text("b")"#,
        "KeyValue::Sequence([0, 1])",
        "KeyValue::Bool(true)",
        r#"KeyValue::Mapping([("list", 2), ("flag", 3)])"#,
    ];
    assert_eq!(shape, expected);
}

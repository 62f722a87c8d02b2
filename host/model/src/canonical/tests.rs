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

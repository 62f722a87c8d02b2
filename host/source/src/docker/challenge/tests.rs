use proptest::prelude::*;

use super::*;

#[test]
fn challenges() {
    let token = |realm: &str, parameters: &[(&'static str, &str)]| {
        let parameters = parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Some(Challenge::Token { realm: realm.to_owned(), parameters })
    };
    for (header, expect) in [
        ("Basic realm=\"x\"", Some(Challenge::Basic)),
        ("basic", Some(Challenge::Basic)),
        ("Bearer realm=\"https://a/t\"", token("https://a/t", &[])),
        (
            "Bearer realm=\"https://a/t\",service=\"r\",scope=\"repository:x:pull,push\"",
            token("https://a/t", &[("service", "r"), ("scope", "repository:x:pull,push")]),
        ),
        ("bearer scope=a, Realm = \"b\\\"c\" , other=1", token("b\"c", &[("scope", "a")])),
        ("Bearer service=\"r\"", None),
        ("Negotiate", None),
        ("", None),
    ] {
        assert_eq!(Challenge::parse(header), expect, "{header}");
    }
}

proptest! {
    #[test]
    fn any_header_is_read(text in "(Bearer )?[a-z=\",\\\\ é]{0,60}") {
        let _ = Challenge::parse(&text);
    }
}

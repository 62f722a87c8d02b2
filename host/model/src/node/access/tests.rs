use super::*;
use crate::UserError;

fn mapping(entries: &[(&str, &str)]) -> Mapping {
    let mut mapping = Mapping::new();
    for (name, text) in entries {
        mapping.set(name, Node::text(*text));
    }
    mapping
}

#[test]
fn booleans_are_written_in_two_ways() {
    let truth = |text: &str| Node::text(text).as_bool().ok();
    assert_eq!(truth("True"), Some(true));
    assert_eq!(truth("false"), Some(false));
    assert_eq!(truth("yes"), None);
}

#[test]
fn an_unknown_key_names_the_likely_one() {
    let error = mapping(&[("comands", "x")]).validate_keys(&["commands", "label"]);
    let error = error.expect_err("the key is unknown");
    assert_eq!(error.reason(), "invalid-data");
    assert_eq!(error.to_string(), "unexpected key 'comands'");
    assert_eq!(error.hint().as_deref(), Some("did you mean 'commands'?"));
}

#[test]
fn a_missing_key_is_named() {
    let error = mapping(&[]).str("kind").expect_err("there is no key");
    assert_eq!(error.to_string(), "the key 'kind' is missing here");
}

use super::*;

#[test]
fn known_names_are_replaced() {
    let lookup = |name: &str| match name {
        "HOME" => Some("/home/me".to_owned()),
        "E" => Some(String::new()),
        _ => None,
    };
    for (text, expected) in [
        ("$HOME/.config", "/home/me/.config"),
        ("a${HOME}b", "a/home/meb"),
        ("$HOMES ${NOPE} $", "$HOMES ${NOPE} $"),
        ("${HOME", "${HOME"),
        ("[$E]", "[]"),
        ("$$HOME", "$/home/me"),
        ("", ""),
    ] {
        assert_eq!(expand_variables(text, &lookup), expected, "{text}");
    }
}

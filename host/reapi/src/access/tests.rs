use super::*;

#[test]
fn access_depends_on_the_token() {
    let tokens = Tokens { read_only: vec!["r".to_owned()], read_write: vec!["w".to_owned()] };
    for (tokens, writable, given, expect) in [
        (Tokens::default(), true, None, Some(Access::Write)),
        (Tokens::default(), false, Some("Bearer w"), Some(Access::Read)),
        (tokens.clone(), true, None, None),
        (tokens.clone(), true, Some("Bearer x"), None),
        (tokens.clone(), true, Some("Bearer ww"), None),
        (tokens.clone(), true, Some("w"), None),
        (tokens.clone(), true, Some("Bearer r"), Some(Access::Read)),
        (tokens.clone(), true, Some("Bearer w"), Some(Access::Write)),
        (tokens, false, Some("Bearer w"), Some(Access::Read)),
    ] {
        assert_eq!(TokenInterceptor::new(tokens, writable).access_of(given), expect, "{given:?}");
    }
}

use super::*;

#[test]
fn names_are_stripped_as_patch_strips_them() {
    for (name, strip, expect) in [
        ("a/b/c", 1, Some("b/c")),
        ("a//b/c", 1, Some("b/c")),
        ("a/b", 0, Some("a/b")),
        ("./a/b", 1, Some("a/b")),
        ("b", 1, None),
        ("a/../b", 1, None),
        ("/etc/passwd", 0, None),
        ("/etc/passwd", 1, Some("etc/passwd")),
        ("a/.git/config", 1, None),
        ("a/", 1, None),
    ] {
        assert_eq!(clean(name, strip).as_deref(), expect, "{name} {strip}");
    }
    let names = ["long/way/x".to_owned(), "b.orig".to_owned(), "b".to_owned()];
    assert_eq!(best_name(&names).as_deref(), Some("b"));
}

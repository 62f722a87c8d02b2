use super::*;

#[test]
fn paths_are_made_absolute() {
    for (path, expected) in [
        ("", "/"),
        ("/", "/"),
        ("usr/lib", "/usr/lib"),
        ("//usr/./lib/", "/usr/lib"),
        ("/usr/../etc", "/etc"),
        ("../../etc", "/etc"),
    ] {
        assert_eq!(absolute(path), expected, "{path}");
    }
}

#[test]
fn paths_stay_below_their_base() {
    for (path, expected) in [("/", "/input"), ("sub/", "/input/sub"), ("../etc", "/input/etc")] {
        assert_eq!(below("/input", path), expected, "{path}");
    }
}

#[test]
fn an_absolute_path_replaces_the_base() {
    assert_eq!(join("/build", "src"), "/build/src");
    assert_eq!(join("/", "src"), "/src");
    assert_eq!(join("/build", "/src"), "/src");
}

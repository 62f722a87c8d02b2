use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_is_taken_is_one_path_below_the_root(
        cwd in prop::collection::vec("[a-z]{1,3}", 0..4),
        path in prop_oneof![".*", "[a./\\x00]{0,12}", r"(\.\./){0,5}[a/.]{0,5}"],
    ) {
        let cwd = cwd.join("/");
        let Ok(taken) = resolve("path", &cwd, &path) else { return Ok(()) };
        let is_name = |name: &str| !name.is_empty() && name != "." && name != ".." && name.len() <= 255;
        prop_assert!(taken.is_empty() || taken.split('/').all(is_name), "{taken:?}");
        prop_assert!(!taken.contains('\0') && taken.len() <= 4094);
        // Where a walk step by step leads.
        let mut way: Vec<&str> = cwd.split('/').filter(|name| !name.is_empty()).collect();
        for step in path.split('/') {
            match step {
                "" | "." => {}
                ".." => prop_assert!(way.pop().is_some(), "it left the root"),
                name => way.push(name),
            }
        }
        prop_assert_eq!(taken, way.join("/"));
    }
}

#[test]
fn only_paths_inside_are_taken() {
    for (path, expected) in [("", Some("")), ("a", Some("a")), ("a/b", Some("a/b")), ("a/b//", Some("a/b"))] {
        assert_eq!(check_relative("path", path).ok(), expected);
    }
    let (long, name) = ("a/".repeat(3000), "n".repeat(256));
    for path in ["/", "/a", ".", "..", "a/../b", "a/..", "./a", "a//b", "a\0b", &long, &name] {
        assert!(check_relative("path", path).is_err(), "{path}");
    }
}

#[test]
fn paths_may_go_up_but_not_out() {
    for (cwd, path, expected) in [
        ("a/b", "", Some("a/b")),
        ("a/b", ".", Some("a/b")),
        ("a/b", "./c", Some("a/b/c")),
        ("a/b", "../c/d", Some("a/c/d")),
        ("a/b", "../..", Some("")),
        ("a/b", "../../c", Some("c")),
        ("", "c", Some("c")),
        ("a/b", "../../..", None),
        ("", "..", None),
        ("", "../a", None),
        ("a", "/b", None),
        ("a", "..//b", None),
        ("a", "b/../c", None),
        ("a", "b/..", None),
    ] {
        assert_eq!(resolve("path", cwd, path).ok().as_deref(), expected, "{cwd} {path}");
    }
}

#[test]
fn paths_are_no_longer_than_the_kernel_takes() {
    let letter = |at: usize| if at % 100 == 50 { '/' } else { 'n' };
    let long = |length: usize| (0..length).map(letter).collect::<String>();
    for (cwd, path, fits) in [(0, 4094, true), (0, 4095, false), (2002, 2091, true), (2002, 2092, false)] {
        let (cwd, path) = (long(cwd), long(path));
        assert_eq!(resolve("path", &cwd, &path).is_ok(), fits, "{} {}", cwd.len(), path.len());
    }
}

#[test]
fn paths_are_joined() {
    let table = [("", "", ""), ("", "a", "a"), ("a", "", "a"), ("a", "b/c", "a/b/c")];
    table.iter().for_each(|(folder, path, expected)| assert_eq!(append(folder, path), *expected));
    assert_eq!([parent(""), parent("a"), parent("a/b/c")], ["", "", "a/b"]);
}

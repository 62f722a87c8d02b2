use super::*;
use crate::archive::member::ContentIndex;

fn member(name: &str) -> Member {
    let (name, kind) = match name.strip_suffix('/') {
        Some(directory) => (directory, MemberKind::Directory),
        None => (name, MemberKind::File(ContentIndex(0))),
    };
    Member { name: name.to_owned(), kind, executable: false }
}

#[track_caller]
fn check(names: &[&str], pattern: &str, expect: Option<&str>) {
    let members: Vec<Member> = names.iter().map(|name| member(name)).collect();
    assert_eq!(find_base_dir(&members, pattern, 100).ok().as_deref(), expect, "{pattern} in {names:?}");
}

#[test]
fn picks_what_buildstream_picks() {
    check(&["b/", "b/x", "a/y"], "*", Some("a/"));
    check(&["b/", "b/x", "a/y"], "b*", Some("b/"));
    check(&["a/b/c/x"], "*/b", Some("a/b/"));
    check(&["a/b/c/x"], "**c", Some("a/b/c/"));
    check(&["./a/", "./a/x"], "*", Some("a/"));
    check(&["./", "./a/", "./a/x"], "*", Some(""));
    check(&["./", "./a/", "./a/x"], "a", Some("a/"));
    check(&[".hidden/x"], "*", Some("hidden/"));
    check(&["x", "y"], "*", None);
    check(&["x"], "", Some(""));
    check(&["a/x"], "b", None);
}
#[test]
fn directories_that_only_lead_to_files_are_counted() {
    let members: Vec<Member> = (0..10).map(|number| member(&format!("{number}/a/b/x"))).collect();
    assert_eq!(find_base_dir(&members, "*", 30).ok().as_deref(), Some("0/"));
    let error = find_base_dir(&members, "*", 29).expect_err("there are thirty");
    assert_eq!(error.reason(), "archive-bomb");
}

use super::*;
use crate::patches::unified_diff::parse;

const GNU: ApplyRules = ApplyRules::GnuPatch { strip: 1 };

/// The file after the hunks of a patch.
fn applied(file: &str, hunks: &str, rules: ApplyRules) -> Option<String> {
    let patch = format!("--- a/x\n+++ b/x\n{hunks}");
    let files = parse(patch.as_bytes()).expect("the patch is right");
    let new = apply_hunks(file.as_bytes(), &files[0].hunks, rules).ok()?;
    Some(String::from_utf8(new).expect("it is text"))
}

/// The outcomes are those of GNU patch 2.7.6 and git 2.47.
#[test]
fn hunks_are_found_where_patch_and_git_find_them() {
    let hunk = "@@ -2,3 +2,3 @@\n b\n-c\n+C\n d\n";
    for (file, gnu, git) in [
        ("a\nb\nc\nd\ne\n", Some("a\nb\nC\nd\ne\n"), Some("a\nb\nC\nd\ne\n")),
        ("x\ny\na\nb\nc\nd\n", Some("x\ny\na\nb\nC\nd\n"), Some("x\ny\na\nb\nC\nd\n")),
        ("b\nc\nd\n", Some("b\nC\nd\n"), Some("b\nC\nd\n")),
        ("a\nB\nc\nD\n", Some("a\nB\nC\nD\n"), None),
        ("a\nb\nx\nd\n", None, None),
        ("", None, None),
    ] {
        assert_eq!(applied(file, hunk, GNU).as_deref(), gnu, "patch: {file:?}");
        assert_eq!(applied(file, hunk, ApplyRules::Git).as_deref(), git, "git: {file:?}");
    }
}

#[test]
fn the_end_of_a_file_counts() {
    let hunk = "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n";
    for rules in [GNU, ApplyRules::Git] {
        assert_eq!(applied("a", hunk, rules).as_deref(), Some("b"), "{rules:?}");
        assert_eq!(applied("a\n", hunk, rules), None, "{rules:?}");
    }
    let append = "@@ -2,0 +3 @@\n+c\n";
    assert_eq!(applied("a\nb\n", append, GNU).as_deref(), Some("a\nb\nc\n"));
}

#[test]
fn changes_that_are_there_already_are_noticed() {
    let patch = b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n c\n";
    let hunks = &parse(patch).expect("the patch is right")[0].hunks;
    assert!(is_applied(b"b\nc\n", hunks, GNU) && !is_applied(b"a\nc\n", hunks, GNU));
}

use proptest::prelude::*;

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

#[test]
fn a_hunk_that_names_a_line_far_away_is_found_at_once() {
    let hunk = "@@ -500000000000000000 +500000000000000000 @@\n-b\n+B\n";
    assert_eq!(applied("a\nb\n", hunk, GNU).as_deref(), Some("a\nB\n"));
    assert_eq!(applied("a\nc\n", hunk, GNU), None);
}

/// A hunk of lines with their signs, which says that it begins at a line.
fn hunk(start: usize, lines: &[(char, char)]) -> String {
    let count = |sign: char| lines.iter().filter(|(other, _)| *other == ' ' || *other == sign).count();
    let text: String = lines.iter().map(|(sign, line)| format!("{sign}{line}\n")).collect();
    format!("@@ -{start},{} +{start},{} @@\n{text}", count('-'), count('+'))
}

fn letter() -> impl Strategy<Value = char> {
    prop_oneof![Just('a'), Just('b'), Just('c')]
}

proptest! {
    /// What is left of a file is what no hunk has removed, and what is added comes from the hunks.
    #[test]
    fn hunks_lose_and_repeat_no_lines(
        file in proptest::collection::vec(letter(), 0..8),
        starts in proptest::collection::vec(0usize..12, 1..3),
        mut lines in proptest::collection::vec((prop_oneof![Just(' '), Just('-'), Just('+')], letter()), 0..6),
        change in (prop_oneof![Just('-'), Just('+')], letter()),
        at in 0usize..7,
    ) {
        lines.insert(at.min(lines.len()), change);
        let text: String = file.iter().map(|line| format!("{line}\n")).collect();
        let hunks: String = starts.iter().map(|start| hunk(*start, &lines)).collect();
        let count = |sign: char| lines.iter().filter(|(other, _)| *other == sign).count() * starts.len();
        for rules in [GNU, ApplyRules::Git] {
            if let Some(new) = applied(&text, &hunks, rules) {
                prop_assert_eq!(new.lines().count() + count('-'), file.len() + count('+'), "{:?}: {}", rules, new);
            }
        }
    }
}

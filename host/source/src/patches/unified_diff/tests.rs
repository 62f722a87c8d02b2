use proptest::prelude::*;

use super::*;

#[test]
fn changes_are_read_between_other_text() {
    let patch = b"From: somebody\n\n--\ndiff --git a/x y b/x y\nindex 1..2 100644\n--- a/x y\t\n+++ b/x y\t\n@@ -1,2 +1,2 @@ fn\n a\n-b\n\
                  +c\n\\ No newline at end of file\ndiff --git a/t b/t\nold mode 100644\nnew mode 100755\n\
                  diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+z\n-- \n2.3\n";
    let files = parse(patch).expect("it is right");
    let names: Vec<_> =
        files.iter().map(|file| (file.old.name.as_deref(), file.new.name.as_deref())).collect();
    assert_eq!(names, [(Some("a/x y"), Some("b/x y")), (Some("a/t"), Some("b/t")), (None, Some("b/new"))]);
    assert_eq!(files[0].hunks[0].lines[2], HunkLine::Added(b"c".to_vec()));
    assert_eq!(files[1].git.as_ref().and_then(|git| git.new_mode), Some(0o100_755));
    assert!(files[2].old.is_nothing && files[2].git.as_ref().is_some_and(|git| git.created));
}

#[test]
fn wrong_patches_name_their_line() {
    for (patch, line, says) in [
        ("--- a\n+++ b\n", 3, "expected a hunk"),
        ("--- a\n+++ b\n@@ -1 @@\n", 3, "range"),
        ("--- a\n+++ b\n@@ -1,2 +1,2 @@\n a\n", 5, "ends inside"),
        ("--- a\n+++ b\n@@ -1 +1 @@\nx\n", 4, "begins with"),
        ("--- a\n+++ b\n@@ -1 +1 @@\n+x\n+y\n", 5, "more lines"),
        ("--- a\n+++ b\n@@ -1 +1 @@\n x\n", 3, "changes nothing"),
        ("--- a\n+++ b\n@@ -9223372036854775807 +1 @@\n-x\n+y\n", 3, "range"),
        ("*** a\n--- b\n", 1, "context diff"),
        ("diff --git a/x b/x\nGIT binary patch\n", 2, "binary"),
    ] {
        match parse(patch.as_bytes()) {
            Err(PatchError::Syntax { line: found, why }) => {
                assert!(found == line && why.contains(says), "{patch}: {found} {why}");
            }
            outcome => panic!("{patch}: {outcome:?}"),
        }
    }
}

#[test]
fn times_and_names_are_read() {
    for (text, expect) in [
        ("x\t1970-01-01 00:00:00.000000000 +0000", (Some("x"), true)),
        ("x\t1970-01-01 01:00:00 +0100", (Some("x"), true)),
        ("x\t1969-12-31 19:00:00 -0500", (Some("x"), true)),
        ("x\t2020-01-01 00:00:00 +0000", (Some("x"), false)),
        ("/dev/null", (None, true)),
        ("\"a/\\303\\274 \\\"q\"", (Some("a/ü \"q"), false)),
    ] {
        let header = file_header(text);
        assert_eq!((header.name.as_deref(), header.is_nothing), expect, "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(lines in proptest::collection::vec(line(), 0..30)) {
        let patch = lines.concat();
        match parse(&patch) {
            Ok(files) => prop_assert!(files.iter().all(|file| file.line <= lines.len())),
            Err(PatchError::Syntax { line, .. }) => prop_assert!((1..=lines.len() + 1).contains(&line)),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

/// A line as patches have it, or nearly so.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let begin = prop_oneof![
        Just("--- "),
        Just("+++ "),
        Just("@@ -"),
        Just("diff --git "),
        Just("Index: "),
        Just("*** "),
        Just("\\ No"),
        Just("new mode "),
        Just("new file mode "),
        Just("rename from "),
        Just("copy to "),
        Just(" "),
        Just("-"),
        Just("+"),
        Just("")
    ];
    let rest = prop_oneof![
        "[0-9]{0,20}(,[0-9]{0,20})? \\+[0-9]{0,20}(,[0-9]{0,3})? @@",
        "\"(\\\\[0-9a-z\"]{0,3}|é){0,4}\"?",
        "[ab]/x [ab]/x",
        "x\t(1970-01-01|1969-12-31) [0-9]{0,19}:[0-9:.]{0,30}( [+-][0-9]{0,20})?",
        ".{0,6}",
    ];
    let end = prop_oneof![
        Just(b"\n" as &[u8]),
        Just(b"\r\n" as &[u8]),
        Just(b"\xff\n" as &[u8]),
        Just(b"" as &[u8])
    ];
    (begin, rest, end).prop_map(|(begin, rest, end)| [begin.as_bytes(), rest.as_bytes(), end].concat())
}

use proptest::prelude::*;

use super::*;

#[test]
fn versions_in_go_sum() {
    let sum =
        "a.org/x v1.0.0/go.mod h1:a=\na.org/x v1.1.0 h1:b=\na.org/x v1.2.0 h1:b=\n\na.org/y v2.0.0 h1:c=\n";
    assert_eq!(version_in_sum(sum, "a.org/x"), Ok(Some("v1.1.0")));
    assert_eq!(version_in_sum(sum, "a.org/y"), Ok(Some("v2.0.0")));
    assert_eq!(version_in_sum(sum, "a.org"), Ok(None));
    assert_eq!(version_in_sum("a v1\n", "b").map_err(|error| error.line), Err(1));
    assert_eq!(version_in_sum("a v1 h\n<html>\n", "b").map_err(|error| error.line), Err(2));
}

#[test]
fn headings_of_modules() {
    let text = "module m\n\ngo 1.22\n\nrequire a.org/z v1.1.0\nrequire (\n\ta.org/x v1.0.0\n\ta.org/y v1.1.0 // indirect\n)\n\
                replace a.org/x v1.0.0 => b.org/x v1.0.1\n";
    let go_mod = GoMod::parse(text).expect("a good file");
    let heading = |module, version, go| go_mod.heading(module, version, go);
    assert_eq!(heading("a.org/y", "v1.1.0", Some("go 1.20")), "# a.org/y v1.1.0\n## explicit; go 1.20\n");
    assert_eq!(heading("a.org/y", "v1.1.0", None), "# a.org/y v1.1.0\n## explicit\n");
    assert_eq!(heading("a.org/z", "v1.1.0", Some("go 1.20")), "# a.org/z\n");
    assert_eq!(heading("b.org/x", "v1.0.1", None), "# a.org/x v1.0.0 => b.org/x v1.0.1\n## explicit\n");
    assert_eq!(heading("b.org/x", "v1.0.2", None), "# b.org/x\n");
    assert_eq!(go_line("module m\n\n go 1\ngo 1.22\n"), Some("go 1.22"));
    for wrong in
        ["replace a => ./b", "replace a => ./b c", "replace a v1 => b v2 // why", "a\nreplace a v1 => ./b"]
    {
        let error = GoMod::parse(wrong).expect_err(wrong);
        assert_eq!(error.line, wrong.lines().count(), "{wrong}");
    }
    assert!(GoMod::parse("replace a b").is_ok(), "as for BuildStream's plugin");
}

#[test]
fn pages_name_the_root_of_a_repository() {
    let meta = |content: &str| format!("<html><head><META Name=go-import\ncontent=\"{content}\"></head>");
    assert_eq!(root_module(&meta("a.org/x git https://b.org/x")).as_deref(), Some("a.org/x"));
    assert_eq!(root_module(&meta("a.org/x&amp;y git u")).as_deref(), Some("a.org/x&y"));
    assert_eq!(root_module(&meta("a.org/x git")), None);
    assert_eq!(root_module("<meta name='go-source' content='a b c'>"), None);
    assert_eq!(root_module("<!-- <meta name='go-import' content='a b c'> -->"), None);
    let two = "<meta name='go-import' content='a b c'/><meta content='d e f' name='go-import'>";
    assert_eq!(root_module(two).as_deref(), Some("d"), "the last one counts");
    assert_eq!(root_module(""), None);
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}", lines in "[a-z v1./>=<'\n\"-]{0,200}") {
        for text in [&text, &lines] {
            let _ = version_in_sum(text, "a");
            let _ = root_module(text);
            if let Ok(go_mod) = GoMod::parse(text) {
                let heading = go_mod.heading("a", "v1", go_line(text));
                prop_assert!(heading.starts_with("# ") && heading.ends_with('\n'));
            }
        }
    }
}

use proptest::prelude::*;

use super::*;

#[test]
fn submodules_are_read_as_git_writes_them() {
    let text = "# comment\n[core]\n\tpath = not/this\n[submodule \"a\"]\n\tpath = lib/a\n\turl = ../a.git ; why\n\
                [submodule \"b c\"]\n  url=\"https://h/b c.git#x\"\n  path = \"b c\"\n  branch = main\n\
                [Submodule \"no-url\"]\npath = x/\n[submodule \"no-path\"]\n\turl = y\n";
    let entry =
        |path: &str, url: Option<&str>| ModuleEntry { path: path.to_owned(), url: url.map(str::to_owned) };
    let expect =
        [entry("lib/a", Some("../a.git")), entry("b c", Some("https://h/b c.git#x")), entry("x", None)];
    assert_eq!(parse_gitmodules(text), expect);
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"(\[|submodule|path|url|=|"|\\|#|;|\n|é|\PC| ){0,40}"#) {
        for entry in parse_gitmodules(&text) {
            prop_assert!(!entry.path.ends_with('/'), "{entry:?}");
        }
    }

    #[test]
    fn what_git_writes_is_read(path in "[^\\pC/ ]([^\\pC]{0,8}[^\\pC/ ])?", url in "([^\\pC]|\t|\n){1,12}") {
        let escapes = [("\\", "\\\\"), ("\"", "\\\""), ("\t", "\\t"), ("\n", "\\n")];
        let escape = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        let quoted = |text: &str| format!("\"{}\"", escapes.iter().fold(text.to_owned(), escape));
        let text = format!("[submodule \"x\"]\n\tpath = {}\n\turl = {}\n", quoted(&path), quoted(&url));
        prop_assert_eq!(parse_gitmodules(&text), [ModuleEntry { path, url: Some(url) }]);
    }
}

use proptest::prelude::*;

use super::*;

#[test]
fn crates_from_elsewhere_are_listed() {
    let text = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"a\"]\n\n\
                [[package]]\nname = \"a\"\nversion = \"1.2.3\"\nsource = \"registry+https://x\"\nchecksum = \"12\"\n";
    let found = read(text).expect("a good file");
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].name.as_str(), found[0].checksum.as_deref()), ("a", Some("12")));
}

#[test]
fn wrong_files_say_where() {
    for (text, line, column) in [
        ("[[package]]\nname = \"a\"\nversion = 1\n", 3, 11),
        ("[[package]]\nname = a\n", 2, 8),
        ("version = 4\n[package\n", 2, 9),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!((error.line, error.column), (line, column), "{text}: {}", error.why);
    }
    for text in ["", "version = 4\n", "[[package]]\nname = \"a\"\n", "package = 1\n"] {
        let error = read(text).expect_err(text);
        assert!(!error.why.is_empty() && !error.why.contains('\n'), "{text}: {}", error.why);
    }
}

/// As Python's `urlparse` and `parse_qsl` read them.
#[test]
fn origins() {
    let git = |repo: &str, commit: &str, query: &[(&str, &str)]| {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(LockedOrigin::Git { repo: repo.to_owned(), commit: commit.to_owned(), query })
    };
    assert_eq!(
        LockedOrigin::of("registry+https://github.com/rust-lang/crates.io-index"),
        Ok(LockedOrigin::Registry)
    );
    assert_eq!(LockedOrigin::of("git+https://x/y#12"), git("https://x/y", "12", &[]));
    assert_eq!(
        LockedOrigin::of("git+https://x/y.git?branch=a%2Fb&tag=&rev=1&rev=a+b#12"),
        git("https://x/y.git", "12", &[("branch", "a/b"), ("rev", "a b")])
    );
    assert_eq!(LockedOrigin::of("git+ssh://git@x/y"), git("ssh://git@x/y", "", &[]));
    assert_eq!(LockedOrigin::of("sparse+https://x"), Err("sparse".to_owned()));
    assert_eq!(LockedOrigin::of(""), Err(String::new()));
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}", source in "(git|registry)?\\+?\\PC{0,40}") {
        let _ = read(&text);
        let _ = LockedOrigin::of(&source);
        let _ = read(&format!("[[package]]\nname = {text:?}\nversion = \"\"\nsource = {source:?}\n"));
    }
}

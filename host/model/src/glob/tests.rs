use proptest::prelude::*;

use super::*;

/// Lines of `PATTERN TAB PATH...`, the paths that match; or `PATTERN TAB !` when it is no pattern.
const GOLDEN: &str = include_str!("../../golden/globs.txt");

#[test]
fn patterns_match_as_in_buildstream() {
    let mut lines = GOLDEN.lines().filter(|line| !line.starts_with('#'));
    let paths: Vec<&str> = lines.next().expect("the first line has the paths").split('\t').collect();
    for line in lines {
        let (pattern, expect) = line.split_once('\t').expect("a pattern and what it matches");
        let found = match Globs::new([pattern]) {
            Ok(globs) => paths.iter().filter(|path| globs.matches(path)).copied().collect(),
            Err(_) => vec!["!"],
        };
        assert_eq!(found.join("\t"), expect, "{pattern}");
    }
}

#[test]
fn one_of_many_is_enough_and_none_is_not() {
    let globs = Globs::new(["/a", "/b/*"]).expect("patterns");
    assert!(globs.matches("/a") && globs.matches("/b/c"));
    assert!(!globs.matches("/a/b") && !globs.matches("x/a") && !globs.matches("/b/c/d"));
    assert!(!Globs::new::<&str>([]).expect("no patterns").matches("/"));
}

#[test]
fn brackets_that_are_never_closed_cost_no_more_than_other_text() {
    let start = std::time::Instant::now();
    let pattern = "[".repeat(200_000);
    assert!(translate(&pattern).is_ok_and(|expression| expression.len() == 400_000));
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_backward_range_is_named() {
    let error = Globs::new(["/ok", "/[z-a]"]).expect_err("it runs backwards");
    assert_eq!(error.pattern, "/[z-a]");
    assert!(error.to_string().contains("z-a"), "{error}");
}

proptest! {
    #[test]
    fn text_without_magic_matches_itself_alone(text in "[^*?\\[]{0,20}", other in "\\PC{0,20}") {
        let globs = Globs::new([&text]).expect("a literal");
        prop_assert!(globs.matches(&text));
        prop_assert_eq!(globs.matches(&other), text == other);
    }

    #[test]
    fn any_text_is_a_pattern_or_a_clear_error(text in "[-a-c*?!^\\[\\]\\\\&~|/]{0,12}") {
        if let Err(error) = Globs::new([&text]) {
            prop_assert!(error.why.contains("backwards"), "{}", error);
        }
    }
}

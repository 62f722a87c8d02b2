//! Patterns of split rules and of `base-dir`.

use spec_artifact::Globs;
use spec_source::fuzzing::glob_matches;

/// The input is a pattern and a path.
pub fn run(data: &[u8]) {
    let Some([pattern, path]) = crate::texts(data) else { return };
    let here = glob_matches(pattern, path);
    assert!(pattern.starts_with('/') || glob_matches(&format!("/{pattern}"), path) == here, "{pattern:?}");
    let Ok(globs) = Globs::new([pattern]) else { return };
    // The two differ where a path begins with a slash, which only one of them passes over.
    if !pattern.starts_with('/') && !path.starts_with('/') {
        assert_eq!(globs.matches(path), here, "{pattern:?} and {path:?}");
    }
    let many = Globs::new([pattern, "/never/*"]).expect("both are patterns");
    assert!(!globs.matches(path) || many.matches(path), "{pattern:?} and {path:?}");
}

/// Patterns of every form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    [
        ["*/src", "a/src"],
        ["**/lib*.so.[0-9]", "usr/lib/libc.so.6"],
        ["app-?.[!a-c]", "app-1.0"],
        ["[]x]", "]"],
        ["[ab", "[ab"],
        ["a**b*?", "axxbyz"],
    ]
    .map(|texts| crate::joined(&texts))
    .into()
}

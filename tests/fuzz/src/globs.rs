//! Patterns of split rules and of `base-dir`.

use spec_model::Globs;

/// The input is a pattern and a path.
pub fn run(data: &[u8]) {
    let Some([pattern, path]) = crate::texts(data) else { return };
    let Ok(globs) = Globs::new([pattern]) else { return };
    let matches = globs.matches(path);
    let Ok(many) = Globs::new([pattern, "/never/*"]) else { return };
    assert!(!matches || many.matches(path), "{pattern:?} and {path:?}");
    // A pattern near the largest size can become too large.
    let Ok(below) = Globs::new([format!("{pattern}/**")]) else { return };
    assert!(!matches || below.matches(&format!("{path}/x/y")), "{pattern:?} and {path:?}");
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

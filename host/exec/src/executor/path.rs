//! Paths in actions: relative, and never out of the root.

use super::ActionError;

/// Bytes of a path, as Linux has it.
const LONGEST: usize = 4096;

/// Checks a path and takes needless slashes off its end. `field` names it in errors.
pub(crate) fn relative<'a>(field: &str, path: &'a str) -> Result<&'a str, ActionError> {
    let bad = |why: &str| {
        let shown: String = path.chars().take(200).collect();
        Err(ActionError::invalid(format!(
            "{field} '{shown}' {why}; expected a relative path with single slashes"
        )))
    };
    let trimmed = path.trim_end_matches('/');
    if path.starts_with('/') {
        return bad("is absolute");
    }
    if path.len() > LONGEST {
        return bad("is longer than 4096 bytes");
    }
    if trimmed.is_empty() {
        return Ok("");
    }
    for name in trimmed.split('/') {
        match name {
            "" => return bad("holds an empty name"),
            "." | ".." => return bad("holds a step"),
            _ if name.contains('\0') => return bad("holds a NUL"),
            _ if name.len() > 255 => return bad("holds a name of more than 255 bytes"),
            _ => {}
        }
    }
    Ok(trimmed)
}

/// Where `path` leads from the folder `cwd`. It may go up, as BuildStream's output paths do, but not out of the root.
pub(crate) fn from_folder(field: &str, cwd: &str, path: &str) -> Result<String, ActionError> {
    let mut way: Vec<&str> = cwd.split('/').filter(|name| !name.is_empty()).collect();
    let mut rest = path;
    loop {
        rest = rest.strip_prefix("./").unwrap_or(if rest == "." { "" } else { rest });
        let up = rest.strip_prefix("../").or((rest == "..").then_some(""));
        let Some(above) = up else { break };
        if way.pop().is_none() {
            let shown: String = path.chars().take(200).collect();
            return Err(ActionError::invalid(format!(
                "{field} '{shown}' leads out of the root; expected a path inside"
            )));
        }
        rest = above;
    }
    Ok(join(&way.join("/"), relative(field, rest)?))
}

/// `path` below `folder`, both relative.
pub(crate) fn join(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

/// The folder that holds `path`; empty for the root and what is in it.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_inside_are_taken() {
        for (path, expected) in
            [("", Some("")), ("a", Some("a")), ("a/b", Some("a/b")), ("a/b//", Some("a/b"))]
        {
            assert_eq!(relative("path", path).ok(), expected);
        }
        let (long, name) = ("a/".repeat(3000), "n".repeat(256));
        for path in ["/", "/a", ".", "..", "a/../b", "a/..", "./a", "a//b", "a\0b", &long, &name] {
            assert!(relative("path", path).is_err(), "{path}");
        }
    }

    #[test]
    fn paths_may_go_up_but_not_out() {
        for (cwd, path, expected) in [
            ("a/b", "", Some("a/b")),
            ("a/b", ".", Some("a/b")),
            ("a/b", "./c", Some("a/b/c")),
            ("a/b", "../c/d", Some("a/c/d")),
            ("a/b", "../..", Some("")),
            ("a/b", "../../c", Some("c")),
            ("", "c", Some("c")),
            ("a/b", "../../..", None),
            ("", "..", None),
            ("", "../a", None),
            ("a", "/b", None),
            ("a", "..//b", None),
            ("a", "b/../c", None),
            ("a", "b/..", None),
        ] {
            assert_eq!(from_folder("path", cwd, path).ok().as_deref(), expected, "{cwd} {path}");
        }
    }

    #[test]
    fn paths_are_joined() {
        let table = [("", "", ""), ("", "a", "a"), ("a", "", "a"), ("a", "b/c", "a/b/c")];
        table.iter().for_each(|(folder, path, expected)| assert_eq!(join(folder, path), *expected));
        assert_eq!([parent(""), parent("a"), parent("a/b/c")], ["", "", "a/b"]);
    }
}

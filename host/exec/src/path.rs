//! Paths in messages of clients: relative, and never out of the root.

/// Bytes of a path below the root. Linux takes 4095 with the slash at its beginning.
const LONGEST: usize = 4094;
/// Bytes of a name.
const LONGEST_NAME: usize = 255;

/// Why a path is none.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field} '{}' {why}; expected {expected}", shown(path))]
pub(crate) struct BadPath {
    field: String,
    path: String,
    why: &'static str,
    expected: &'static str,
}

fn shown(path: &str) -> String {
    path.chars().take(200).flat_map(char::escape_default).collect()
}

fn bad(field: &str, path: &str, why: &'static str, expected: &'static str) -> BadPath {
    BadPath { field: field.to_owned(), path: path.to_owned(), why, expected }
}

/// Checks a path and takes needless slashes off its end. `field` names it in errors.
pub(crate) fn relative<'a>(field: &str, path: &'a str) -> Result<&'a str, BadPath> {
    let bad = |why| Err(bad(field, path, why, "a relative path with single slashes"));
    let trimmed = path.trim_end_matches('/');
    if path.starts_with('/') {
        return bad("is absolute");
    }
    if path.len() > LONGEST {
        return bad("is longer than 4094 bytes");
    }
    if trimmed.is_empty() {
        return Ok("");
    }
    for name in trimmed.split('/') {
        match name {
            "" => return bad("holds an empty name"),
            "." | ".." => return bad("holds a step"),
            _ if name.contains('\0') => return bad("holds a NUL"),
            _ if name.len() > LONGEST_NAME => return bad("holds a name of more than 255 bytes"),
            _ => {}
        }
    }
    Ok(trimmed)
}

/// How many levels a path goes up before it goes down, and the way down. As BuildStream's output paths do, it may begin
/// with such steps.
pub(crate) fn steps<'a>(field: &str, path: &'a str) -> Result<(usize, &'a str), BadPath> {
    let (mut up, mut rest) = (0, path);
    loop {
        rest = rest.strip_prefix("./").unwrap_or(if rest == "." { "" } else { rest });
        let Some(above) = rest.strip_prefix("../").or((rest == "..").then_some("")) else { break };
        (up, rest) = (up + 1, above);
    }
    let down = relative(field, rest).map_err(|error| BadPath { path: path.to_owned(), ..error })?;
    if path.len() > LONGEST {
        return Err(bad(field, path, "is longer than 4094 bytes", "a shorter path"));
    }
    Ok((up, down))
}

/// Where `path` leads from the folder `cwd`. It may go up, but not out of the root.
pub(crate) fn from_folder(field: &str, cwd: &str, path: &str) -> Result<String, BadPath> {
    let mut way: Vec<&str> = cwd.split('/').filter(|name| !name.is_empty()).collect();
    let (up, down) = steps(field, path)?;
    if up > way.len() {
        return Err(bad(field, path, "leads out of the root", "a path inside"));
    }
    way.truncate(way.len() - up);
    let path = join(&way.join("/"), down);
    match path.len() > LONGEST {
        true => Err(bad(field, &path, "is longer than 4094 bytes", "a shorter path from the root")),
        false => Ok(path),
    }
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_taken_is_one_path_below_the_root(
            cwd in prop::collection::vec("[a-z]{1,3}", 0..4),
            path in prop_oneof![".*", "[a./\\x00]{0,12}", r"(\.\./){0,5}[a/.]{0,5}"],
        ) {
            let cwd = cwd.join("/");
            let Ok(taken) = from_folder("path", &cwd, &path) else { return Ok(()) };
            let is_name = |name: &str| !name.is_empty() && name != "." && name != ".." && name.len() <= 255;
            prop_assert!(taken.is_empty() || taken.split('/').all(is_name), "{taken:?}");
            prop_assert!(!taken.contains('\0') && taken.len() <= 4094);
            // Where a walk step by step leads.
            let mut way: Vec<&str> = cwd.split('/').filter(|name| !name.is_empty()).collect();
            for step in path.split('/') {
                match step {
                    "" | "." => {}
                    ".." => prop_assert!(way.pop().is_some(), "it left the root"),
                    name => way.push(name),
                }
            }
            prop_assert_eq!(taken, way.join("/"));
        }
    }

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
    fn paths_are_no_longer_than_the_kernel_takes() {
        let letter = |at: usize| if at % 100 == 50 { '/' } else { 'n' };
        let long = |length: usize| (0..length).map(letter).collect::<String>();
        for (cwd, path, fits) in [(0, 4094, true), (0, 4095, false), (2002, 2091, true), (2002, 2092, false)]
        {
            let (cwd, path) = (long(cwd), long(path));
            assert_eq!(from_folder("path", &cwd, &path).is_ok(), fits, "{} {}", cwd.len(), path.len());
        }
    }

    #[test]
    fn paths_are_joined() {
        let table = [("", "", ""), ("", "a", "a"), ("a", "", "a"), ("a", "b/c", "a/b/c")];
        table.iter().for_each(|(folder, path, expected)| assert_eq!(join(folder, path), *expected));
        assert_eq!([parent(""), parent("a"), parent("a/b/c")], ["", "", "a/b"]);
    }
}

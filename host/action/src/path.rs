//! Checks paths in messages of clients: they are relative, and lead to nothing outside the root.

/// Bytes of a path below the root. Linux takes 4095 with the slash at its beginning.
const MAX_PATH: usize = 4094;
/// Bytes of a name.
const MAX_NAME: usize = 255;

/// Why a path in a message is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field} '{}' {why}; expected {expected}", shown(path))]
pub struct BadPath {
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

/// Checks a path without steps such as `..`, and removes slashes from its end. `field` names the path in errors.
///
/// # Errors
/// When it is absolute, too long, or holds an empty name, a step or a NUL.
pub fn check_relative<'a>(field: &str, path: &'a str) -> Result<&'a str, BadPath> {
    let bad = |why| Err(bad(field, path, why, "a relative path with single slashes"));
    let trimmed = path.trim_end_matches('/');
    if path.starts_with('/') {
        return bad("is absolute");
    }
    if path.len() > MAX_PATH {
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
            _ if name.len() > MAX_NAME => return bad("holds a name of more than 255 bytes"),
            _ => {}
        }
    }
    Ok(trimmed)
}

/// Counts the steps `..` at the beginning of a path, and checks the rest. BuildStream's output paths begin with such steps.
///
/// # Errors
/// As [`check_relative`], for the rest.
pub fn split_leading_parents<'a>(field: &str, path: &'a str) -> Result<(usize, &'a str), BadPath> {
    let (mut up, mut rest) = (0, path);
    loop {
        rest = rest.strip_prefix("./").unwrap_or(if rest == "." { "" } else { rest });
        let Some(above) = rest.strip_prefix("../").or((rest == "..").then_some("")) else { break };
        (up, rest) = (up + 1, above);
    }
    let down = check_relative(field, rest).map_err(|error| BadPath { path: path.to_owned(), ..error })?;
    if path.len() > MAX_PATH {
        return Err(bad(field, path, "is longer than 4094 bytes", "a shorter path"));
    }
    Ok((up, down))
}

/// The path from the root of what `path` names in the working directory `cwd`.
///
/// # Errors
/// As [`split_leading_parents`], and when it leads out of the root.
pub fn resolve(field: &str, cwd: &str, path: &str) -> Result<String, BadPath> {
    let mut way: Vec<&str> = cwd.split('/').filter(|name| !name.is_empty()).collect();
    let (up, down) = split_leading_parents(field, path)?;
    if up > way.len() {
        return Err(bad(field, path, "leads out of the root", "a path inside"));
    }
    way.truncate(way.len() - up);
    let path = append(&way.join("/"), down);
    match path.len() > MAX_PATH {
        true => Err(bad(field, &path, "is longer than 4094 bytes", "a shorter path from the root")),
        false => Ok(path),
    }
}

/// `path` below `folder`, both relative.
#[must_use]
pub fn append(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", path) => path.to_owned(),
        (folder, "") => folder.to_owned(),
        (folder, path) => format!("{folder}/{path}"),
    }
}

/// The folder that holds `path`; empty for the root and what is in it.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests;

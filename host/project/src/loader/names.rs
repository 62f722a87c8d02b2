//! Names of elements with junctions before them.

use spec_model::FilePosition;

use crate::LoadError;

/// The name without `.`, `..` and doubled slashes, as Python's `os.path.normpath` writes it.
pub(super) fn normalize(name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if name.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

/// Checks the name of an element in its project as a dependency or the user gives it.
///
/// # Errors
/// `bad-element-suffix`, `bad-characters-in-name`, `invalid-data` for an absolute path.
pub(super) fn check(name: &str, position: Option<&FilePosition>) -> Result<(), LoadError> {
    let printable = |c: char| matches!(c, ' '..='~') && !"<>:\"|?*".contains(c);
    let (reason, problem) = if !name.ends_with(".bst") {
        ("bad-element-suffix", "does not end in '.bst'")
    } else if !name.chars().all(printable) {
        ("bad-characters-in-name", "has a character that element names cannot have")
    } else if name.starts_with('/') {
        ("invalid-data", "is an absolute path; expected one relative to the element path")
    } else {
        return Ok(());
    };
    Err(LoadError::at(reason, position, format!("the element name '{name}' {problem}")))
}

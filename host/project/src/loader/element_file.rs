//! One element's file: the check of its name, and reading it.

use spec_model::{FilePosition, Mapping, nearest};

use crate::LoadError;
use crate::config::ProjectConfig;
use crate::element_files::element_files;
use crate::yaml::parse_file;

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

/// Checks a name as a dependency or the user gives it.
///
/// # Errors
/// `junctions-not-supported` for one with a colon, `bad-element-suffix`, `bad-characters-in-name`, `invalid-data` for
/// an absolute path.
pub(super) fn check_name(name: &str, position: Option<&FilePosition>) -> Result<(), LoadError> {
    let printable = |c: char| matches!(c, ' '..='~') && !"<>\"|?*".contains(c);
    let (reason, problem) = if name.contains(':') {
        return Err(super::junction(name, position));
    } else if !name.ends_with(".bst") {
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

/// Reads an element's file; `place` is what refers to it.
///
/// # Errors
/// [`LoadError::MissingElement`] when there is none, and the errors of parsing.
pub(super) fn read(
    config: &ProjectConfig,
    name: &str,
    position: Option<&FilePosition>,
) -> Result<Mapping, LoadError> {
    let shown_as = config.element_path.join(name).display().to_string();
    parse_file(&config.directory.join(&shown_as), &shown_as).map_err(|error| match error {
        LoadError::Unreadable { reason: "missing-file", .. } => missing(config, name, position),
        other => other.referred_from(position),
    })
}

fn missing(config: &ProjectConfig, name: &str, position: Option<&FilePosition>) -> LoadError {
    let directory = config.directory.join(&config.element_path);
    let within = config.element_path.join("").display().to_string();
    let stripped = name.strip_prefix(&within).filter(|rest| directory.join(rest).is_file());
    let known = element_files(&directory);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let elsewhere = || known.iter().find(|candidate| last(candidate) == last(name)).copied();
    let near = stripped.or_else(|| nearest(name, &known)).or_else(elsewhere).map(str::to_owned);
    LoadError::MissingElement {
        name: name.to_owned(),
        directory: within_or_root(&within),
        near,
        position: position.cloned(),
    }
}

fn within_or_root(within: &str) -> String {
    if within.is_empty() {
        "the project's directory".to_owned()
    } else {
        within.trim_end_matches('/').to_owned()
    }
}

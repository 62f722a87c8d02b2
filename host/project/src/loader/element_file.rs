//! One element's file.

use spec_model::{FilePosition, Mapping, nearest};

use crate::LoadError;
use crate::config::ProjectConfig;
use crate::element_files::element_files;
use crate::project_files::ProjectFiles;

/// Reads an element's file; `position` is what refers to it.
///
/// # Errors
/// [`LoadError::MissingElement`] when there is none, and the errors of parsing.
pub(super) fn read(
    files: &ProjectFiles,
    config: &ProjectConfig,
    name: &str,
    position: Option<&FilePosition>,
) -> Result<Mapping, LoadError> {
    let file = config.element_path.join(name).display().to_string();
    files.parse(&file).map_err(|error| match error {
        LoadError::Unreadable { reason: "missing-file", .. } => missing(files, config, name, position),
        other => other.referred_from(position),
    })
}

fn missing(
    files: &ProjectFiles,
    config: &ProjectConfig,
    name: &str,
    position: Option<&FilePosition>,
) -> LoadError {
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
        directory: match files.junction() {
            Some(junction) => format!("the project behind '{junction}'"),
            None => within_or_root(&within),
        },
        near,
        position: position.cloned(),
    }
}

fn within_or_root(within: &str) -> String {
    if within.is_empty() {
        "the project's directory".to_owned()
    } else {
        format!("'{}'", within.trim_end_matches('/'))
    }
}

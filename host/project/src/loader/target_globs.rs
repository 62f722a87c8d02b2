//! Patterns among the names of targets.

use spec_model::Globs;

use crate::LoadError;

/// The names with each pattern replaced by the elements of the top-level project that it matches, each once. Names are kept as they are, and
/// come first, as BuildStream has it.
///
/// # Errors
/// [`LoadError::NoMatch`] for patterns of which none matches anything, [`LoadError::InvalidNames`] for a name or
/// pattern that cannot be of elements.
pub(super) fn expand(
    names: &[String],
    files: impl FnOnce() -> Vec<String>,
) -> Result<Vec<String>, LoadError> {
    let is_pattern = |name: &&String| name.contains(['*', '?', '[']);
    if let Some(wrong) = names.iter().find(|name| !name.ends_with(".bst")) {
        return Err(LoadError::InvalidNames { name: wrong.clone() });
    }
    let patterns: Vec<&String> = names.iter().filter(is_pattern).collect();
    if patterns.is_empty() {
        return Ok(names.to_vec());
    }
    let files = files();
    let mut expanded: Vec<String> = names.iter().filter(|name| !is_pattern(name)).cloned().collect();
    for pattern in &patterns {
        let glob = Globs::new([pattern.as_str()])
            .map_err(|error| LoadError::Option { message: error.to_string() })?;
        expanded.extend(files.iter().filter(|file| glob.matches(file)).cloned());
    }
    let mut seen = std::collections::HashSet::new();
    expanded.retain(|name| seen.insert(name.clone()));
    match expanded.is_empty() {
        true => Err(LoadError::NoMatch { pattern: patterns[0].clone() }),
        false => Ok(expanded),
    }
}

//! Versions in URLs and names of tags, found as BuildStream finds them.

use regex::Regex;

/// The pattern of a source that has none of its own: `1.2` or `1.2.3`.
const DEFAULT_PATTERN: &str = r"(\d+)\.(\d+)(?:\.(\d+))?";

/// The version in a text: of all matches the first with the most groups, joined by dots. A pattern without groups is the version as a
/// whole.
///
/// # Errors
/// What is wrong with the pattern, for people. Patterns of Python with look-around or references to groups are not supported.
pub fn guess_version(text: &str, pattern: Option<&str>) -> Result<Option<String>, String> {
    let pattern = Regex::new(pattern.unwrap_or(DEFAULT_PATTERN)).map_err(|error| error.to_string())?;
    let has_groups = pattern.captures_len() > 1;
    let mut best: Option<(usize, String)> = None;
    for found in pattern.captures_iter(text) {
        let groups: Vec<&str> = match has_groups {
            true => found.iter().skip(1).flatten().map(|group| group.as_str()).collect(),
            false => found.iter().flatten().map(|whole| whole.as_str()).collect(),
        };
        if best.as_ref().is_none_or(|(most, _)| groups.len() > *most) {
            best = Some((groups.len(), groups.join(".")));
        }
    }
    Ok(best.map(|(_, version)| version))
}

#[cfg(test)]
mod tests;

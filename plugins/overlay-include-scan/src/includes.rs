//! The `#include` lines of a file.

use std::collections::BTreeSet;

/// Names in the order of their lines, each once.
pub(crate) fn includes(text: &[u8]) -> Vec<&str> {
    let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
    for line in text.split(|byte| *byte == b'\n') {
        if let Some(name) = include(line)
            && seen.insert(name)
        {
            names.push(name);
        }
    }
    names
}

/// The name in a line such as `#include <name>` or `# include_next "name"`. `None` if the name is a macro.
fn include(line: &[u8]) -> Option<&str> {
    let rest = line.trim_ascii_start().strip_prefix(b"#")?.trim_ascii_start();
    let rest = rest.strip_prefix(b"include").or_else(|| rest.strip_prefix(b"import"))?;
    let rest = rest.strip_prefix(b"_next").unwrap_or(rest).trim_ascii_start();
    let (close, rest) = match rest.split_first()? {
        (b'"', rest) => (b'"', rest),
        (b'<', rest) => (b'>', rest),
        _ => return None,
    };
    let end = rest.iter().position(|byte| *byte == close)?;
    std::str::from_utf8(&rest[..end]).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;

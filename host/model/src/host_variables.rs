//! References to environment variables of the host, in texts.

/// The text with `$NAME` and `${NAME}` replaced by what `lookup` says; names that it does not know stay, as in Python's `os.path.expandvars`,
/// which BuildStream uses.
#[must_use]
pub fn expand_variables(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, length) = reference(rest);
        match name.and_then(lookup) {
            Some(value) => expanded.push_str(&value),
            None => expanded.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    expanded + rest
}

/// The name that a text with `$` in front refers to, and the bytes of the reference; one byte if it is none.
fn reference(text: &str) -> (Option<&str>, usize) {
    if let Some(inner) = text.strip_prefix("${") {
        return inner.find('}').map_or((None, 1), |end| (Some(&inner[..end]), end + 3));
    }
    let name = &text[1..];
    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
    if end == 0 { (None, 1) } else { (Some(&name[..end]), end + 1) }
}

#[cfg(test)]
mod tests;

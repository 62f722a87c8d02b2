//! Reads `.gitmodules`: the paths and URLs of submodules.

/// A submodule as the file declares it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ModuleEntry {
    pub(crate) path: String,
    pub(crate) url: Option<String>,
}

/// The submodules that a file declares, in order. Others of its lines are ignored, as are entries without a path.
pub(crate) fn parse_gitmodules(text: &str) -> Vec<ModuleEntry> {
    let mut entries = Vec::new();
    let mut current: Option<(Option<String>, Option<String>)> = None;
    let finish = |entry: Option<(Option<String>, Option<String>)>, entries: &mut Vec<ModuleEntry>| {
        if let Some((Some(path), url)) = entry {
            entries.push(ModuleEntry { path, url });
        }
    };
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            let is_module = line.get(1..10).is_some_and(|name| name.eq_ignore_ascii_case("submodule"));
            finish(current.take(), &mut entries);
            current = is_module.then(Default::default);
        } else if let (Some((path, url)), Some((key, value))) = (&mut current, line.split_once('=')) {
            let value = unquoted(value.trim());
            match key.trim().to_ascii_lowercase().as_str() {
                "path" => *path = Some(value.trim_end_matches('/').to_owned()),
                "url" => *url = Some(value),
                _ => {}
            }
        }
    }
    finish(current, &mut entries);
    entries
}

/// A value without quotes, backslashes before characters, and a comment after it. White space at its end counts within quotes.
fn unquoted(text: &str) -> String {
    let mut value = String::new();
    // The bytes before this one stay.
    let mut kept = 0;
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                kept = value.len();
            }
            '\\' => {
                value.extend(chars.next().map(escaped));
                kept = value.len();
            }
            '#' | ';' if !quoted => break,
            c => value.push(c),
        }
    }
    if !quoted {
        value.truncate(kept.max(value.trim_end().len()));
    }
    value
}

fn escaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'b' => '\u{8}',
        other => other,
    }
}

#[cfg(test)]
mod tests;

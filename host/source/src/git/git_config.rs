//! Reads files in the form of git's configuration: `.gitmodules` and `.lfsconfig`.

/// A section of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConfigSection {
    /// Its name in lower case.
    pub(super) name: String,
    /// Whether it is about one thing of many, whose name follows, as in `[submodule "a"]`.
    pub(super) is_of_one: bool,
    /// Names in lower case and values, in order.
    settings: Vec<(String, String)>,
}

impl ConfigSection {
    /// The value of a setting; the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The sections of a file, in order. What is in none, and what is no setting, is ignored.
pub(super) fn sections(text: &str) -> Vec<ConfigSection> {
    let mut sections: Vec<ConfigSection> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            let end = header.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(header.len());
            let name = header[..end].to_ascii_lowercase();
            let is_of_one = !header[end..].starts_with(']');
            sections.push(ConfigSection { name, is_of_one, settings: Vec::new() });
        } else if let (Some(section), Some((name, value))) = (sections.last_mut(), line.split_once('=')) {
            section.settings.push((name.trim().to_ascii_lowercase(), unquoted(value.trim())));
        }
    }
    sections
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

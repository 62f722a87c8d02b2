//! How a registry says what login it wants: the header `WWW-Authenticate`.

/// What a registry wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// A name and a password with each request.
    Basic,
    /// A token of a server for logins.
    Token {
        /// The URL of that server.
        realm: String,
        /// What it is told of the registry and the image.
        parameters: Vec<(&'static str, String)>,
    },
}

/// What the server for logins is told.
const PARAMETERS: [&str; 2] = ["service", "scope"];

impl Challenge {
    /// Reads a header; `None` for one that wants something else.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let pairs = pairs(rest);
        let value =
            |name: &str| pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone());
        let parameters = PARAMETERS.into_iter().filter_map(|name| Some((name, value(name)?))).collect();
        Some(Self::Token { realm: value("realm")?, parameters })
    }
}

/// The pairs `name="value"` of a text, separated by commas. A value in quotes may have commas and `\"`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, behind) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted_value(quoted),
            None => {
                let (value, behind) = after.split_once(',').unwrap_or((after, ""));
                (value.trim().to_owned(), behind)
            }
        };
        found.push((name.trim_matches([' ', ',', '\t']).to_ascii_lowercase(), value));
        rest = behind;
    }
    found
}

/// The value up to the next quote, and what is behind that.
fn quoted_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests;

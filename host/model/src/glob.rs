//! BuildStream's glob patterns, as in split rules, whitelists, `base-dir` and artifact names on the command line.
//!
//! `*` and `?` stop at `/`, `**` does not, `[abc]` and `[!a-c]` are one character of a set. A pattern matches a whole
//! path. The rules are those of BuildStream's `utils._glob2re`; a test compares them with its answers, which are in
//! `golden/globs.txt`.

use std::iter::Peekable;
use std::str::Chars;

use regex::Regex;

/// A set of patterns; a path matches when it matches one of them.
#[derive(Clone, Debug)]
pub struct Globs(Regex);

/// A text that is not a valid pattern. Reason `invalid-glob`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{pattern}' is not a pattern: {why}; expected '[[]' for a literal '['")]
pub struct GlobError {
    /// The pattern as written.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

impl Globs {
    /// Compiles `patterns`. An empty set matches only the empty text.
    ///
    /// # Errors
    /// When a range in a set runs backwards, or all the patterns together are huge.
    pub fn new<S: AsRef<str>>(patterns: impl IntoIterator<Item = S>) -> Result<Self, GlobError> {
        let mut alternatives = Vec::new();
        let mut last = String::new();
        for pattern in patterns {
            pattern.as_ref().clone_into(&mut last);
            alternatives.push(translate(&last)?);
        }
        let whole = format!("\\A(?s:{})\\z", alternatives.join("|"));
        let regex = Regex::new(&whole).map_err(|why| GlobError { pattern: last, why: why.to_string() })?;
        Ok(Self(regex))
    }

    /// Whether the whole of `path` matches one of the patterns.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// The regular expression of a pattern, without anchors.
fn translate(pattern: &str) -> Result<String, GlobError> {
    let mut expression = String::with_capacity(pattern.len() * 2);
    let mut rest = pattern.chars().peekable();
    // After an opening bracket that is never closed, no later one is closed either.
    let mut closes = true;
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => expression.push_str(".*"),
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '[' if closes => match take_set(&mut rest) {
                Some(set) => expression.push_str(&translate_set(&set, pattern)?),
                None => {
                    closes = false;
                    expression.push_str("\\[");
                }
            },
            literal => expression.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(expression)
}

/// The text between `[` and its `]`, which cannot be the first character. `None` when there is no `]`; then nothing
/// is taken.
fn take_set(rest: &mut Peekable<Chars<'_>>) -> Option<Vec<char>> {
    let mut ahead = rest.clone();
    let mut set = Vec::new();
    set.extend(ahead.next_if_eq(&'!'));
    set.extend(ahead.next_if_eq(&']'));
    loop {
        match ahead.next()? {
            ']' => break,
            c => set.push(c),
        }
    }
    *rest = ahead;
    Some(set)
}

fn translate_set(set: &[char], pattern: &str) -> Result<String, GlobError> {
    let (mut expression, mut members) = match set {
        ['!', members @ ..] => ("[^".to_owned(), members),
        members => ("[".to_owned(), members),
    };
    while let [first, rest @ ..] = members {
        let (last, rest) = match rest {
            ['-', last, rest @ ..] => (last, rest),
            rest => (first, rest),
        };
        if first > last {
            let why = format!("the range {first}-{last} runs backwards");
            return Err(GlobError { pattern: pattern.to_owned(), why });
        }
        expression.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", *first as u32, *last as u32));
        members = rest;
    }
    expression.push(']');
    Ok(expression)
}

#[cfg(test)]
mod tests;

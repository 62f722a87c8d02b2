//! The words of a condition.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Sign(text) => f.write_str(text),
            Self::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// Cuts a condition into words.
///
/// # Errors
/// A message about the first character that belongs to no word.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        match first {
            _ if first.is_whitespace() => {}
            '"' | '\'' => tokens.push(Token::Text(quoted(&mut rest, first)?)),
            '(' | ')' | '[' | ']' | ',' => tokens.push(Token::Sign(first.into())),
            '<' | '>' => {
                let equal = if rest.next_if_eq(&'=').is_some() { "=" } else { "" };
                tokens.push(Token::Sign(format!("{first}{equal}")));
            }
            '=' | '!' if rest.next_if_eq(&'=').is_some() => tokens.push(Token::Sign(format!("{first}="))),
            _ if first.is_alphabetic() || first == '_' => {
                let mut word = String::from(first);
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => {
                return Err(format!(
                    "'{first}' has no meaning in a condition; expected quotes around a text"
                ));
            }
        }
    }
    Ok(tokens)
}

/// The rest of a text in quotes; a backslash makes the next character literal, except in `\n` and `\t`.
fn quoted(rest: &mut Peekable<Chars<'_>>, quote: char) -> Result<String, String> {
    let mut text = String::new();
    loop {
        match rest.next() {
            None => return Err(format!("the text that begins with {quote} has no end")),
            Some(c) if c == quote => return Ok(text),
            Some('\\') => match rest.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(c) => text.push(c),
                None => {}
            },
            Some(c) => text.push(c),
        }
    }
}

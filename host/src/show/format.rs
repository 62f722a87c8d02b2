//! Format strings of `show`, as bst's: texts with `%{symbol}` and `%{symbol:SPEC}`, where SPEC is Python's for texts.

use super::symbol::Symbol;
use crate::error::{CommandError, CommandResult};

/// A format string, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShowFormat(Vec<FormatPart>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum FormatPart {
    Text(String),
    Symbol(Symbol, FormatSpec),
}

/// How a value is laid out: Python's `[[fill]align][0][width][.precision][s]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct FormatSpec {
    fill: Option<char>,
    align: Alignment,
    width: usize,
    precision: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Alignment {
    #[default]
    Left,
    Centre,
    Right,
}

impl ShowFormat {
    /// Reads a format string.
    ///
    /// # Errors
    /// `unknown-format-symbol` and `invalid-format`.
    pub(crate) fn parse(text: &str) -> CommandResult<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("%{") {
            let (before, from) = rest.split_at(at);
            let Some(end) = from.find('}') else { break };
            parts.push(FormatPart::Text(before.to_owned()));
            parts.push(symbol(&from[2..end])?);
            rest = &from[end + 1..];
        }
        parts.push(FormatPart::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// Whether it has one of these symbols.
    pub(crate) fn has(&self, symbols: &[Symbol]) -> bool {
        self.0.iter().any(|part| matches!(part, FormatPart::Symbol(symbol, _) if symbols.contains(symbol)))
    }

    /// How many newlines end the format itself, after its last symbol.
    pub(crate) fn newlines_at_end(&self) -> usize {
        match self.0.last() {
            Some(FormatPart::Text(text)) => text.len() - text.trim_end_matches('\n').len(),
            _ => 0,
        }
    }

    /// The text with the values that `value` gives, each painted by `paint` after it is laid out.
    ///
    /// # Errors
    /// Those of `value`.
    pub(crate) fn fill(
        &self,
        value: &dyn Fn(Symbol) -> CommandResult<String>,
        paint: &dyn Fn(Symbol, String) -> String,
    ) -> CommandResult<String> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                FormatPart::Text(between) => text.push_str(between),
                FormatPart::Symbol(symbol, spec) => {
                    text.push_str(&paint(*symbol, spec.lay_out(&value(*symbol)?)))
                }
            }
        }
        Ok(text)
    }
}

fn symbol(inside: &str) -> CommandResult<FormatPart> {
    let (name, spec) = inside.split_once(':').unwrap_or((inside, ""));
    let Some(symbol) = Symbol::named(name) else {
        let error = CommandError::usage("unknown-format-symbol", format!("unknown symbol '%{{{name}}}'"));
        return Err(error.hint(format!("there are: {}", Symbol::names().join(" "))));
    };
    let spec = FormatSpec::parse(spec).ok_or_else(|| {
        let message = format!("'{spec}' in '%{{{inside}}}' is no layout");
        CommandError::usage("invalid-format", message)
            .hint("write it as in %{name: >20} or %{description:.40}")
    })?;
    Ok(FormatPart::Symbol(symbol, spec))
}

impl FormatSpec {
    fn parse(text: &str) -> Option<Self> {
        let mut spec = Self::default();
        let mut rest = text;
        let mut chars = text.chars();
        let (first, second) = (chars.next(), chars.next());
        if let (Some(fill), Some(align)) = (first, second.and_then(align)) {
            (spec.fill, spec.align) = (Some(fill), align);
            rest = chars.as_str();
        } else if let Some(align) = first.and_then(align) {
            spec.align = align;
            rest = &rest[1..];
        }
        if spec.fill.is_none() && rest.starts_with('0') {
            spec.fill = Some('0');
        }
        let rest = rest.strip_suffix('s').unwrap_or(rest);
        let (width, precision) = match rest.split_once('.') {
            Some((width, precision)) => (width, Some(precision)),
            None => (rest, None),
        };
        spec.width = if width.is_empty() { 0 } else { number(width)? };
        spec.precision = precision.map(number).map_or(Some(None), |number| number.map(Some))?;
        Some(spec)
    }

    fn lay_out(&self, value: &str) -> String {
        let cut: String = value.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        let missing = self.width.saturating_sub(cut.chars().count());
        let left = match self.align {
            Alignment::Left => 0,
            Alignment::Centre => missing / 2,
            Alignment::Right => missing,
        };
        let fill = |count: usize| std::iter::repeat_n(self.fill.unwrap_or(' '), count);
        fill(left).chain(cut.chars()).chain(fill(missing - left)).collect()
    }
}

fn align(c: char) -> Option<Alignment> {
    match c {
        '<' => Some(Alignment::Left),
        '^' => Some(Alignment::Centre),
        '>' => Some(Alignment::Right),
        _ => None,
    }
}

/// A number of at most four digits: wider columns are a mistake.
fn number(digits: &str) -> Option<usize> {
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests;

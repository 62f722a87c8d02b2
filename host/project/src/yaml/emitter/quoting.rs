//! Decides the style of scalars: plain where that is possible, otherwise in quotes.

/// The line breaks of YAML 1.1.
pub(super) const BREAKS: [char; 4] = ['\n', '\u{85}', '\u{2028}', '\u{2029}'];

/// The longest key that is written without `?`, in characters.
const LONGEST_SIMPLE_KEY: usize = 122;

/// The style of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum QuoteStyle {
    Plain,
    Single,
    Double,
}

impl QuoteStyle {
    /// The style of a text that is a value or an item.
    pub(super) fn of_value(text: &str) -> Self {
        let analysis = ScalarAnalysis::new(text);
        if text.is_empty() || analysis.may_be_plain() {
            return Self::Plain;
        }
        analysis.quoted(text)
    }

    /// The style of a text that is a simple key.
    pub(super) fn of_key(text: &str) -> Self {
        if text.is_empty() { Self::Single } else { Self::of_value(text) }
    }
}

/// Whether a key stands before its colon on one line.
pub(super) fn is_simple_key(text: &str) -> bool {
    text.chars().count() <= LONGEST_SIMPLE_KEY && !text.contains(BREAKS)
}

/// The properties of a text that restrict its style.
#[derive(Default)]
struct ScalarAnalysis {
    indicators: bool,
    breaks: bool,
    special: bool,
    /// Whether it begins or ends with white space.
    outer_space: bool,
    break_then_space: bool,
    space_then_break: bool,
}

impl ScalarAnalysis {
    fn new(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let outer = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || BREAKS.contains(c));
        let mut analysis = Self {
            indicators: text.starts_with("---") || text.starts_with("..."),
            breaks: text.contains(BREAKS),
            special: text.chars().any(is_special),
            outer_space: outer(characters.first()) || outer(characters.last()),
            ..Self::default()
        };
        for (index, c) in characters.iter().enumerate() {
            let after = characters.get(index + 1);
            analysis.indicators |= is_indicator(*c, index, characters.get(index.wrapping_sub(1)), after);
            analysis.break_then_space |= BREAKS.contains(c) && after == Some(&' ');
            analysis.space_then_break |= *c == ' ' && after.is_some_and(|c| BREAKS.contains(c));
        }
        analysis
    }

    fn may_be_plain(&self) -> bool {
        !(self.indicators || self.breaks || self.special || self.outer_space)
    }

    fn quoted(&self, text: &str) -> QuoteStyle {
        let single = !(self.special || self.break_then_space || self.space_then_break);
        if single && !text.contains(['\'', '\n']) { QuoteStyle::Single } else { QuoteStyle::Double }
    }
}

/// Whether a character is a YAML indicator at its position, outside of flow collections.
fn is_indicator(c: char, index: usize, before: Option<&char>, after: Option<&char>) -> bool {
    let blank = |c: Option<&char>| c.is_none_or(|c| "\0 \t\r".contains(*c) || BREAKS.contains(c));
    match (c, index) {
        ('-' | '?' | ':', 0) => blank(after),
        (_, 0) => "#,[]{}&*!|>'\"%@`".contains(c),
        (':', _) => blank(after),
        ('#', _) => blank(before),
        _ => false,
    }
}

/// Whether a character needs an escape. Everything beyond the basic plane does not.
fn is_special(c: char) -> bool {
    let fine = c == '\n'
        || c == '\u{85}'
        || (' '..='~').contains(&c)
        || ('\u{a0}'..='\u{fffd}').contains(&c)
        || c >= '\u{10000}';
    !fine || c == '\u{feff}'
}

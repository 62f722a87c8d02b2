//! The references `%{name}` in texts.

/// What a reference begins with.
pub(super) const BEGIN: &str = "%{";

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TextPiece<'t> {
    Text(&'t str),
    Reference(&'t str),
}

/// The names that a text refers to.
pub(super) fn references(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        TextPiece::Reference(name) => Some(name),
        TextPiece::Text(_) => None,
    })
}

/// Cuts a text at its references. `%{` without a name (a letter, then letters, digits, `_`, `-`) and `}` is text.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = TextPiece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(name) = reference_at(rest) {
            rest = &rest[name.len() + 3..];
            return Some(TextPiece::Reference(name));
        }
        let next =
            rest.match_indices(BEGIN).map(|(at, _)| at).find(|at| reference_at(&rest[*at..]).is_some());
        let (piece, after) = rest.split_at(next.unwrap_or(rest.len()));
        rest = after;
        Some(TextPiece::Text(piece))
    })
}

/// The name of the reference that a text begins with.
fn reference_at(text: &str) -> Option<&str> {
    let inner = text.strip_prefix(BEGIN)?;
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))?;
    let good = inner.starts_with(|c: char| c.is_ascii_alphabetic()) && inner[end..].starts_with('}');
    good.then_some(&inner[..end])
}

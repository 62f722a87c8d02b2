//! Suggests a known name for an unknown one.

/// The known name that is at most two edits away, for `did you mean`.
#[must_use]
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // The time of a comparison grows with the product of both lengths, and nobody means a name that is much longer.
    let similar = |candidate: &&&str| name.len() <= LONGEST_NAME && candidate.len().abs_diff(name.len()) <= 8;
    let scored =
        known.iter().filter(similar).map(|candidate| (strsim::levenshtein(name, candidate), *candidate));
    scored.filter(|(edits, _)| *edits <= 2).min().map(|(_, candidate)| candidate)
}

/// The longest name for which suggestions are searched, in bytes.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests;

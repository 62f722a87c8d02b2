//! What a user may have meant by a name that is not known.

/// The known name that is at most two edits away, for `did you mean`.
#[must_use]
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    // Comparing two texts takes time by their lengths multiplied, and nobody means one that is much longer.
    let similar = |candidate: &&&str| name.len() <= LONGEST_NAME && candidate.len().abs_diff(name.len()) <= 8;
    let scored =
        known.iter().filter(similar).map(|candidate| (strsim::levenshtein(name, candidate), *candidate));
    scored.filter(|(edits, _)| *edits <= 2).min().map(|(_, candidate)| candidate)
}

/// Bytes of the longest name that is looked for among others.
const LONGEST_NAME: usize = 200;

#[cfg(test)]
mod tests;

//! Finds where the hunks of a change belong in a file, and makes the new file.

use super::unified_diff::{Hunk, HunkLine};

/// Whose rules are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApplyRules {
    /// Hunks may be moved, and up to two lines of context at their ends may differ. So many directories of names are stripped.
    GnuPatch { strip: usize },
    /// Hunks may be moved.
    Git,
}

/// Lines of context that GNU patch ignores at most.
const MOST_FUZZ: usize = 2;

/// The hunk that does not match, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoMatch(pub(super) usize);

/// The file with all hunks applied.
pub(super) fn apply_hunks(file: &[u8], hunks: &[Hunk], rules: ApplyRules) -> Result<Vec<u8>, NoMatch> {
    match rules {
        ApplyRules::GnuPatch { .. } => gnu(file, hunks),
        ApplyRules::Git => git(file, hunks),
    }
}

/// Whether the changes have been made already.
pub(super) fn is_applied(file: &[u8], hunks: &[Hunk], rules: ApplyRules) -> bool {
    let reversed: Vec<Hunk> = hunks.iter().map(reverse).collect();
    apply_hunks(file, &reversed, rules).is_ok()
}

fn reverse(hunk: &Hunk) -> Hunk {
    let turn = |line: &HunkLine| match line {
        HunkLine::Context(bytes) => HunkLine::Context(bytes.clone()),
        HunkLine::Removed(bytes) => HunkLine::Added(bytes.clone()),
        HunkLine::Added(bytes) => HunkLine::Removed(bytes.clone()),
    };
    Hunk {
        old_start: hunk.new_start,
        old_count: hunk.new_count,
        new_start: hunk.old_start,
        new_count: hunk.old_count,
        lines: hunk.lines.iter().map(turn).collect(),
        ..hunk.clone()
    }
}

/// The lines that a hunk expects, what it makes of them, and its context.
struct Pattern<'h> {
    lines: Vec<&'h [u8]>,
    hunk: &'h Hunk,
    /// Lines of context before and after all changes.
    prefix: usize,
    suffix: usize,
}

impl<'h> Pattern<'h> {
    fn of(hunk: &'h Hunk) -> Self {
        let old = |line: &'h HunkLine| match line {
            HunkLine::Context(bytes) | HunkLine::Removed(bytes) => Some(bytes.as_slice()),
            HunkLine::Added(_) => None,
        };
        let is_context = |line: &&HunkLine| matches!(line, HunkLine::Context(_));
        Self {
            lines: hunk.lines.iter().filter_map(old).collect(),
            hunk,
            prefix: hunk.lines.iter().take_while(is_context).count(),
            suffix: hunk.lines.iter().rev().take_while(is_context).count(),
        }
    }

    /// Whether the lines of a file from `at` are expected, without so many at the beginning and the end.
    fn matches(&self, file: &[&[u8]], at: usize, skip_first: usize, skip_last: usize) -> bool {
        let end = self.lines.len().saturating_sub(skip_last);
        let Some(expected) = self.lines.get(skip_first.min(end)..end) else { return false };
        let start = at + skip_first;
        file.get(start..start + expected.len()) == Some(expected)
    }

    /// Adds what the hunk makes of the lines of the file, without so many lines of context at the beginning and the end.
    fn write(&self, skip_first: usize, skip_last: usize, out: &mut Vec<u8>) {
        let end = self.hunk.lines.len() - skip_last;
        for line in &self.hunk.lines[skip_first.min(end)..end] {
            match line {
                HunkLine::Context(bytes) | HunkLine::Added(bytes) => push_line(out, bytes),
                HunkLine::Removed(_) => {}
            }
        }
    }
}

fn gnu(file: &[u8], hunks: &[Hunk]) -> Result<Vec<u8>, NoMatch> {
    let lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
    let mut out = Vec::with_capacity(file.len());
    // Lines before this one are not changed any more; later hunks are moved as the last one was.
    let (mut frozen, mut moved) = (0usize, 0isize);
    for (number, hunk) in hunks.iter().enumerate() {
        let without_returns = hunk.has_returns.then(|| strip_returns(hunk));
        let pattern = Pattern::of(without_returns.as_ref().unwrap_or(hunk));
        let most = MOST_FUZZ.min(pattern.prefix.max(pattern.suffix));
        let found = (0..=most).find_map(|fuzz| locate(&pattern, &lines, frozen, moved, fuzz));
        let Some(place) = found else { return Err(NoMatch(number)) };
        moved = place.at as isize - first_line(hunk);
        let start = place.at + place.skip_first;
        let end = place.at + pattern.lines.len() - place.skip_last;
        for line in &lines[frozen..start] {
            push_line(&mut out, line);
        }
        pattern.write(place.skip_first, place.skip_last, &mut out);
        frozen = end;
    }
    for line in &lines[frozen..] {
        push_line(&mut out, line);
    }
    Ok(out)
}

/// Adds a line. One before it that lacks its newline gets one, as it is the last no more.
fn push_line(out: &mut Vec<u8>, line: &[u8]) {
    if out.last().is_some_and(|byte| *byte != b'\n') {
        out.push(b'\n');
    }
    out.extend_from_slice(line);
}

/// The line that a hunk expects to begin with, from 0.
fn first_line(hunk: &Hunk) -> isize {
    // A range without lines names the line before it.
    hunk.old_start as isize - isize::from(hunk.old_count > 0)
}

fn strip_returns(hunk: &Hunk) -> Hunk {
    let strip = |bytes: &Vec<u8>| match bytes.strip_suffix(b"\r\n") {
        Some(rest) => [rest, b"\n"].concat(),
        None => bytes.clone(),
    };
    let line = |line: &HunkLine| match line {
        HunkLine::Context(bytes) => HunkLine::Context(strip(bytes)),
        HunkLine::Removed(bytes) => HunkLine::Removed(strip(bytes)),
        HunkLine::Added(bytes) => HunkLine::Added(strip(bytes)),
    };
    Hunk { lines: hunk.lines.iter().map(line).collect(), ..hunk.clone() }
}

/// Where a hunk matches, and the lines of context that do not count.
struct Place {
    at: usize,
    skip_first: usize,
    skip_last: usize,
}

/// Looks for a hunk from where it is expected to both sides. With less context on one side than on the other it belongs to the
/// beginning or the end of the file.
fn locate(pattern: &Pattern<'_>, lines: &[&[u8]], frozen: usize, moved: isize, fuzz: usize) -> Option<Place> {
    let context = pattern.prefix.max(pattern.suffix);
    let first = first_line(pattern.hunk);
    let guess = first + moved;
    if pattern.lines.is_empty() {
        let at = usize::try_from(guess).ok()?.clamp(frozen, lines.len());
        return Some(Place { at, skip_first: 0, skip_last: 0 });
    }
    let (prefix, suffix) = (pattern.prefix + fuzz, pattern.suffix + fuzz);
    let at_start = prefix < context && first <= 0;
    let at_end = suffix < context;
    let (skip_first, skip_last) = (prefix.saturating_sub(context), suffix.saturating_sub(context));
    let matches = |at: isize| {
        let at = usize::try_from(at).ok()?;
        let fits = at + skip_first >= frozen && at + pattern.lines.len() - skip_last <= lines.len();
        (fits && pattern.matches(lines, at, skip_first, skip_last)).then_some(Place {
            at,
            skip_first,
            skip_last,
        })
    };
    let last = lines.len() as isize - pattern.lines.len() as isize;
    match (at_start, at_end) {
        (true, true) => matches(0).filter(|_| last == 0),
        (true, false) => matches(0),
        (false, true) => matches(last),
        (false, false) => {
            // Only what is in the file: a hunk can name a line far away from it.
            let end = lines.len() as isize;
            let nearest = guess.clamp(0, end).abs_diff(guess) as isize;
            let farthest = guess.abs().max((end - guess).abs());
            (nearest..=farthest).find_map(|offset| {
                let below = (offset > 0).then(|| matches(guess - offset)).flatten();
                matches(guess + offset).or(below)
            })
        }
    }
}

/// A line, and whether a hunk has changed it.
type GitLine = (Vec<u8>, bool);

fn git(file: &[u8], hunks: &[Hunk]) -> Result<Vec<u8>, NoMatch> {
    let mut lines: Vec<GitLine> =
        file.split_inclusive(|byte| *byte == b'\n').map(|line| (line.to_vec(), false)).collect();
    for (number, hunk) in hunks.iter().enumerate() {
        let pattern = Pattern::of(hunk);
        let at = git_place(&pattern, &lines).ok_or(NoMatch(number))?;
        let mut new = Vec::new();
        for line in &hunk.lines {
            match line {
                HunkLine::Context(bytes) | HunkLine::Added(bytes) => new.push((bytes.clone(), true)),
                HunkLine::Removed(_) => {}
            }
        }
        lines.splice(at..at + pattern.lines.len(), new);
    }
    Ok(lines.into_iter().flat_map(|(line, _)| line).collect())
}

/// Where a hunk matches lines that no hunk before it has changed.
fn git_place(pattern: &Pattern<'_>, lines: &[GitLine]) -> Option<usize> {
    let count = pattern.lines.len();
    let matches = |at: usize| {
        let found = lines.get(at..at + count)?;
        let same = found.iter().zip(&pattern.lines).all(|((line, changed), old)| !changed && line == old);
        same.then_some(at)
    };
    let at_start = pattern.hunk.old_start <= 1;
    let at_end = pattern.suffix == 0;
    let last = lines.len().checked_sub(count)?;
    match (at_start, at_end) {
        (true, true) => matches(0).filter(|_| last == 0),
        (true, false) => matches(0),
        (false, true) => matches(last),
        (false, false) => {
            let guess = pattern.hunk.new_start.saturating_sub(1).min(lines.len());
            (0..=lines.len()).find_map(|offset| {
                let below = guess.checked_sub(offset).filter(|_| offset > 0);
                matches(guess + offset).or_else(|| matches(below?))
            })
        }
    }
}

#[cfg(test)]
mod tests;

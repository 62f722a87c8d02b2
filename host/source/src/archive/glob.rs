//! BuildStream's glob patterns, as `base-dir` takes them.
//!
//! `*` and `?` stop at `/`, `**` does not, `[a-z]` and `[!a-z]` are sets. A leading `/` means nothing.

/// One step of a pattern.
enum Step {
    Literal(char),
    /// Any one character but `/`.
    One,
    /// Any run without `/`.
    Run,
    /// Any run.
    Deep,
    Set {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

/// A pattern, ready to match.
pub(crate) struct Glob(Vec<Step>);

impl Glob {
    /// Reads a pattern. Every text is one: a bracket that is never closed stands for itself.
    pub(crate) fn new(pattern: &str) -> Self {
        let pattern: Vec<char> = pattern.strip_prefix('/').unwrap_or(pattern).chars().collect();
        let mut steps = Vec::new();
        let mut at = 0;
        // Behind a bracket that is never closed, no other is.
        let mut closes = true;
        while let Some(&c) = pattern.get(at) {
            at += 1;
            steps.push(match c {
                '*' if pattern.get(at) == Some(&'*') => {
                    at += 1;
                    Step::Deep
                }
                '*' => Step::Run,
                '?' => Step::One,
                '[' if closes => match set_end(&pattern, at) {
                    Some(end) => {
                        let set = parse_set(&pattern[at..end]);
                        at = end + 1;
                        set
                    }
                    None => {
                        closes = false;
                        Step::Literal('[')
                    }
                },
                _ => Step::Literal(c),
            });
        }
        Self(steps)
    }

    /// Whether the whole of `path` matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.strip_prefix('/').unwrap_or(path).chars().collect();
        // reached[i]: the steps so far can have taken exactly i characters.
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for step in &self.0 {
            reached = advance(step, &path, &reached);
        }
        reached[path.len()]
    }
}

fn advance(step: &Step, path: &[char], reached: &[bool]) -> Vec<bool> {
    let mut next = vec![false; reached.len()];
    for at in 0..reached.len() {
        let before = at.checked_sub(1).map(|i| (i, path[i]));
        next[at] = match step {
            Step::Run => reached[at] || before.is_some_and(|(i, c)| next[i] && c != '/'),
            Step::Deep => reached[at] || before.is_some_and(|(i, _)| next[i]),
            _ => before.is_some_and(|(i, c)| reached[i] && takes(step, c)),
        };
    }
    next
}

fn takes(step: &Step, c: char) -> bool {
    match step {
        Step::Literal(literal) => *literal == c,
        Step::One => c != '/',
        Step::Set { negated, ranges } => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
        }
        Step::Run | Step::Deep => false,
    }
}

/// Where the bracket closes; one directly after `[` or `[!` is a member of the set.
fn set_end(pattern: &[char], start: usize) -> Option<usize> {
    let mut at = start;
    if pattern.get(at) == Some(&'!') {
        at += 1;
    }
    if pattern.get(at) == Some(&']') {
        at += 1;
    }
    (at..pattern.len()).find(|i| pattern[*i] == ']')
}

fn parse_set(inner: &[char]) -> Step {
    let (negated, mut rest) = match inner {
        ['!', rest @ ..] => (true, rest),
        _ => (false, inner),
    };
    let mut ranges = Vec::new();
    loop {
        match rest {
            [low, '-', high, more @ ..] => {
                ranges.push((*low, *high));
                rest = more;
            }
            [single, more @ ..] => {
                ranges.push((*single, *single));
                rest = more;
            }
            [] => return Step::Set { negated, ranges },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, matching: &[&str], other: &[&str]) {
        let glob = Glob::new(pattern);
        for path in matching {
            assert!(glob.matches(path), "{pattern} should match {path}");
        }
        for path in other {
            assert!(!glob.matches(path), "{pattern} should not match {path}");
        }
    }

    #[test]
    fn patterns() {
        check("*", &["", "a", "/a", "hello-1.0"], &["a/b"]);
        check("*/src", &["a/src", "/a/src"], &["src", "a/b/src", "a/srcs"]);
        check("**/src", &["a/src", "a/b/src"], &["src"]);
        check("app-?.[0-9]", &["app-1.0"], &["app-10.0", "app-/.0", "app-1.x"]);
        check("d[!ab]x", &["dcx", "d/x"], &["dax", "dx"]);
        check("[]x]", &["]", "x"], &["[", "a"]);
        check("[ab", &["[ab"], &["a", "b"]);
        check("[[!]", &["[", "!"], &["a"]);
        check("[][", &["[]["], &["["]);
        check("[!][a", &["[!][a"], &["a"]);
        check("[^a]", &["^", "a"], &["b"]);
        check("a.c", &["a.c"], &["abc"]);
        check("", &[""], &["a"]);
    }
}

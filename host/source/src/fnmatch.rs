//! Patterns of names, as Python's `fnmatch` reads them: `*` also matches slashes.

/// Whether a name matches a pattern with `*`, `?` and `[...]`. The time is bounded by the product of their lengths.
pub(crate) fn fnmatch(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // After a star: where the pattern goes on, and the name that the star has taken.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match one(&pattern[p..], name[n]) {
            Some(width) if pattern[p] != b'*' => (p, n) = (p + width, n + 1),
            _ if pattern.get(p) == Some(&b'*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            _ => match star {
                Some((after, taken)) => {
                    star = Some((after, taken + 1));
                    (p, n) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// The bytes of the pattern that match one character.
fn one(pattern: &[u8], c: u8) -> Option<usize> {
    match pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', rest @ ..] => {
            // A bracket right at the beginning is one of the set.
            let end = rest.iter().skip(1).position(|c| *c == b']').map(|at| at + 1);
            let Some(end) = end else { return (c == b'[').then_some(1) };
            let (negated, set) = match rest[..end] {
                [b'!', ..] => (true, &rest[1..end]),
                _ => (false, &rest[..end]),
            };
            (in_set(set, c) != negated).then_some(end + 2)
        }
        [first, ..] => (*first == c).then_some(1),
    }
}

fn in_set(set: &[u8], c: u8) -> bool {
    let mut rest = set;
    while let [first, more @ ..] = rest {
        match more {
            [b'-', last, after @ ..] => {
                if (*first..=*last).contains(&c) {
                    return true;
                }
                rest = after;
            }
            _ => {
                if *first == c {
                    return true;
                }
                rest = more;
            }
        }
    }
    false
}

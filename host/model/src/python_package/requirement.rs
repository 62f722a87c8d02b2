//! Requirements of Python packages, as `package-name` of a project has them: a name and constraints on its version.
//!
//! The rules are those of Python's `packaging` for versions of numbers; texts in versions (`2.0rc1`) are compared by their
//! numbers alone.

use std::cmp::Ordering;

/// A package with constraints on its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// The [normalized] name.
    pub(super) name: String,
    constraints: Vec<Constraint>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Constraint {
    operator: Operator,
    version: Vec<u64>,
    /// Whether it ends in `.*`.
    is_prefix: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    AtLeast,
    AtMost,
    Greater,
    Less,
    Compatible,
}

/// Operators by their text, longer ones first.
const OPERATORS: [(&str, Operator); 8] = [
    ("===", Operator::Equal),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("~=", Operator::Compatible),
    (">", Operator::Greater),
    ("<", Operator::Less),
];

/// The name of a package in the form in which names are compared.
pub(super) fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

impl Requirement {
    /// Reads a requirement such as `buildstream-plugins[extra]>=2.1,<3`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // What follows a semicolon is about the machine.
        let text = text.split(';').next().unwrap_or_default().trim();
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("it begins with no name".to_owned());
        }
        let mut rest = rest.trim_start();
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']').ok_or("a '[' is not closed")?.1.trim_start();
        }
        let rest = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(rest);
        let parts = rest.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(Self { name: normalized(name), constraints: parts.map(constraint).collect::<Result<_, _>>()? })
    }

    /// Whether a version fulfils all constraints.
    pub(super) fn permits(&self, version: &str) -> bool {
        let version = numbers(version);
        self.constraints.iter().all(|constraint| constraint.permits(&version))
    }
}

fn constraint(text: &str) -> Result<Constraint, String> {
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)));
    let (operator, version) = found.ok_or_else(|| format!("'{text}' has no operator such as '>='"))?;
    let version = version.trim();
    let (version, is_prefix) = version.strip_suffix(".*").map_or((version, false), |prefix| (prefix, true));
    let is_exact = matches!(operator, Operator::Equal | Operator::NotEqual);
    if !version.starts_with(|c: char| c.is_ascii_digit()) || is_prefix && !is_exact {
        return Err(format!("'{text}' has no version"));
    }
    let version = numbers(version);
    if operator == Operator::Compatible && version.len() < 2 {
        return Err(format!("'{text}' needs a version of two numbers"));
    }
    Ok(Constraint { operator, version, is_prefix })
}

/// The numbers at the beginning of a version.
fn numbers(version: &str) -> Vec<u64> {
    let number = |part: &str| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    };
    version.split('.').map_while(number).collect()
}

impl Constraint {
    fn permits(&self, version: &[u64]) -> bool {
        let order = compare(version, &self.version);
        let begins = |prefix: &[u64]| compare(&version[..version.len().min(prefix.len())], prefix).is_eq();
        match self.operator {
            Operator::Equal if self.is_prefix => begins(&self.version),
            Operator::Equal => order.is_eq(),
            Operator::NotEqual if self.is_prefix => !begins(&self.version),
            Operator::NotEqual => order.is_ne(),
            Operator::AtLeast => order.is_ge(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::Less => order.is_lt(),
            Operator::Compatible => order.is_ge() && begins(&self.version[..self.version.len() - 1]),
        }
    }
}

/// Compares versions; missing numbers are zero.
fn compare(one: &[u64], other: &[u64]) -> Ordering {
    let number = |version: &[u64], at: usize| version.get(at).copied().unwrap_or(0);
    let orders = (0..one.len().max(other.len())).map(|at| number(one, at).cmp(&number(other, at)));
    orders.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_those_of_python() {
        let cases = [
            ("p", "2.8.0", true),
            ("p>=2.8", "2.8.0", true),
            ("p>2.8", "2.8.0", false),
            ("p==2.8", "2.8.0", true),
            ("p===2.8.1", "2.8.0", false),
            ("p == 2.* , != 2.7.*", "2.8.0", true),
            ("p==2.80.*", "2.8.0", false),
            ("p~=2.1", "2.8.0", true),
            ("p~=2.1.0", "2.8.0", false),
            ("p[extra] (>=2,<3); python_version > '3'", "2.8.0", true),
            ("p<=2.7.9999", "2.8.0", false),
        ];
        for (text, version, permitted) in cases {
            let requirement = Requirement::parse(text).expect("it is one");
            assert_eq!((requirement.name.as_str(), requirement.permits(version)), ("p", permitted), "{text}");
        }
    }

    #[test]
    fn what_is_no_requirement_is_told() {
        for text in ["", ">=2", "p 2", "p>=x", "p>=2.*", "p~=2", "p[x", "p=2"] {
            assert!(Requirement::parse(text).is_err(), "{text}");
        }
    }
}

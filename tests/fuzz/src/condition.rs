//! Conditions of project options.

use spec_project::fuzzing::Conditions;
use spec_project::yaml::parse_text;

const OPTIONS: &str = "flag: {type: bool, description: d, default: true}\n\
    one: {type: enum, description: d, values: [a, b], default: a}\n\
    some: {type: flags, description: d, values: [x, y], default: [x]}\n";

/// The input is a condition.
pub fn run(data: &[u8]) {
    let Ok(condition) = std::str::from_utf8(data) else { return };
    let options = parse_text(OPTIONS, "options").expect("it is YAML");
    let conditions = Conditions::new(&options).expect("they are options");
    let Ok(holds) = conditions.holds(condition) else { return };
    assert_eq!(conditions.holds(condition), Ok(holds), "it holds or not");
    let negated = conditions.holds(&format!("not ({condition})"));
    // The negation has one more level, which may exceed the limit.
    assert!(negated.is_err() || negated == Ok(!holds), "{condition:?} and its negation are {holds}");
    let both = conditions.holds(&format!("({condition}) and ({condition})"));
    assert!(both.is_err() || both == Ok(holds), "{condition:?} twice is not {holds}");
}

/// Conditions of every form.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "flag",
        "not flag and one == \"a\"",
        "one in (\"a\", 'b') or \"x\" not in some",
        "one != \"\\n\" and not (flag or some)",
        "[\"x\"] == some == [\"x\",]",
        "true and False or not not flag",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into()
}

//! Variables and texts that refer to them.

use spec_project::fuzzing::expand;
use spec_project::yaml::parse_text;

/// The limit on all expanded variables of an element and the texts that refer to them.
const MOST: usize = 256 << 20;

/// The input is the variables, and a text that refers to them.
pub fn run(data: &[u8]) {
    let Some([variables, text]) = crate::texts(data) else { return };
    let (Ok(variables), Ok(mut text)) = (parse_text(variables, "variables"), parse_text(text, "text")) else {
        return;
    };
    let Ok(all) = expand(&variables, &mut text) else { return };
    assert_eq!(all.len(), variables.entries.len() + usize::from(is_alone(&variables)));
    let size: usize = all.iter().map(|(_, value)| value.len()).sum();
    assert!(size <= MOST, "variables of {size} bytes");
}

/// Whether `notparallel` makes a variable that is not written.
fn is_alone(variables: &spec_model::Mapping) -> bool {
    variables.bool_or("notparallel", false).unwrap_or(false) && variables.get("max-jobs").is_none()
}

/// Chains, circles, and texts that only look like references.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    vec![
        crate::joined(&["a: 1\nb: '%{a}%{a}'\nc: x%{b}y\n", "t: ['%{c}', {u: '%{a}'}]\n"]),
        crate::joined(&["a: '%{b}'\nb: '%{a}'\n", ""]),
        crate::joined(&["a: '%{a b} %{-} %{} %{'\nnotparallel: true\n", "t: '%{max-jobs}'\n"]),
        crate::joined(&["a: '%{nothing}'\n", "t: 1\n"]),
    ]
}

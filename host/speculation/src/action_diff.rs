//! Compares the predicted action with the requested one: inputs by path, and fields.

use std::collections::BTreeMap;

use spec_cas::Cas;
use spec_model::Digest;
use spec_proto::reapi;

use crate::error::Result;
use crate::message;
use crate::record::Content;

/// A difference between two actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionDifference {
    /// An input.
    Input {
        /// Its path in the input roots.
        path: String,
        /// The predicted contents; `None` if nothing or a directory is there.
        predicted: Option<Content>,
        /// The requested one.
        requested: Option<Content>,
    },
    /// A field of the action or of its command.
    Field {
        /// Which: `argument 3`, `environment PATH`, `platform ISA`, `working directory`.
        name: String,
        /// The predicted value; `None` if there is no such field.
        predicted: Option<String>,
        /// The requested one.
        requested: Option<String>,
    },
}

/// All differences between two actions, inputs first. Fields that have no influence on the execution, such as the salt,
/// are not compared.
///
/// # Errors
/// `cas-missing`, `speculation-bad-action`, or when the store fails.
pub fn diff_actions(cas: &Cas, predicted: &Digest, requested: &Digest) -> Result<Vec<ActionDifference>> {
    let (before, after) = (message::action(cas, predicted)?, message::action(cas, requested)?);
    let mut differences = Vec::new();
    for change in cas.diff(&before.input_root(predicted)?, &after.input_root(requested)?)? {
        let (predicted, requested) =
            (change.before.and_then(Content::of), change.after.and_then(Content::of));
        if predicted != requested {
            differences.push(ActionDifference::Input { path: change.path, predicted, requested });
        }
    }
    let mut old = fields(&message::command(cas, &before.command(predicted)?)?, before.0.platform.as_ref());
    let new = fields(&message::command(cas, &after.command(requested)?)?, after.0.platform.as_ref());
    for (name, value) in new {
        let predicted = old.remove(&name);
        if predicted.as_ref() != Some(&value) {
            differences.push(ActionDifference::Field { name: name.1, predicted, requested: Some(value) });
        }
    }
    let gone = old.into_iter().map(|(name, value)| ActionDifference::Field {
        name: name.1,
        predicted: Some(value),
        requested: None,
    });
    differences.extend(gone);
    Ok(differences)
}

/// The fields of a command and of its action's platform, in the order in which they are shown.
#[allow(deprecated)]
fn fields(command: &reapi::Command, platform: Option<&reapi::Platform>) -> BTreeMap<(usize, String), String> {
    let arguments = command.arguments.iter().enumerate();
    let arguments = arguments.map(|(number, text)| ((number, format!("argument {number}")), text.clone()));
    let rest = command.arguments.len().max(1 << 20);
    let variables = command.environment_variables.iter();
    let variables =
        variables.map(|known| ((rest, format!("environment {}", known.name)), known.value.clone()));
    let properties = command.platform.iter().chain(platform).flat_map(|platform| &platform.properties);
    let properties =
        properties.map(|known| ((rest + 1, format!("platform {}", known.name)), known.value.clone()));
    let outputs = command.output_paths.iter().chain(&command.output_files).chain(&command.output_directories);
    let outputs = outputs.map(|path| ((rest + 2, format!("output {path}")), String::new()));
    let directory = ((rest + 3, "working directory".to_owned()), command.working_directory.clone());
    arguments.chain(variables).chain(properties).chain(outputs).chain([directory]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Store;

    #[test]
    fn every_difference_is_named() {
        let store = Store::new();
        let root = |entries: &[&str]| store.tree(entries);
        let old = store.action_on(
            "cc -O1 a.c",
            &root(&["src/a.c=a", "src/b.h=1", "src/x=x"]),
            &[("ISA", "x86")],
            "src",
        );
        let new =
            store.action_on("cc -O2 a.c -g", &root(&["src/a.c=a", "src/b.h=2", "y/z=z"]), &[], "src/sub");
        let told = diff_actions(&store.cas, &old, &new).expect("the store works");
        let told: Vec<String> = told.iter().map(tell).collect();
        assert_eq!(
            told,
            [
                "src/b.h: true true",
                "src/x: true false",
                "y/z: false true",
                "argument 1: Some(\"-O1\") Some(\"-O2\")",
                "argument 3: None Some(\"-g\")",
                "working directory: Some(\"src\") Some(\"src/sub\")",
                "platform ISA: Some(\"x86\") None",
            ]
        );
        assert_eq!(diff_actions(&store.cas, &old, &old).expect("the store works"), []);
    }

    fn tell(difference: &ActionDifference) -> String {
        match difference {
            ActionDifference::Input { path, predicted, requested } => {
                format!("{path}: {} {}", predicted.is_some(), requested.is_some())
            }
            ActionDifference::Field { name, predicted, requested } => {
                format!("{name}: {predicted:?} {requested:?}")
            }
        }
    }
}

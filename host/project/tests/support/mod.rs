//! Kinds and sources in plain Rust, with the keys of the real ones, so that this room is tested without components.

#![allow(dead_code, reason = "each test takes what it needs")]

mod build_element;
pub(crate) mod files;
pub(crate) mod sources;

use std::sync::Arc;

use spec_model::Value;
use spec_strategy::{
    Configured, DependencyFacts, ElementInput, ElementKind, Forbids, KindDescription, KindError,
    KindRegistry, KindRequest, Plan,
};

/// Returns the contribution of a kind to keys.
pub(crate) type UniqueKey = fn(&ElementInput) -> Result<Value, KindError>;

struct TestKind {
    description: KindDescription,
    unique_key: UniqueKey,
}

impl ElementKind for TestKind {
    fn description(&self) -> &KindDescription {
        &self.description
    }

    fn configure(&self, input: &ElementInput, _: &dyn DependencyFacts) -> Result<Configured, KindError> {
        Ok(Configured::new(&(self.unique_key)(input)?, Plan::default()))
    }
}

/// The four default kinds.
pub(crate) struct Kinds;

impl KindRegistry for Kinds {
    fn kind(&self, request: &KindRequest) -> Result<Arc<dyn ElementKind>, KindError> {
        let (defaults, runs_commands, unique_key): (_, _, UniqueKey) = match request.name.as_str() {
            "manual" => {
                (include_str!("../../../../plugins/manual/src/defaults.yaml"), true, build_element::key)
            }
            "autotools" => {
                (include_str!("../../../../plugins/autotools/src/defaults.yaml"), true, build_element::key)
            }
            "import" => (include_str!("../../../../plugins/import/src/defaults.yaml"), false, import_key),
            "stack" => ("", false, |_| Ok(Value::Int(1))),
            _ => {
                return Err(KindError::Unknown {
                    kind: request.name.clone(),
                    known: "manual, import".to_owned(),
                    missing: None,
                });
            }
        };
        let description = KindDescription {
            name: request.name.clone(),
            defaults: defaults.to_owned(),
            runs_commands,
            has_artifact: true,
            forbids: Forbids { sources: request.name == "stack", ..Forbids::default() },
            ..KindDescription::default()
        };
        Ok(Arc::new(TestKind { description, unique_key }))
    }
}

fn import_key(input: &ElementInput) -> Result<Value, KindError> {
    let text = |name| input.config.str(name).map(Value::from).map_err(|error| rejected(&error));
    Ok(Value::map([("source", text("source")?), ("target", text("target")?)]))
}

/// A node error as a kind reports it.
pub(crate) fn rejected(error: &spec_model::NodeError) -> KindError {
    use spec_model::UserError as _;
    KindError::Rejected {
        reason: error.reason().to_owned(),
        message: error.to_string(),
        hint: error.hint(),
        position: error.position().cloned(),
    }
}

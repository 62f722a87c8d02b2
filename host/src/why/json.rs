//! An explanation as JSON.

use serde_json::{Value, json};
use spec_session::Session;

use super::change::KeyChange;
use super::text::setting_name;
use super::{Cause, CauseKind, KeyExplanation};

/// The keys, and all causes with their values as in the descriptions of the keys.
pub(crate) fn json(session: &Session, explanation: &KeyExplanation) -> Value {
    json!({
        "element": session.name(explanation.element),
        "key": explanation.now.to_string(),
        "before": explanation.before.to_string(),
        "causes": explanation.causes.iter().map(|cause| of_cause(session, cause)).collect::<Vec<_>>(),
    })
}

fn of_cause(session: &Session, cause: &Cause) -> Value {
    let through: Vec<String> = cause.through.iter().map(|element| session.name(*element)).collect();
    let mut value = match &cause.what {
        CauseKind::Unknown(before) => json!({"what": "unknown", "before": before.to_string()}),
        CauseKind::Changed(change, files) => {
            let mut value = of_change(change);
            if !files.is_empty() {
                let file = |(kind, path): &(char, String)| json!({"change": kind, "path": path});
                value["files"] = files.iter().map(file).collect();
            }
            value
        }
    };
    value["element"] = session.name(cause.element).into();
    value["through"] = through.into();
    value["place"] = cause.position.as_ref().map(ToString::to_string).into();
    value
}

fn of_change(change: &KeyChange) -> Value {
    match change {
        KeyChange::Dependency { name: (project, name), before, after } => {
            json!({"what": "dependency", "project": project, "name": name, "before": before, "after": after})
        }
        KeyChange::Source { index, before, after } => {
            json!({"what": "source", "index": index, "before": before, "after": after})
        }
        KeyChange::Setting { path, before, after } => {
            json!({"what": "setting", "name": setting_name(path), "before": before, "after": after})
        }
    }
}

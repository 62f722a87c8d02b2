//! Finds the previous artifact of an element.

use serde_json::Value;
use spec_artifact::{Artifact, ArtifactName};
use spec_model::{Blame, Key};
use spec_session::Session;

use crate::error::{CommandError, CommandResult};

/// The key of the element's artifact that was recorded last, other than `now`; or the one that begins with `since`.
///
/// # Errors
/// `nothing-to-compare`, `ambiguous-key`, or when the cache fails.
pub(super) fn previous_key(
    session: &Session,
    element: usize,
    now: Key,
    since: Option<&str>,
) -> CommandResult<Key> {
    let Some(since) = since else {
        let other = |artifact: &Artifact| artifact.keys.strong != now;
        let latest = session.artifacts.latest(&name(session, element, now), other)?;
        return latest.map(|artifact| artifact.keys.strong).ok_or_else(|| nothing(session, element, ""));
    };
    let mut known = strong_keys(session, element)?;
    known.retain(|key| key.to_string().starts_with(since));
    match known.as_slice() {
        [key] => Ok(*key),
        [] => Err(nothing(session, element, &format!(" with a key that begins with '{since}'"))),
        _ => {
            let (count, name) = (known.len(), session.name(element));
            let message = format!("{count} artifacts of {name} have keys that begin with '{since}'");
            Err(CommandError::usage("ambiguous-key", message).hint("give more digits of the key"))
        }
    }
}

/// The description of that key, if it is still in the cache.
///
/// # Errors
/// When the cache fails.
pub(super) fn description(session: &Session, element: usize, key: &Key) -> CommandResult<Option<Value>> {
    let record = session.artifacts.record(&name(session, element, *key))?;
    let Some(digest) = record.and_then(|artifact| artifact.key_description) else { return Ok(None) };
    match session.cas.contains(&digest)? {
        true => Ok(serde_json::from_slice(&session.cas.get(&digest)?).ok()),
        false => Ok(None),
    }
}

fn name(session: &Session, element: usize, key: Key) -> ArtifactName {
    let element = &session.project.elements[element];
    ArtifactName::new(&element.project, &element.name, key)
}

/// The folder in which its artifacts are.
fn folder(session: &Session, element: usize) -> String {
    let any = name(session, element, Key::of(b""));
    format!("{}/{}", any.project(), any.element())
}

/// The keys of all artifacts of the element. Their weak keys, under which artifacts are stored, too, are left out.
fn strong_keys(session: &Session, element: usize) -> CommandResult<Vec<Key>> {
    let mut keys = Vec::new();
    for name in session.artifacts.list(&format!("{}/*", folder(session, element)))? {
        let strong = session.artifacts.record(&name)?.map(|artifact| artifact.keys.strong);
        keys.extend(strong.filter(|strong| *strong == name.key()));
    }
    Ok(keys)
}

fn nothing(session: &Session, element: usize, which: &str) -> CommandError {
    let message = format!("the cache has no other artifact of {}{which}", session.name(element));
    let hint = format!("spec-host artifact show '{}/*' lists those that it has", folder(session, element));
    CommandError::new(Blame::Build, "nothing-to-compare", message).hint(hint)
}

//! Explains why an element's key changed: compares its current description with that of its last artifact, and does
//! the same for dependencies whose keys changed.

mod change;
mod json;
mod position;
mod previous;
mod text;

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;
use spec_cas::Change as TreeChange;
use spec_model::{Cancel, FilePosition, Key};
use spec_project::keys::strong_description;
use spec_session::Session;
use spec_source::FetchMonitor;

use crate::error::{CommandError, CommandResult};
use change::{KeyChange, changes};
pub(crate) use json::json;
pub(crate) use text::text;

/// The explanation of a changed key.
pub(crate) struct KeyExplanation {
    /// The element.
    element: usize,
    /// Its current key.
    now: Key,
    /// The key that it is compared with.
    before: Key,
    /// The causes, those in the nearest elements first. Empty when the keys are equal.
    causes: Vec<Cause>,
}

/// A change.
struct Cause {
    /// The element of which it changed.
    element: usize,
    /// The elements through which it changed the key, beginning with the explained one.
    through: Vec<usize>,
    /// Where it is written.
    position: Option<FilePosition>,
    /// The kind of change.
    what: CauseKind,
}

/// A changed file: `+` for a new one, `-` for a removed one, `~` for changed contents; and its path in the staged sources.
type FileChange = (char, String);

enum CauseKind {
    /// A dependency, source or setting; for sources also the changes of their files, if they are known.
    Changed(KeyChange, Vec<FileChange>),
    /// Unknown: the description of this older key is not in the cache.
    Unknown(Key),
}

/// An element whose description is to be compared with that of an older key.
struct KeyComparison {
    element: usize,
    before: Key,
    through: Vec<usize>,
}

/// Compares the key that an element has with that of its last other artifact, or with the one that begins with `since`.
///
/// # Errors
/// `nothing-to-compare` without such an artifact, `ambiguous-key`, `missing-ref`, or when the cache fails.
pub(crate) fn explain(
    session: &Session,
    element: usize,
    since: Option<&str>,
) -> CommandResult<KeyExplanation> {
    if session.key_pairs[element].is_none() {
        return Err(no_reference(session, element));
    }
    let keys: Vec<Key> = session.current_keys()?.iter().map(|keys| keys.strong).collect();
    let (now, before) = (keys[element], previous::previous_key(session, element, keys[element], since)?);
    let mut causes = Vec::new();
    let mut seen = BTreeSet::from([element]);
    let mut open = VecDeque::from([KeyComparison { element, before, through: Vec::new() }]);
    while let Some(visit) = open.pop_front() {
        let Some(old) = previous::description(session, visit.element, &visit.before)? else {
            causes.push(visit.cause(session, None));
            continue;
        };
        let new = current_description(session, visit.element, &keys)?;
        let changes = changes(&old, &new);
        let mut files = match changes.iter().any(|change| matches!(change, KeyChange::Source { .. })) {
            true => files(session, visit.element, &old)?,
            false => Vec::new(),
        };
        for change in changes {
            match rebuilt(session, &change) {
                Some((below, before)) if seen.insert(below) => open.push_back(visit.below(below, before)),
                Some(_) => {}
                None => causes.push(visit.cause(session, Some((change, &mut files)))),
            }
        }
    }
    Ok(KeyExplanation { element, now, before, causes })
}

impl KeyComparison {
    fn below(&self, element: usize, before: Key) -> Self {
        let through = self.through.iter().copied().chain([self.element]).collect();
        Self { element, before, through }
    }

    /// Changed files are listed with the first changed source, because only the trees of all sources together can be
    /// compared.
    fn cause(&self, session: &Session, change: Option<(KeyChange, &mut Vec<FileChange>)>) -> Cause {
        let element = &session.project.elements[self.element];
        let (position, what) = match change {
            None => (element.position.clone(), CauseKind::Unknown(self.before)),
            Some((change, files)) => {
                let files = match change {
                    KeyChange::Source { .. } => std::mem::take(files),
                    KeyChange::Dependency { .. } | KeyChange::Setting { .. } => Vec::new(),
                };
                (position::position_of(element, &change), CauseKind::Changed(change, files))
            }
        };
        Cause { element: self.element, through: self.through.clone(), position, what }
    }
}

/// The changed dependency and its older key, if the element had it before and has it now.
fn rebuilt(session: &Session, change: &KeyChange) -> Option<(usize, Key)> {
    let KeyChange::Dependency { name: (project, name), before: Some(before), after: Some(_) } = change else {
        return None;
    };
    let elements = &session.project.elements;
    let found = elements.iter().position(|known| *known.project == **project && known.name.path() == name);
    found.zip(before.parse().ok())
}

fn no_reference(session: &Session, element: usize) -> CommandError {
    let message =
        format!("a source of {}, or of something below it, has no reference", session.name(element));
    CommandError::usage("missing-ref", message).hint("spec-host source track --deps all ELEMENT")
}

/// The description of an element's present key.
fn current_description(session: &Session, element: usize, keys: &[Key]) -> CommandResult<Value> {
    let below: Vec<(usize, Key)> =
        session.project.build_scope(element).into_iter().map(|below| (below, keys[below])).collect();
    let known = session.sources(element).key_text()?.zip(session.key_pairs[element]);
    let (sources, pair) = known.ok_or_else(|| no_reference(session, element))?;
    let description = strong_description(&session.project, element, &sources, &below, pair.weak);
    Ok(serde_json::from_str(&description).expect("canonical text is JSON"))
}

/// The differences of the staged sources, if both trees are in the cache.
fn files(session: &Session, element: usize, old: &Value) -> CommandResult<Vec<FileChange>> {
    let sources = old.get("sources").map(canonical).unwrap_or_default();
    let before = spec_source::staged_tree(&session.cas, &Key::of(sources.as_bytes()))?;
    // Sources that are not fetched cannot be compared; that is not an error.
    let after = session.sources(element).stage(&FetchMonitor::silent(Cancel::new())).ok();
    let (Some(before), Some(after)) = (before, after) else { return Ok(Vec::new()) };
    let kind = |change: &TreeChange| match (&change.before, &change.after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    Ok(session.cas.diff(&before, &after)?.into_iter().map(|change| (kind(&change), change.path)).collect())
}

/// A part of a description in its canonical form, with characters outside of ASCII escaped.
fn canonical(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c.is_ascii() {
            true => text.push(c),
            false => text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    text
}

//! An explanation as text for people.

use serde_json::Value;
use spec_session::Session;

use super::change::{KeyChange, PathStep};
use super::{Cause, CauseKind, KeyExplanation};
use crate::term::{Style, TextRole, sanitize_line, truncate_with_mark};

/// The most characters of a value that are shown.
const WIDTH: usize = 80;
/// The most files of a source that are shown.
const FILES: usize = 20;

/// The keys, and a paragraph for each cause.
pub(crate) fn text(session: &Session, explanation: &KeyExplanation, style: Style) -> String {
    let KeyExplanation { element, now, before, causes } = explanation;
    let key = |key: &spec_model::Key| style.paint(TextRole::Key, key.brief(session.options.key_length));
    let name = style.paint(TextRole::Name, session.name(*element));
    if now == before {
        return format!("{name}: {}, as before\n", key(now));
    }
    let mut text = format!("{name}: {}, was {}\n", key(now), key(before));
    for cause in causes {
        text += "\n";
        for (depth, line) in lines(session, cause).iter().enumerate() {
            let line = if depth == 0 { style.paint(TextRole::Bold, line) } else { format!("    {line}") };
            text += &line;
            text += "\n";
        }
    }
    text
}

/// A line with the place and the change, then the details.
fn lines(session: &Session, cause: &Cause) -> Vec<String> {
    let name = session.name(cause.element);
    let position = cause.position.as_ref().map_or_else(|| name.clone(), ToString::to_string);
    let (what, details) = match &cause.what {
        CauseKind::Unknown(before) => {
            let key = before.brief(session.options.key_length);
            ("changed".to_owned(), vec![format!("what {key} was made of is not known")])
        }
        CauseKind::Changed(change, files) => describe(change, files),
    };
    let mut lines = vec![format!("{position}: {name}: {what}")];
    lines.extend(details);
    if let Some((_, through)) = cause.through.split_first().filter(|(_, through)| !through.is_empty()) {
        let names: Vec<String> = through.iter().map(|element| session.name(*element)).collect();
        lines.push(format!("by way of {}", names.join(", ")));
    }
    lines
}

fn describe(change: &KeyChange, files: &[(char, String)]) -> (String, Vec<String>) {
    match change {
        KeyChange::Dependency { name: (_, name), before: None, .. } => {
            (format!("is built on {name} now"), Vec::new())
        }
        KeyChange::Dependency { name: (_, name), .. } => {
            (format!("is not built on {name} any more"), Vec::new())
        }
        KeyChange::Source { index, before, after } => {
            let kind = |source: &Value| source.get("name").and_then(Value::as_str).unwrap_or("?").to_owned();
            let what = match (before, after) {
                (None, Some(after)) => format!("source {} ({}) is new", index + 1, kind(after)),
                (Some(before), None) => format!("source {} ({}) is gone", index + 1, kind(before)),
                (_, after) => {
                    format!("source {} ({}) changed", index + 1, after.as_ref().map(kind).unwrap_or_default())
                }
            };
            (what, file_lines(files))
        }
        KeyChange::Setting { path, before, after } => {
            (format!("{} changed", setting_name(path)), values(before, after))
        }
    }
}

fn file_lines(files: &[(char, String)]) -> Vec<String> {
    let mut lines: Vec<String> =
        files.iter().take(FILES).map(|(kind, path)| format!("{kind} {}", sanitize_line(path))).collect();
    if let Some(more) = files.len().checked_sub(FILES).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines
}

/// The name of a setting as users know it.
pub(super) fn setting_name(path: &[PathStep]) -> String {
    let mut text = String::new();
    for (depth, step) in path.iter().enumerate() {
        match step {
            PathStep::Name(name) if depth == 0 => text += section(name),
            PathStep::Name(name) if text.is_empty() => text += name,
            PathStep::Name(name) => text += &format!(" {name}"),
            PathStep::Index(index) => text += &format!("[{index}]"),
        }
    }
    text
}

/// The meaning of BuildStream's name of a part of a key.
fn section(name: &str) -> &str {
    match name {
        "element-plugin-key" => "config",
        "element-plugin-name" => "kind",
        "element-plugin-version" => "version of the kind",
        "element-base-key" => "variables",
        "core-artifact-version" => "format of artifacts",
        other => other,
    }
}

/// Of two lists, the items that only one of them has; of other values both.
fn values(before: &Option<Value>, after: &Option<Value>) -> Vec<String> {
    if let (Some(Value::Array(before)), Some(Value::Array(after))) = (before, after) {
        let only = |sign: char, these: &[Value], those: &[Value]| -> Vec<String> {
            let only = these.iter().filter(|value| !those.contains(value));
            only.map(|value| format!("{sign} {}", brief(value))).collect()
        };
        let lines = [only('-', before, after), only('+', after, before)].concat();
        return if lines.is_empty() { vec!["the order changed".to_owned()] } else { lines };
    }
    let line =
        |sign: char, value: &Option<Value>| value.as_ref().map(|value| format!("{sign} {}", brief(value)));
    line('-', before).into_iter().chain(line('+', after)).collect()
}

fn brief(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    truncate_with_mark(&sanitize_line(&text), WIDTH)
}

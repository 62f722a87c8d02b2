//! `show`

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::Value;
use spec_session::Session;

use super::print;
use crate::app::App;
use crate::cli::{ListOrder, ShowArgs};
use crate::error::CommandResult;
use crate::session::{JunctionTargets, SessionTargets};
use crate::show::{ShowFormat, Symbol, paint, to_json, value};
use crate::term::json_text;

/// Prints elements.
///
/// # Errors
/// What is wrong with the project or the format.
pub(super) fn run(app: &App, args: &ShowArgs) -> CommandResult<ExitCode> {
    let format = ShowFormat::parse(args.format.as_ref().unwrap_or(&app.config.element_format))?;
    let session = app.open_session_for(SessionTargets {
        except: &args.except,
        junctions: JunctionTargets::Allowed,
        ..SessionTargets::of(&args.elements)
    })?;
    let mut elements = session.select(args.deps.scope());
    if args.order == ListOrder::Alpha {
        elements.sort_by_key(|element| session.name(*element));
    }
    let text = match args.json {
        true => json(&session, &elements)?,
        false => formatted(app, &session, &elements, &format)?,
    };
    print(&text)?;
    // The process ends. To free each of their nodes takes longer than to print them.
    if let Some(session) = Arc::into_inner(session) {
        std::mem::forget(session.project);
    }
    Ok(ExitCode::SUCCESS)
}

fn json(session: &Session, elements: &[usize]) -> CommandResult<String> {
    let states = session.element_states()?;
    let all: Vec<Value> =
        elements.iter().map(|element| to_json(session, *element, &states[*element])).collect();
    Ok(json_text(&Value::from(all), true) + "\n")
}

fn formatted(app: &App, session: &Session, elements: &[usize], format: &ShowFormat) -> CommandResult<String> {
    let of_cache = [Symbol::State, Symbol::Key, Symbol::FullKey, Symbol::ArtifactCasDigest];
    let states = if format.has(&of_cache) { session.element_states()? } else { Vec::new() };
    let warn = |reason: &str, text: &str| app.warn(reason, text);
    let mut lines = Vec::new();
    for &element in elements {
        let state = states.get(element);
        let value = |symbol| value(session, element, state, symbol, &warn);
        lines.push(format.fill(&value, &|symbol, text| paint(app.out, symbol, text))?);
    }
    let mut text = lines.join("\n");
    // As bst does, which removes the trailing newlines of the format, but none of a value.
    text.truncate(text.len().saturating_sub(format.newlines_at_end()));
    Ok(text + "\n")
}

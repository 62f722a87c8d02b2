//! The values of symbols.

use spec_model::{Mapping, Node};
use spec_project::{Element, WrittenVariables};
use spec_session::{ElementSourceInfo, ElementState, Session};

use super::Symbol;
use crate::error::CommandResult;
use crate::term::{Style, TextRole};

/// The attributes of sources that are shown beside the others, too.
const FIRST_ATTRIBUTES: [&str; 2] = ["homepage", "issue-tracker"];

/// The digits of a whole key.
const KEY_DIGITS: usize = 64;

/// The value of a symbol for one element. Calls `warn` with the reason and the text of each warning.
///
/// # Errors
/// When the sources of an element cannot be read, or a warning is fatal in the project.
pub(crate) fn value(
    session: &Session,
    index: usize,
    state: Option<&ElementState>,
    symbol: Symbol,
    warn: &dyn Fn(&str, &str),
) -> CommandResult<String> {
    let element = &session.project.elements[index];
    let key = || match session.shown_key(index, state) {
        key if key.is_empty() => "?".repeat(KEY_DIGITS),
        key => key,
    };
    Ok(match symbol {
        Symbol::Name => element.name.to_string(),
        Symbol::Kind => element.kind.to_string(),
        Symbol::Description => element.description.lines().collect::<Vec<_>>().join(" "),
        Symbol::Key => key().chars().take(session.options.key_length).collect(),
        Symbol::FullKey => key(),
        Symbol::State => state.map(|state| state.name().to_owned()).unwrap_or_default(),
        Symbol::Config => spec_project::yaml::dump(&element.config()),
        Symbol::Vars => texts(&element.variables),
        Symbol::Env => spec_project::yaml::dump(&element.environment_data()),
        Symbol::Public => spec_project::yaml::dump(&element.public),
        Symbol::Deps => list(&dependencies(session, element, true, true)),
        Symbol::BuildDeps => list(&dependencies(session, element, true, false)),
        Symbol::RuntimeDeps => list(&dependencies(session, element, false, true)),
        Symbol::Workspaced => element.workspace.as_ref().map_or("", |_| "(workspaced)").to_owned(),
        Symbol::WorkspaceDirs => {
            let folder = element.workspace.as_ref();
            folder.map(|folder| format!("Workspace: {}", folder.display())).unwrap_or_default()
        }
        Symbol::ArtifactCasDigest => {
            state.and_then(ElementState::files).map(|d| d.to_string()).unwrap_or_default()
        }
        Symbol::SourceInfo => {
            let infos = session.source_infos(index, warn)?;
            spec_project::yaml::dump_sequence(&infos.into_iter().map(source_info).collect::<Vec<_>>())
        }
    })
}

/// Where a source comes from, in the order of BuildStream's keys.
fn source_info(source: ElementSourceInfo) -> Node {
    let mut entry = Mapping::new();
    let ElementSourceInfo { kind, provenance, info } = source;
    entry.set("kind", Node::text(kind));
    entry.set("url", Node::text(info.url));
    if !provenance.is_empty() {
        // These two were there before all of them were.
        for (name, text) in provenance.iter().filter(|(name, _)| FIRST_ATTRIBUTES.contains(&name.as_str())) {
            entry.set(name, Node::text(text.as_str()));
        }
        entry.set("provenance", Node::from(mapping(provenance)));
    }
    entry.set("medium", Node::text(info.medium));
    entry.set("version-type", Node::text(info.version_type));
    entry.set("version", Node::text(info.version));
    if let Some(guess) = info.version_guess {
        entry.set("version-guess", Node::text(guess));
    }
    if !info.extra_data.is_empty() {
        entry.set("extra-data", Node::from(mapping(info.extra_data)));
    }
    Node::from(entry)
}

fn mapping<N: AsRef<str>>(pairs: impl IntoIterator<Item = (N, String)>) -> Mapping {
    let mut mapping = Mapping::new();
    for (name, text) in pairs {
        mapping.set(name.as_ref(), Node::text(text));
    }
    mapping
}

/// A formatted value in its colour. Without colours it is not changed, because programs read it.
pub(crate) fn paint(style: Style, symbol: Symbol, text: String) -> String {
    if style == Style::Plain {
        return text;
    }
    let ink = match symbol {
        Symbol::Name => TextRole::Name,
        Symbol::Key | Symbol::FullKey => TextRole::Key,
        Symbol::State => match text.trim() {
            "cached" => TextRole::Good,
            "failed" | "no reference" => TextRole::Bad,
            "fetch needed" => TextRole::Warning,
            _ => TextRole::Bold,
        },
        _ => return text,
    };
    style.paint(ink, text)
}

/// Full names of direct dependencies, build dependencies first, each once.
pub(super) fn dependencies(session: &Session, element: &Element, build: bool, runtime: bool) -> Vec<String> {
    let builds = element.dependencies.iter().filter(|dependency| build && dependency.build);
    let runs = element.dependencies.iter().filter(|dependency| runtime && dependency.runtime);
    let mut names: Vec<String> = Vec::new();
    for dependency in builds.chain(runs) {
        let name = session.project.elements[dependency.element].name.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn list(names: &[String]) -> String {
    match names {
        [] => "[]".to_owned(),
        _ => names.iter().map(|name| format!("- {name}")).collect::<Vec<_>>().join("\n"),
    }
}

fn texts(variables: &WrittenVariables) -> String {
    let mut mapping = Mapping::new();
    for (name, text) in variables.values() {
        mapping.set(&name, Node::text(text));
    }
    spec_project::yaml::dump(&mapping)
}

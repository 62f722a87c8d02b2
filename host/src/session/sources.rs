//! From the sources of a project's elements to those that can be fetched.

use spec_cas::Cas;
use spec_model::SourceKey;
use spec_project::{Element, Project, ProjectConfig};
use spec_source::{Alias, ElementSources, SourceContext, SourceSpec};

use crate::app::App;
use crate::config::Config;
use crate::error::{BlameUser, CommandError, CommandResult};

/// What all sources of the project share.
pub(super) fn context(config: &Config, project: &ProjectConfig, cas: &Cas) -> SourceContext {
    let aliases: Vec<(String, Alias)> =
        project.aliases.iter().map(|(name, url)| (name.clone(), alias(project, name, url))).collect();
    let find =
        move |name: &str| aliases.iter().find(|(known, _)| known == name).map(|(_, alias)| alias.clone());
    let mut context = SourceContext::new(&project.directory, &config.source_dir, cas.clone(), find);
    context.limits.entries = config.bounds.trees.entries;
    context.limits.unpacked = config.bounds.trees.bytes;
    context.http.attempts = config.network_retries.saturating_add(1);
    context.http.proxies = config.proxies.clone();
    context.http.netrc.clone_from(&config.netrc);
    context
}

fn alias(project: &ProjectConfig, name: &str, url: &str) -> Alias {
    let preferred = |mirror: &&spec_project::Mirror| Some(&mirror.name) == project.default_mirror.as_ref();
    let first = project.mirrors.iter().filter(preferred);
    let others = project.mirrors.iter().filter(|mirror| !preferred(mirror));
    let lists = first.chain(others).flat_map(|mirror| &mirror.aliases);
    let mirrors = lists.filter(|(alias, _)| alias == name).flat_map(|(_, urls)| urls.clone()).collect();
    Alias { url: url.to_owned(), mirrors }
}

/// The sources of all elements, by index.
pub(super) fn configure(
    app: &App,
    project: &Project,
    context: &SourceContext,
) -> CommandResult<Vec<ElementSources>> {
    let mut all = Vec::with_capacity(project.elements.len());
    for element in &project.elements {
        let sources = of(element, context)?;
        for warning in sources.warnings() {
            if project.config.fatal_warnings.iter().any(|fatal| fatal == warning.token) {
                let error = CommandError::usage(warning.token, warning.message).at(warning.place);
                return Err(error.hint("it is an error because of 'fatal-warnings' in project.conf"));
            }
            app.warn(warning.token, &warning.message);
        }
        all.push(sources);
    }
    Ok(all)
}

/// The sources of one element.
pub(super) fn of(element: &Element, context: &SourceContext) -> CommandResult<ElementSources> {
    let spec = |source: &spec_project::SourceConfig| SourceSpec {
        kind: source.kind.clone(),
        place: source.place.clone(),
        directory: source.directory.clone(),
        config: source.config.clone(),
    };
    let specs: Vec<SourceSpec> = element.sources.iter().map(spec).collect();
    ElementSources::new(&element.name.to_string(), context, &specs).or_usage()
}

/// What the sources of each element contribute to keys; `None` where a reference is missing.
pub(super) fn keys(all: &[ElementSources]) -> CommandResult<Vec<Option<Vec<SourceKey>>>> {
    all.iter().map(|sources| sources.source_keys().or_usage()).collect()
}

//! Configures the sources of a project's elements.

use std::sync::Arc;

use spec_cas::Cas;
use spec_project::{Element, Project, ProjectConfig, SourceConfig, map_independent};
use spec_source::{Alias, AliasRefusal, ElementSources, SourceContext, SourceSpec};

use crate::error::{Result, SessionError};
use crate::options::SourceOptions;

/// What all sources of a project share.
pub(crate) fn context(options: &SourceOptions, project: &ProjectConfig, cas: &Cas) -> SourceContext {
    let aliases = project.aliases.clone();
    let find = move |name: &str| match aliases.find(name) {
        Ok(target) => Ok(target.map(|target| Alias { url: target.url, mirrors: target.mirrors })),
        Err(error) => Err(AliasRefusal { reason: error.reason(), message: error.to_string() }),
    };
    let mut context = SourceContext::new(&project.directory, &options.directory, cas.clone(), find);
    context.limits.entries = options.trees.entries;
    context.limits.unpacked = options.trees.bytes;
    let http = Arc::make_mut(&mut context.http);
    http.attempts = options.network_retries.saturating_add(1);
    http.proxies = options.proxies.clone();
    http.netrc.clone_from(&options.netrc);
    context.ssh = Arc::clone(&options.ssh);
    context
}

/// What the sources of each project share: of the top-level project, then of the subprojects.
pub(crate) fn contexts(options: &SourceOptions, project: &Project, cas: &Cas) -> Vec<SourceContext> {
    let configs = [&project.config].into_iter().chain(project.subprojects.iter().map(|sub| &sub.config));
    configs.map(|config| context(options, config, cas)).collect()
}

/// The context of the project that an element belongs to.
pub(crate) fn context_of<'c>(contexts: &'c [SourceContext], element: &Element) -> &'c SourceContext {
    &contexts[element.subproject.map_or(0, |index| index + 1)]
}

/// The sources of all elements, by index. Calls `warn` with the reason and the text of each warning.
pub(crate) fn configure_all(
    project: &Project,
    contexts: &[SourceContext],
    warn: &dyn Fn(&str, &str),
) -> Result<Vec<ElementSources>> {
    let configured = map_independent(project.elements.iter().collect(), |element: &Element| {
        configure(element, context_of(contexts, element))
    })?;
    for (element, sources) in project.elements.iter().zip(&configured) {
        for warning in sources.warnings() {
            if project.config_of(element).fatal_warnings.iter().any(|fatal| fatal == warning.token) {
                let (reason, message, position) = (warning.token, warning.message, warning.position);
                return Err(SessionError::FatalWarning { reason, message, position });
            }
            warn(warning.token, &warning.message);
        }
    }
    Ok(configured)
}

/// The sources of one element.
pub(crate) fn configure(element: &Element, context: &SourceContext) -> Result<ElementSources> {
    let specs: Vec<SourceSpec> = element.sources.iter().map(spec).collect();
    ElementSources::new(&element.name.to_string(), context, &specs).map_err(SessionError::SourceDeclaration)
}

/// A source as it is declared.
pub(crate) fn spec(source: &SourceConfig) -> SourceSpec {
    SourceSpec {
        kind: source.kind.clone(),
        position: source.position.clone(),
        directory: source.directory.clone(),
        config: source.config.clone(),
        origin: source.origin.clone(),
    }
}

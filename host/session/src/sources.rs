//! Configures the sources of a project's elements.

use spec_cas::Cas;
use spec_model::SourceKey;
use spec_project::{Element, Project, ProjectConfig};
use spec_source::{Alias, ElementSources, SourceContext, SourceSpec};

use crate::error::{Result, SessionError};
use crate::options::SessionOptions;

/// What all sources of the project share.
pub(crate) fn context(options: &SessionOptions, project: &ProjectConfig, cas: &Cas) -> SourceContext {
    let aliases: Vec<(String, Alias)> =
        project.aliases.iter().map(|(name, url)| (name.clone(), alias(project, name, url))).collect();
    let find =
        move |name: &str| aliases.iter().find(|(known, _)| known == name).map(|(_, alias)| alias.clone());
    let mut context = SourceContext::new(&project.directory, &options.source_dir, cas.clone(), find);
    context.limits.entries = options.trees.entries;
    context.limits.unpacked = options.trees.bytes;
    context.http.attempts = options.network_retries.saturating_add(1);
    context.http.proxies = options.proxies.clone();
    context.http.netrc.clone_from(&options.netrc);
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

/// The sources of all elements, by index. Calls `warn` with the reason and the text of each warning.
pub(crate) fn configure_all(
    project: &Project,
    context: &SourceContext,
    warn: &dyn Fn(&str, &str),
) -> Result<Vec<ElementSources>> {
    let mut all = Vec::with_capacity(project.elements.len());
    for element in &project.elements {
        let sources = configure(element, context)?;
        for warning in sources.warnings() {
            if project.config.fatal_warnings.iter().any(|fatal| fatal == warning.token) {
                let (reason, message, position) = (warning.token, warning.message, warning.position);
                return Err(SessionError::FatalWarning { reason, message, position });
            }
            warn(warning.token, &warning.message);
        }
        all.push(sources);
    }
    Ok(all)
}

/// The sources of one element.
pub(crate) fn configure(element: &Element, context: &SourceContext) -> Result<ElementSources> {
    let spec = |source: &spec_project::SourceConfig| SourceSpec {
        kind: source.kind.clone(),
        position: source.position.clone(),
        directory: source.directory.clone(),
        config: source.config.clone(),
    };
    let specs: Vec<SourceSpec> = element.sources.iter().map(spec).collect();
    ElementSources::new(&element.name.to_string(), context, &specs).map_err(SessionError::SourceDeclaration)
}

/// What the sources of each element contribute to keys; `None` where a reference is missing.
pub(crate) fn keys(all: &[ElementSources]) -> Result<Vec<Option<Vec<SourceKey>>>> {
    all.iter().map(|sources| sources.source_keys().map_err(SessionError::SourceDeclaration)).collect()
}

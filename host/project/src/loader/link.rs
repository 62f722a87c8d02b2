//! Elements of kind `link`: other names for elements.

use spec_model::FilePosition;

use super::Loader;
use crate::LoadError;
use crate::config::ProjectSettings;
use crate::element::first_config;
use crate::loaded_element::LoadedElement;

/// The name that a link points at, and the place of that name.
pub(super) fn target(
    link: &LoadedElement,
    settings: &ProjectSettings,
) -> Result<(String, Option<FilePosition>), LoadError> {
    let config = first_config(link, settings)?;
    if let Some(sources) = link.node.get("sources") {
        let message = "a link cannot have sources";
        return Err(LoadError::at("element-forbidden-sources", sources.position.as_ref(), message));
    }
    for list in ["depends", "build-depends", "runtime-depends"] {
        if let Some(dependencies) = link.node.get(list) {
            let message = "a link cannot have dependencies";
            let position = dependencies.position.as_ref();
            return Err(LoadError::at("link-forbidden-dependencies", position, message));
        }
    }
    config.validate_keys(&["target"])?;
    let target = config.require("target")?;
    Ok((target.as_str()?.to_owned(), target.position.clone()))
}

/// Checks that following links and overrides has not come back to one of the names before.
pub(super) fn check_circle(
    followed: &[(usize, String)],
    name: (usize, &str),
    position: Option<&FilePosition>,
) -> Result<(), LoadError> {
    if followed.iter().any(|(project, known)| (*project, known.as_str()) == name) {
        let chain: Vec<&str> = followed.iter().map(|(_, known)| known.as_str()).collect();
        let message = format!("links lead in a circle: {} -> {}", chain.join(" -> "), name.1);
        return Err(LoadError::at("circular-reference", position, message));
    }
    Ok(())
}

impl Loader<'_> {
    /// Notes the target of a link in its project, and in those above it with the junctions before both names.
    pub(super) fn note_link(&mut self, project: usize, link: &str, target: &str) {
        let (mut project, mut link, mut target) = (project, link.to_owned(), target.to_owned());
        loop {
            let open = &mut self.projects[project];
            open.links.insert(link.clone(), target.clone());
            let through: Vec<String> = open
                .links
                .iter()
                .filter(|(_, known)| open.expand_link(known) == link)
                .map(|(name, _)| name.clone())
                .collect();
            for name in through {
                open.links.insert(name, target.clone());
            }
            let Some(parent) = &open.parent else { return };
            let junction = parent.junction.name.path();
            link = format!("{junction}:{link}");
            target = format!("{junction}:{target}");
            project = parent.project;
        }
    }
}

impl super::OpenProject {
    /// The name with the first known link in it replaced by its target.
    pub(super) fn expand_link(&self, name: &str) -> String {
        let found =
            self.links.iter().find_map(|(link, target)| Some((name.strip_prefix(link.as_str())?, target)));
        found.map_or_else(|| name.to_owned(), |(rest, target)| format!("{target}{rest}"))
    }
}

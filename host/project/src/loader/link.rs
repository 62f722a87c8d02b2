//! Elements of kind `link`: other names for elements.

use spec_model::{FilePosition, Mapping};

use crate::LoadError;

/// The name that a link points at, and the place of that name.
pub(super) fn target(node: &Mapping) -> Result<(String, Option<FilePosition>), LoadError> {
    for list in ["depends", "build-depends", "runtime-depends"] {
        if let Some(dependencies) = node.get(list) {
            let message = "a link cannot have dependencies";
            return Err(LoadError::at(
                "link-forbidden-dependencies",
                dependencies.position.as_ref(),
                message,
            ));
        }
    }
    let config = node.require("config")?.as_mapping()?;
    config.validate_keys(&["target"])?;
    let target = config.require("target")?;
    Ok((target.as_str()?.to_owned(), target.position.clone()))
}

/// Checks that following links has not come back to one of those `links`.
pub(super) fn check_circle(
    name: &str,
    links: &[String],
    position: Option<&FilePosition>,
) -> Result<(), LoadError> {
    if links.iter().any(|link| link == name) {
        let message = format!("links lead in a circle: {} -> {name}", links.join(" -> "));
        return Err(LoadError::at("circular-reference", position, message));
    }
    Ok(())
}

//! The component of an element kind, by where a project takes the kind from.

use spec_model::{FolderPlugin, KindWords, KnownKinds, NodeError, PluginOrigin, UserError as _};
use spec_strategy::{KindError, KindRequest};

use crate::component_source::ComponentSource;
use crate::embedded;
use crate::known_packages::PACKAGES;
use crate::known_python_plugins::TEXTS;

const KNOWN: KnownKinds = KnownKinds {
    words: KindWords {
        kind: "element kind",
        list: "elements",
        statement: "equal-element-plugins",
        absent: "unknown-kind",
        unknown: "unknown-element-plugin",
        remedy: own_component,
    },
    core: &["compose", "filter", "import", "manual", "script", "stack"],
    packages: &PACKAGES,
    texts: &TEXTS,
};

/// Finds it. `known` are the names of all kinds that there are.
///
/// # Errors
/// [`KindError::Unknown`] where there is none, and the errors of [`KnownKinds::check`].
pub(crate) fn component(
    request: &KindRequest,
    known: impl Fn() -> String,
) -> Result<ComponentSource, KindError> {
    let KindRequest { name, origin } = request;
    let unknown = |missing| KindError::Unknown { kind: name.clone(), known: known(), missing };
    let checked = |origin| KNOWN.check(name, origin, None).map_err(|error| rejected(&error));
    let embedded = match origin {
        PluginOrigin::Folder(FolderPlugin { component: Some(file), .. }) => {
            return Ok(ComponentSource::File(file.clone()));
        }
        PluginOrigin::Folder(plugin) => {
            let here = embedded::kind(name).or_else(|| embedded::project_kind(name));
            if plugin.text.is_none() || here.is_none() {
                return Err(unknown(Some(plugin.component_name())));
            }
            checked(origin)?;
            here
        }
        PluginOrigin::Undeclared | PluginOrigin::Package(_) => {
            checked(origin)?;
            embedded::kind(name)
        }
    };
    embedded.map(ComponentSource::Embedded).ok_or_else(|| unknown(None))
}

fn rejected(error: &NodeError) -> KindError {
    KindError::Rejected {
        reason: error.reason().to_owned(),
        message: error.to_string(),
        hint: error.hint(),
        position: error.position().cloned(),
    }
}

/// What to do where the program has no component for a kind.
fn own_component(kind: &str) -> String {
    format!(
        "name a component of that kind with --plugin {kind}=FILE, or put {kind}.wasm into a folder of the project and declare \
             it with 'origin: local'"
    )
}

#[cfg(test)]
mod tests;

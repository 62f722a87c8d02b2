//! Whether the kind of a source is that of the program, by where the project takes it from.

use std::sync::Arc;

use spec_model::{KindWords, KnownKinds, NodeError, PluginOrigin};

use crate::context::SourceSpec;
use crate::known_packages::PACKAGES;
use crate::known_plugins::TEXTS;

const KNOWN: KnownKinds = KnownKinds {
    words: KindWords {
        kind: "source kind",
        list: "sources",
        statement: "equal-source-plugins",
        absent: "unknown-source-kind",
        unknown: "unknown-source-plugin",
        remedy: |_| "use a kind of source that spec-host has, such as 'git_repo' or 'tar'".to_owned(),
    },
    core: &["local", "remote", "tar", "workspace"],
    packages: &PACKAGES,
    texts: &TEXTS,
};

/// Checks it.
///
/// # Errors
/// Those of [`KnownKinds::check`].
pub(crate) fn check(element: &Arc<str>, spec: &SourceSpec) -> Result<(), NodeError> {
    KNOWN.check(&spec.kind, &spec.origin, spec.position.as_ref()).map_err(|error| match spec.origin {
        PluginOrigin::Package(_) => error,
        PluginOrigin::Undeclared | PluginOrigin::Folder(_) => error.about(element),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anitya::KDE;

    #[test]
    fn a_text_counts_for_its_kind_alone() {
        assert!(KNOWN.is_known("anitya", KDE[0]) && !KNOWN.is_known("zip", KDE[0]));
    }
}

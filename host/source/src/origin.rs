//! Whether the kind of a source is that of the program, though the project takes it from somewhere.

use std::sync::Arc;

use spec_model::{FolderPlugin, KindWords, NodeError, PackagedKinds, PluginOrigin, PythonText};

use crate::context::SourceSpec;
use crate::known_packages::PACKAGES;
use crate::known_plugins;

/// Checks it.
///
/// # Errors
/// With the reasons of [`PackagedKinds::check`] for a package; `unknown-source-kind` for a Python plugin that is not there,
/// `unknown-source-plugin` for one of another text than those known or stated to be equal.
pub(crate) fn check(element: &Arc<str>, spec: &SourceSpec) -> Result<(), NodeError> {
    match &spec.origin {
        PluginOrigin::Name => Ok(()),
        PluginOrigin::Package(asked) => {
            let remedy = "use a kind of source that spec-host has, such as 'git_repo' or 'tar'";
            let words = KindWords { kind: "source kind", remedy };
            PackagedKinds::check(&PACKAGES, &spec.kind, asked, words)
        }
        PluginOrigin::Folder(plugin) => match &plugin.text {
            Some(text) => check_text(element, spec, plugin, text),
            None => {
                let message = format!(
                    "{element}: project.conf says that the source kind '{}' is the plugin {}, which is not there",
                    spec.kind, plugin.file
                );
                let error = NodeError::new("unknown-source-kind", spec.position.as_ref(), message);
                Err(error.with_hint("put it there, or correct 'plugins' of project.conf"))
            }
        },
    }
}

fn check_text(
    element: &Arc<str>,
    spec: &SourceSpec,
    plugin: &FolderPlugin,
    text: &PythonText,
) -> Result<(), NodeError> {
    let (kind, sha256) = (&spec.kind, text.digest.hex());
    if known_plugins::is_known(kind, &sha256) || plugin.stated.iter().any(|stated| stated.sha256 == sha256) {
        return Ok(());
    }
    let modules: String = text.modules.iter().map(|module| format!(" and {module}")).collect();
    let file = format!("{}{modules}", plugin.file);
    let Some(stated) = plugin.stated.first() else {
        let message = format!(
            "{element}: the source kind '{kind}' is the project's own plugin, and spec-host does not know the text of {file} \
             (SHA-256 {sha256})"
        );
        let error = NodeError::new("unknown-source-plugin", spec.position.as_ref(), message);
        return Err(error.with_hint(format!(
            "if it gives keys and files as spec-host's own kind '{kind}' does, state so: in project.conf 'elements: \
             {{spec-host: {{equal-source-plugins: {{{kind}: {sha256}}}}}}}', or 'equal-source-plugins' below 'projects: \
             NAME:' in the user configuration"
        )));
    };
    let message = format!(
        "{element}: the plugin of the source kind '{kind}' has changed: {file} has the SHA-256 {sha256}, and {} is stated to be \
         equal to spec-host's own",
        stated.sha256
    );
    let error = NodeError::new("unknown-source-plugin", stated.position.as_ref(), message);
    Err(error.with_hint("read what changed, and if it is still equal, state the new SHA-256"))
}

//! The files of new plugins: templates, the WIT text, the SDK for Rust and a recording, all embedded.
//!
//! `templates` has a folder `common`, one for each world below `worlds`, and for each language one with a folder
//! `common` and folders of worlds. All of them together make the folder of a plugin; a later one replaces files of an
//! earlier one. Names end in `.in`, so that no tool takes a template for a source file.

use std::collections::BTreeMap;

use crate::manifest::PluginName;
use crate::sdk_bindings::{self, LOCK};
use crate::world::{Language, PluginWorld};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The lock of jco and what it needs, as of the example in JavaScript; what differs is the plugin's name.
const NPM_LOCK: &str = include_str!("../../../plugins/examples/javascript-critical-path/package-lock.json");

/// The name in the lock.
const NPM_LOCK_NAME: &str = "javascript-critical-path";

/// The recording of a build with four libraries above a header that changed, as `docs/tutorial/first-policy.md` makes it.
const RECORDING: &[u8] = include_bytes!("../recordings/four-libraries.recording");

/// The file of a recording in the folder of a new policy, for `policy compare`.
pub const RECORDING_FILE: &str = "samples/four-libraries.recording";

/// The folder in a plugin for the SDK that is embedded.
pub(crate) const SDK_FOLDER: &str = "sdk/guest-sdk";

/// The files of the SDK that are written anew for plugins.
const BINDINGS: &str = "src/bindings.rs";
const MANIFEST: &str = "Cargo.toml";

/// The files of a new plugin: paths and contents.
pub(crate) type NewFiles = BTreeMap<String, Vec<u8>>;

/// The values that templates refer to.
pub(crate) struct TemplateValues<'v> {
    pub(crate) name: &'v PluginName,
    pub(crate) language: Language,
    pub(crate) world: PluginWorld,
    /// The dependency of a Rust plugin on the SDK, as in a Cargo.toml.
    pub(crate) sdk: &'v str,
}

/// Whether there is a template for a world in a language.
pub(crate) fn exists(language: Language, world: PluginWorld) -> bool {
    let folder = format!("{language}/{world}/");
    TEMPLATE_FILES.iter().any(|(path, _)| path.starts_with(&folder))
}

/// The files of a plugin made from its templates.
pub(crate) fn render(values: &TemplateValues<'_>) -> NewFiles {
    let TemplateValues { language, world, .. } = values;
    let folders = [
        "common/".to_owned(),
        format!("worlds/{world}/"),
        format!("{language}/common/"),
        format!("{language}/{world}/"),
    ];
    let mut files = NewFiles::new();
    for folder in folders {
        for (path, text) in TEMPLATE_FILES {
            if let Some(path) = path.strip_prefix(&folder) {
                let path = path.strip_suffix(".in").unwrap_or(path);
                files.insert(values.filled(path), values.filled(text).into_bytes());
            }
        }
    }
    files
}

impl TemplateValues<'_> {
    fn filled(&self, text: &str) -> String {
        let values = [
            ("{{name}}", self.name.as_str()),
            ("{{type}}", &self.name.as_type()),
            ("{{variable}}", &self.name.as_variable()),
            ("{{language}}", self.language.as_str()),
            ("{{world}}", self.world.as_str()),
            ("{{sdk}}", self.sdk),
        ];
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// The WIT text of the present version, below a folder.
pub(crate) fn wit(folder: &str) -> NewFiles {
    let present = WIT_FILES.iter().filter(|(path, _)| !path.contains('/'));
    present.map(|(path, text)| (format!("{folder}/{path}"), text.as_bytes().to_owned())).collect()
}

/// What a policy can be compared on, by path.
pub(crate) fn recording() -> (String, Vec<u8>) {
    (RECORDING_FILE.to_owned(), RECORDING.to_owned())
}

/// The lock of a plugin in JavaScript.
pub(crate) fn npm_lock(name: &PluginName) -> String {
    NPM_LOCK.replacen(NPM_LOCK_NAME, name.as_str(), 2)
}

/// The lock of a plugin in Rust with the embedded SDK: the versions that the SDK is tested with. None where the plugin has
/// the name of a crate in it.
pub(crate) fn cargo_lock(name: &PluginName) -> Option<String> {
    let is_taken = LOCK.lines().any(|line| line == format!("name = \"{name}\""));
    let package = format!(
        "\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\ndependencies = [\n \"spec-guest-sdk\",\n]\n"
    );
    (!is_taken).then(|| LOCK.to_owned() + &package)
}

/// The SDK for Rust, with the WIT text inside, below the folder of a plugin.
pub(crate) fn sdk() -> NewFiles {
    let text = |name: &str| SDK_FILES.iter().find(|(path, _)| *path == name).map_or("", |(_, text)| *text);
    let wit = SDK_FILES.iter().filter_map(|(path, text)| Some((path.strip_prefix("wit/")?, *text)));
    let wit: Vec<(&str, &str)> = wit.collect();
    let below = |path: &str| format!("{SDK_FOLDER}/{path}");
    let mut files: NewFiles =
        SDK_FILES.iter().map(|(path, text)| (below(path), text.as_bytes().to_owned())).collect();
    // Where its bindings are not understood here, the SDK makes them itself.
    if let Ok(bindings) = sdk_bindings::expanded(text(BINDINGS), &wit) {
        files.insert(below(BINDINGS), bindings.into_bytes());
        files.insert(below(MANIFEST), sdk_bindings::manifest(text(MANIFEST)).into_bytes());
    }
    files
}

#[cfg(test)]
mod tests;

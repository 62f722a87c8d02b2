//! The files of new plugins: templates, the WIT text and the SDK for Rust, all embedded.
//!
//! `templates` has a folder `common`, one for each world below `worlds`, and for each language one with a folder
//! `common` and folders of worlds. All of them together make the folder of a plugin; a later one replaces files of an
//! earlier one. Names end in `.in`, so that no tool takes a template for a source file.

use std::collections::BTreeMap;

use crate::manifest::PluginName;
use crate::world::{Language, PluginWorld};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The lock of the SDK.
const SDK_LOCK: &str = include_str!("../../../guest-sdk/Cargo.lock");

/// The folder in a plugin for the SDK that is embedded.
pub(crate) const SDK_FOLDER: &str = "sdk/guest-sdk";

/// The files of a new plugin: paths and contents.
pub(crate) type NewFiles = BTreeMap<String, String>;

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
                files.insert(values.filled(path), values.filled(text));
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
    present.map(|(path, text)| (format!("{folder}/{path}"), (*text).to_owned())).collect()
}

/// The lock of a plugin in Rust with the embedded SDK: the versions that the SDK is tested with. None where the plugin has
/// the name of a crate in it.
pub(crate) fn cargo_lock(name: &PluginName) -> Option<String> {
    let is_taken = SDK_LOCK.lines().any(|line| line == format!("name = \"{name}\""));
    let package = format!(
        "\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\ndependencies = [\n \"spec-guest-sdk\",\n]\n"
    );
    (!is_taken).then(|| SDK_LOCK.to_owned() + &package)
}

/// The SDK for Rust, with the WIT text inside, below the folder of a plugin.
pub(crate) fn sdk() -> NewFiles {
    SDK_FILES.iter().map(|(path, text)| (format!("{SDK_FOLDER}/{path}"), (*text).to_owned())).collect()
}

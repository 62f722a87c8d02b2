//! Where a project takes a plugin from, as the stanzas of its `plugins` say.

use std::path::PathBuf;

use crate::{Digest, FilePosition};

/// The origin of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PluginOrigin {
    /// No stanza has it, as it is with BuildStream's own kinds.
    #[default]
    Undeclared,
    /// A Python package (`pip`).
    Package(PackageRequirement),
    /// A folder of the project, or of one behind a junction (`local`).
    Folder(FolderPlugin),
}

/// A Python package that a project takes a plugin from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackageRequirement {
    /// Its name, and constraints on its version: `buildstream-plugins>=2.1`.
    pub requirement: String,
    /// Where the project says so.
    pub position: Option<FilePosition>,
    /// The junction to the project that says so.
    pub behind: Option<PluginJunction>,
}

/// A junction that a project takes a plugin from (`junction`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PluginJunction {
    /// The full name of the junction.
    pub junction: String,
    /// The name of the project behind it.
    pub project: String,
    /// Where the stanza names it.
    pub position: Option<FilePosition>,
}

/// A plugin in a folder of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FolderPlugin {
    /// Its Python file, as messages call it: `plugins/cargo2.py`.
    pub file: String,
    /// The component in that file's place, if the plugin is an element kind and has one.
    pub component: Option<PathBuf>,
    /// What the Python file says; `None` when there is no such file, or when there is a component.
    pub text: Option<PythonText>,
    /// The texts that the project or the user states to be equal to the plugin of the program.
    pub stated: Vec<StatedText>,
}

/// The text of a Python plugin, with those modules of its folder that it imports and, for an element kind, its defaults.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PythonText {
    /// Of the plugin, the modules and the defaults, one after another.
    pub digest: Digest,
    /// The file names of the modules, sorted, and of the defaults.
    pub others: Vec<String>,
}

/// The statement that a text is equal to the plugin of the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StatedText {
    /// The SHA-256 of the text, in hexadecimal digits.
    pub sha256: String,
    /// Where it is stated.
    pub position: Option<FilePosition>,
}

impl PluginOrigin {
    /// Whether it is a Python plugin with one of these texts, by their SHA-256.
    #[must_use]
    pub fn has_text(&self, texts: &[&str]) -> bool {
        match self {
            Self::Folder(FolderPlugin { text: Some(text), .. }) => texts.contains(&&*text.digest.hex()),
            _ => false,
        }
    }
}

impl FolderPlugin {
    /// Whether the project or the user states that its text is equal to the plugin of the program.
    #[must_use]
    pub fn is_stated(&self, sha256: &str) -> bool {
        self.stated.iter().any(|stated| stated.sha256 == sha256)
    }

    /// The component that would be in the place of its Python file, as messages call it.
    #[must_use]
    pub fn component_name(&self) -> String {
        format!("{}.wasm", self.file.strip_suffix(".py").unwrap_or(&self.file))
    }
}

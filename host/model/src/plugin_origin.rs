//! Where a project takes a plugin from, as the stanzas of its `plugins` say.

use crate::{Digest, FilePosition};

/// The origin of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PluginOrigin {
    /// Its name alone: no stanza has it, or it is that of another project.
    #[default]
    Name,
    /// A Python package (`pip`).
    Package(PackageRequirement),
    /// A folder of the project (`local`).
    Folder(FolderPlugin),
}

/// A Python package that a project takes a plugin from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PackageRequirement {
    /// Its name, and constraints on its version: `buildstream-plugins>=2.1`.
    pub requirement: String,
    /// Where the project says so.
    pub position: Option<FilePosition>,
}

/// A Python plugin in a folder of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPlugin {
    /// Its file, as messages call it: `plugins/cargo2.py`.
    pub file: String,
    /// What it says; `None` when there is no such file.
    pub text: Option<PythonText>,
    /// The texts that the project or the user states to be equal to the plugin of the program.
    pub stated: Vec<StatedText>,
}

/// The text of a Python plugin, with those modules of its folder that it imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonText {
    /// Of the plugin and the modules, one after another.
    pub digest: Digest,
    /// The file names of the modules, sorted.
    pub modules: Vec<String>,
}

/// The statement that a text is equal to the plugin of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedText {
    /// The SHA-256 of the text, in hexadecimal digits.
    pub sha256: String,
    /// Where it is stated.
    pub position: Option<FilePosition>,
}

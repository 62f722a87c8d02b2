//! `spec-plugin.yaml`: what a plugin says of itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::checked_text::text_in_yaml;
use crate::error::{PackageError, Result};
use crate::world::{Language, PluginWorld};
use crate::yaml::YamlFile;

/// The name of the manifest in the folder of a plugin.
pub const MANIFEST_FILE: &str = "spec-plugin.yaml";

/// The manifest of a plugin. Unknown keys are errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginManifest {
    /// The plugin's name.
    pub name: PluginName,
    /// Its version.
    pub version: PluginVersion,
    /// A sentence that says what it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Its licence, as an SPDX expression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// The language it is written in.
    pub language: Language,
    /// The worlds that it implements; not empty.
    #[serde(deserialize_with = "not_empty")]
    pub worlds: Vec<PluginWorld>,
    /// The element kinds that it provides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<PluginName>,
    /// Its settings and what they are for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<PluginName, ManifestSetting>,
}

/// A setting as a manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSetting {
    /// A sentence that says what it does, with the unit of numbers.
    pub summary: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub value_type: SettingType,
    /// Its value where the user gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// The types of settings, as in the interface `settings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingType {
    /// Any text.
    Text,
    /// One of several texts.
    Choice,
    /// `True` or `False`.
    Truth,
    /// A whole number.
    Number,
    /// A sequence of texts.
    Texts,
}

impl PluginManifest {
    /// Reads the manifest of the plugin in a folder.
    ///
    /// # Errors
    /// When it cannot be read, or is not valid.
    pub fn read(folder: &Path) -> Result<Self> {
        let manifest = folder.join(MANIFEST_FILE);
        if !manifest.exists() {
            return Err(PackageError::NoManifest { manifest });
        }
        YamlFile::Manifest.read(&manifest)
    }

    /// Reads the text of a manifest; errors call it `file`.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        YamlFile::Manifest.parse(text, file)
    }
}

fn not_empty<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<PluginWorld>, D::Error> {
    let worlds = Vec::deserialize(deserializer)?;
    if worlds.is_empty() {
        return Err(serde::de::Error::custom("'worlds' names no world"));
    }
    Ok(worlds)
}

/// The name of a plugin, a kind or a setting: lower-case letters and digits with single dashes between them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginName(String);

/// Bytes of the longest name.
const LONGEST_NAME: usize = 64;

impl PluginName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as one of a type, such as `OnlyLong` of `only-long`.
    pub(crate) fn as_type(&self) -> String {
        let capital = |word: &str| match word.split_at_checked(1) {
            Some((first, rest)) => first.to_ascii_uppercase() + rest,
            None => String::new(),
        };
        self.0.split('-').map(capital).collect()
    }

    /// The name as one of a variable, such as `only_long` of `only-long`.
    pub(crate) fn as_variable(&self) -> String {
        self.0.replace('-', "_")
    }
}

/// A text that is no name, or no version.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// It is no name.
    #[error(
        "'{0}' is no name: expected lower-case letters and digits with single dashes between them, a letter first, \
         at most {LONGEST_NAME} characters"
    )]
    Name(String),
    /// It is no version.
    #[error("'{0}' is no version: expected MAJOR.MINOR.PATCH")]
    Version(String),
}

impl FromStr for PluginName {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let good = text.len() <= LONGEST_NAME
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.split('-').all(is_word);
        if good { Ok(Self(text.to_owned())) } else { Err(FormError::Name(text.to_owned())) }
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_in_yaml!(PluginName);

/// The version of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl FromStr for PluginVersion {
    type Err = FormError;

    fn from_str(text: &str) -> Result<Self, FormError> {
        let number = |part: &str| {
            let plain =
                part.bytes().all(|byte| byte.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            part.parse().ok().filter(|_| plain)
        };
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts.as_deref() {
            Some(&[major, minor, patch]) => Ok(Self { major, minor, patch }),
            _ => Err(FormError::Version(text.to_owned())),
        }
    }
}

impl fmt::Display for PluginVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

text_in_yaml!(PluginVersion);

#[cfg(test)]
mod tests;

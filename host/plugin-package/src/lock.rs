//! `spec.lock`: the components that the references of a project stand for.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{PackageError, Result};
use crate::manifest::{PluginName, PluginVersion};
use crate::reference::PluginReference;
use crate::sha256::Sha256;
use crate::world::PluginWorld;
use crate::yaml::YamlFile;

/// The name of the lock in the folder of a project.
pub const LOCK_FILE: &str = "spec.lock";

const HEADER: &str =
    "# The components that the plugins of this project are. Written by `spec-host plugin lock`.\n";

/// The lock of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginLock {
    format: LockFormat,
    /// What each reference stands for.
    pub plugins: BTreeMap<PluginReference, LockedPlugin>,
}

/// The component of a reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// The digest of the component.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The world that it implements.
    pub world: PluginWorld,
    /// Its name, if it has a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PluginName>,
    /// Its version, if it has a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<PluginVersion>,
}

impl PluginLock {
    /// Reads the lock of a project; an empty one if there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is not valid.
    pub fn read(project: &Path) -> Result<Self> {
        let file = project.join(LOCK_FILE);
        if !file.exists() {
            return Ok(Self::default());
        }
        YamlFile::Lock.read(&file)
    }

    /// Reads the text of a lock; errors call it `file`.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        YamlFile::Lock.parse(text, file)
    }

    /// Writes the lock of a project, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, project: &Path) -> Result<()> {
        let file = project.join(LOCK_FILE);
        let text = HEADER.to_owned() + &self.text();
        let write = || {
            let mut new = tempfile::Builder::new().prefix(".spec-lock").tempfile_in(project)?;
            new.write_all(text.as_bytes())?;
            new.persist(&file)?;
            Ok(())
        };
        write().map_err(|error| PackageError::io("write", &file, error))
    }

    /// The text of the lock.
    ///
    /// # Panics
    /// Never: all of it can be written as YAML.
    #[must_use]
    pub fn text(&self) -> String {
        serde_yaml::to_string(self).unwrap_or_default()
    }
}

/// The version of the format, which is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LockFormat;

impl Serialize for LockFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(1)
    }
}

impl<'de> Deserialize<'de> for LockFormat {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(LockFormatVisitor)
    }
}

struct LockFormatVisitor;

impl serde::de::Visitor<'_> for LockFormatVisitor {
    type Value = LockFormat;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number 1")
    }

    fn visit_u64<E: serde::de::Error>(self, format: u64) -> Result<LockFormat, E> {
        match format {
            1 => Ok(LockFormat),
            _ => Err(E::custom(format!(
                "the format {format} is of another version of this program; expected 1"
            ))),
        }
    }
}

#[cfg(test)]
mod tests;

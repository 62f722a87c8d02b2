//! Samples: questions to a plugin and the answers that are expected of it, the golden decisions.
//!
//! A sample is a YAML file with the names of the WIT text. Expected answers are lines of text, so that a difference is read
//! at a glance. [docs/plugins.md](../../../../docs/plugins.md) describes the format.

mod kind;
mod overlay;
mod priming;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{PackageError, Result};
use crate::world::PluginWorld;
use crate::yaml::YamlFile;

pub use kind::{KindSample, SampleDependency, SampleElement, SampleMapping, sample_configuration};
pub use overlay::{
    OverlaySample, OverlayStep, SampleAlternatives, SampleFile, SampleInput, SampleOrigin, SampleOriginKind,
    SampleState, SampleStateOfOrigin,
};
pub use priming::{
    PrimingSample, PrimingStep, SampleCandidate, SampleDecision, SampleFacts, SampleLoad, SampleObservation,
    SampleOutcome, SampleSubmitted,
};

/// The folder of a plugin with its samples.
pub const SAMPLES_FOLDER: &str = "samples";

/// The settings that a plugin is opened with; scalars of YAML as texts.
pub type SampleSettings = BTreeMap<String, serde_yaml::Value>;

/// Questions to a plugin, and the answers that are expected.
#[derive(Clone, Debug)]
pub enum Sample {
    /// To an element kind.
    Kind(KindSample),
    /// To an overlay policy.
    Overlay(OverlaySample),
    /// To a priming policy.
    Priming(PrimingSample),
}

/// What all samples begin with.
#[derive(Deserialize)]
struct SampleHeader {
    world: PluginWorld,
}

impl Sample {
    /// Reads a sample.
    ///
    /// # Errors
    /// When it cannot be read, or is not valid.
    pub fn read(file: &Path) -> Result<Self> {
        match YamlFile::Sample.read::<SampleHeader>(file)?.world {
            PluginWorld::ElementKind => YamlFile::Sample.read(file).map(Self::Kind),
            PluginWorld::OverlayPolicy => YamlFile::Sample.read(file).map(Self::Overlay),
            PluginWorld::PrimingPolicy => YamlFile::Sample.read(file).map(Self::Priming),
        }
    }

    /// Writes the sample. Comments of the file are lost.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = match self {
            Self::Kind(sample) => serde_yaml::to_string(sample),
            Self::Overlay(sample) => serde_yaml::to_string(sample),
            Self::Priming(sample) => serde_yaml::to_string(sample),
        };
        let text = text.unwrap_or_default();
        std::fs::write(file, text).map_err(|error| PackageError::io("write", file, error))
    }

    /// The world that it asks.
    #[must_use]
    pub fn world(&self) -> PluginWorld {
        match self {
            Self::Kind(_) => PluginWorld::ElementKind,
            Self::Overlay(_) => PluginWorld::OverlayPolicy,
            Self::Priming(_) => PluginWorld::PrimingPolicy,
        }
    }
}

/// The samples of the plugin in a folder, sorted.
///
/// # Errors
/// When the folder of samples cannot be read.
pub fn samples_of(plugin: &Path) -> Result<Vec<PathBuf>> {
    let folder = plugin.join(SAMPLES_FOLDER);
    let read = || {
        let entries = std::fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path()));
        entries.collect::<std::io::Result<Vec<_>>>()
    };
    let mut files = read().map_err(|error| PackageError::io("read", &folder, error))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}

/// Settings as texts.
#[must_use]
pub fn setting_texts(settings: &SampleSettings) -> Vec<(String, String)> {
    let text = |value: &serde_yaml::Value| match value {
        serde_yaml::Value::String(text) => text.clone(),
        serde_yaml::Value::Bool(true) => "True".to_owned(),
        serde_yaml::Value::Bool(false) => "False".to_owned(),
        serde_yaml::Value::Number(number) => number.to_string(),
        serde_yaml::Value::Sequence(texts) => {
            texts.iter().filter_map(serde_yaml::Value::as_str).collect::<Vec<_>>().join(",")
        }
        _ => String::new(),
    };
    settings.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}

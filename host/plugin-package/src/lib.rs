//! Plugins as packages: what their authors write, build and publish, and what projects refer to.
//!
//! A plugin's folder has a manifest ([`PluginManifest`], `spec-plugin.yaml`), which is also inside the component. [`new_plugin`]
//! writes such a folder from a template, [`build_plugin`] makes the component with the tools of its language. A project
//! refers to components by path, URL or version in a registry ([`PluginReference`]); its lock ([`PluginLock`]) says which
//! contents these have, and [`ComponentFinder`] finds them. This crate does not run components.

mod checked_text;
mod component;
mod encode;
mod error;
mod fetch;
mod finder;
mod inspect;
mod languages;
mod lock;
mod manifest;
mod network_options;
mod new_plugin;
mod project_plugins;
mod reference;
mod registry;
mod registry_login;
mod sample;
mod sdk_bindings;
mod sha256;
mod store;
mod templates;
mod tools;
mod world;
mod yaml;

pub use component::{MANIFEST_SECTION, manifest_of, with_manifest};
pub use error::PackageError;
pub use finder::{ComponentFinder, ComponentPlace, FoundComponent};
pub use inspect::{ComponentSummary, summarize};
pub use languages::{BuiltPlugin, build_plugin, built_component};
pub use lock::{LOCK_FILE, LockedPlugin, PluginLock};
pub use manifest::{MANIFEST_FILE, ManifestSetting, PluginManifest, PluginName, PluginVersion, SettingType};
pub use network_options::NetworkOptions;
pub use new_plugin::{NewPlugin, SdkSource, new_plugin};
pub use project_plugins::{PLUGINS_KEY, ProjectPlugin, plugin_reference, project_plugins};
pub use reference::{OciReference, PluginReference, ReferenceError};
pub use sample::{
    KindSample, OverlaySample, OverlayStep, PrimingSample, PrimingStep, SAMPLES_FOLDER, Sample,
    SampleAlternatives, SampleCandidate, SampleDecision, SampleDependency, SampleElement, SampleFacts,
    SampleFile, SampleInput, SampleLoad, SampleMapping, SampleObservation, SampleOrigin, SampleOriginKind,
    SampleOutcome, SampleSettings, SampleState, SampleStateOfOrigin, SampleSubmitted, sample_configuration,
    samples_of, setting_texts,
};
pub use sha256::Sha256;
pub use store::{ComponentStore, LARGEST_COMPONENT};
pub use templates::RECORDING_FILE;
pub use world::{Language, PluginWorld};

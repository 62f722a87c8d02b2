//! The choice of a policy, in the user configuration and in project.conf.

use std::path::{Path, PathBuf};

use spec_model::{Mapping, NodeError, Place};
use spec_plugins::PolicyComponent;

/// The key of the overlay policy.
pub(crate) const OVERLAY: &str = "overlay-policy";
/// The key of the priming policy.
pub(crate) const PRIMING: &str = "priming-policy";

/// The policy that is there when no other is chosen.
const BUILT_IN: &str = "built-in";

/// A policy with its settings.
#[derive(Clone, Debug)]
pub(crate) struct PolicyChoice {
    /// The component; `None` for the built-in policy.
    pub(crate) component: Option<PolicyComponent>,
    /// Its own configuration.
    pub(crate) settings: Vec<Setting>,
    /// Where it is chosen.
    pub(crate) place: Option<Place>,
}

/// A key and a value of a policy's own configuration.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Where it stands; nowhere if it is of the command line.
    pub(crate) place: Option<Place>,
}

impl PolicyChoice {
    /// The policy that a section chooses under `key`: a name or a file, or `component` and `config`. Files are found with
    /// `file`.
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn of(
        section: &Mapping,
        key: &str,
        file: &dyn Fn(&str) -> PathBuf,
    ) -> Result<Option<Self>, NodeError> {
        let Some(node) = section.get(key) else { return Ok(None) };
        let place = node.place.clone();
        if let Ok(name) = node.as_str() {
            return Ok(Some(Self { component: component(name, file), settings: Vec::new(), place }));
        }
        let section = node.as_mapping()?;
        section.validate_keys(&["component", "config"])?;
        let component = component(section.require("component")?.as_str()?, file);
        let mut settings = Vec::new();
        for (key, node) in section.opt_mapping("config")?.into_iter().flat_map(|config| &config.entries) {
            let (key, value) = (key.to_string(), node.as_str()?.to_owned());
            settings.push(Setting { key, value, place: node.place.clone() });
        }
        Ok(Some(Self { component, settings, place }))
    }

    /// What is so when nobody chooses.
    pub(crate) fn built_in() -> Self {
        Self { component: None, settings: Vec::new(), place: None }
    }

    /// The policy that the command line names.
    pub(crate) fn named(name: &str) -> Self {
        let component = component(name, &|name| Path::new(name).to_owned());
        Self { component, settings: Vec::new(), place: None }
    }

    /// Puts a setting over the one of its key.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.settings.retain(|setting| setting.key != key);
        self.settings.push(Setting { key: key.to_owned(), value: value.to_owned(), place: None });
    }
}

/// A file has a slash or ends in `.wasm`; anything else is the name of an embedded component.
fn component(name: &str, file: &dyn Fn(&str) -> PathBuf) -> Option<PolicyComponent> {
    match name {
        BUILT_IN => None,
        _ if name.contains('/') || name.ends_with(".wasm") => Some(PolicyComponent::File(file(name))),
        _ => Some(PolicyComponent::Embedded(name.to_owned())),
    }
}

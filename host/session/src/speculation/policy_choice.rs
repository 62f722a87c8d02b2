//! The choice of a policy, in the user configuration and in project.conf.

use std::path::{Path, PathBuf};

use spec_model::{FilePosition, Mapping, Node, NodeError, NodeKind};
use spec_plugins::PolicyComponent;

/// The key that chooses the overlay policy.
pub const OVERLAY_POLICY_KEY: &str = "overlay-policy";
/// The key that chooses the priming policy.
pub const PRIMING_POLICY_KEY: &str = "priming-policy";
/// The key that names plugins of the project, which others read.
pub(super) const PLUGINS_KEY: &str = "plugins";

/// The name of the built-in policy, which is the default.
const BUILT_IN: &str = "built-in";

/// A policy with its settings.
#[derive(Clone, Debug)]
pub struct PolicyChoice {
    /// The component; `None` for the built-in policy.
    pub component: Option<PolicyComponent>,
    /// Its own configuration.
    pub settings: Vec<PolicySetting>,
    /// Where it is chosen.
    pub position: Option<FilePosition>,
}

/// A key and a value of a policy's own configuration.
#[derive(Clone, Debug)]
pub struct PolicySetting {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// Where it stands; `None` if it is not from a file.
    pub position: Option<FilePosition>,
}

impl PolicyChoice {
    /// The policy that a section chooses under `key`: a name or a file, or `component` and `config`. Files are found with
    /// `file`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn of(
        section: &Mapping,
        key: &str,
        file: &dyn Fn(&str) -> PathBuf,
    ) -> Result<Option<Self>, NodeError> {
        let Some(node) = section.get(key) else { return Ok(None) };
        let position = node.position.clone();
        if let Ok(name) = node.as_str() {
            return Ok(Some(Self { component: component(name, file), settings: Vec::new(), position }));
        }
        let section = node.as_mapping()?;
        section.validate_keys(&["component", "config"])?;
        let component = component(section.require("component")?.as_str()?, file);
        let mut settings = Vec::new();
        for (key, node) in section.opt_mapping("config")?.into_iter().flat_map(|config| &config.entries) {
            let (key, value) = (key.to_string(), setting_text(node)?);
            settings.push(PolicySetting { key, value, position: node.position.clone() });
        }
        Ok(Some(Self { component, settings, position }))
    }

    /// The policy when nobody chooses one.
    pub(super) fn built_in() -> Self {
        Self { component: None, settings: Vec::new(), position: None }
    }

    /// The policy that [`PolicyOptions`](super::PolicyOptions) name.
    pub(super) fn named(name: &str) -> Self {
        let component = component(name, &|name| Path::new(name).to_owned());
        Self { component, settings: Vec::new(), position: None }
    }

    /// Sets a setting, replacing an earlier one of the same key.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.settings.retain(|setting| setting.key != key);
        self.settings.push(PolicySetting { key: key.to_owned(), value: value.to_owned(), position: None });
    }
}

/// A text, or a sequence of texts with commas between them.
fn setting_text(node: &Node) -> Result<String, NodeError> {
    match &node.kind {
        NodeKind::Sequence(items) => {
            let texts: Result<Vec<&str>, NodeError> = items.iter().map(|item| item.as_str()).collect();
            Ok(texts?.join(","))
        }
        _ => Ok(node.as_str()?.to_owned()),
    }
}

/// A file has a slash or ends in `.wasm`; anything else is the name of an embedded component or of a plugin of the project, or a
/// reference with a scheme, which whoever knows plugins replaces by a file
/// ([`SpeculationSettings::with_plugins`](super::SpeculationSettings::with_plugins)).
fn component(name: &str, file: &dyn Fn(&str) -> PathBuf) -> Option<PolicyComponent> {
    match name {
        BUILT_IN => None,
        _ if name.contains("://") => Some(PolicyComponent::Embedded(name.to_owned())),
        _ if name.contains('/') || name.ends_with(".wasm") => Some(PolicyComponent::File(file(name))),
        _ => Some(PolicyComponent::Embedded(name.to_owned())),
    }
}

//! Policies of speculation that are components.
//!
//! A policy is loaded and configured before a session begins, so that its errors are reported before anything is built. It
//! has one instance for the whole session. Its answers are not checked here: spec-speculation checks them, and stops using
//! a policy that fails.

mod description;
mod error;
mod instance;
mod memory;
mod v0_1;
mod v0_2;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use spec_model::Digest;
use spec_strategy as strategy;
use wasmtime::component::Component;

pub use description::{PolicyDescription, SettingDescription, SettingType, SettingValue};
pub use error::PolicyLoadError;
use instance::PolicyInstance;
pub use memory::PolicyMemory;

use crate::component_source::ComponentSource;
use crate::embedded::EmbeddedComponent;
use crate::engine::SharedEngine;
use crate::failure::{PluginFailure, PluginName};
use crate::world::{World, v0_1 as v0_1_world, v0_2 as v0_2_world};
use crate::{Plugins, embedded};

/// A policy that a session requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRequest {
    /// Which component.
    pub component: PolicyComponent,
    /// The policy's settings: keys and values.
    pub settings: Vec<(String, String)>,
}

/// Which component a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyComponent {
    /// An embedded component.
    Embedded(String),
    /// The file of a component.
    File(PathBuf),
}

/// A policy for a session.
pub struct LoadedPolicy<P: ?Sized> {
    /// The policy.
    pub policy: Box<P>,
    /// Where its state is kept.
    pub memory: PolicyMemory,
    /// What it says of itself.
    pub description: PolicyDescription,
    /// The values of its settings, sorted by name; those that were given for a component of version 0.1 of the contract.
    pub settings: Vec<(String, SettingValue)>,
    /// The component.
    pub component: Digest,
}

/// A world of policies.
trait PolicyWorld: World {
    fn embedded(name: &str) -> Option<EmbeddedComponent>;
    fn names() -> Vec<&'static str>;
}

impl PolicyWorld for v0_2_world::OverlayPolicy {
    fn embedded(name: &str) -> Option<EmbeddedComponent> {
        embedded::overlay_policy(name)
    }

    fn names() -> Vec<&'static str> {
        embedded::overlay_policies().collect()
    }
}

impl PolicyWorld for v0_2_world::PrimingPolicy {
    fn embedded(name: &str) -> Option<EmbeddedComponent> {
        embedded::priming_policy(name)
    }

    fn names() -> Vec<&'static str> {
        embedded::priming_policies().collect()
    }
}

/// A component that was read and compiled.
struct CompiledPolicy {
    name: PluginName,
    bytes: Cow<'static, [u8]>,
    engine: Arc<SharedEngine>,
    component: Component,
}

impl Plugins {
    /// An overlay policy for a session of a project.
    ///
    /// # Errors
    /// When it does not exist, is not an overlay policy, or refuses its settings.
    pub fn overlay_policy(
        &self,
        request: &PolicyRequest,
        project: &str,
    ) -> Result<LoadedPolicy<dyn strategy::OverlayPolicy>, PolicyLoadError> {
        let compiled =
            self.compile::<v0_1_world::OverlayPolicy, v0_2_world::OverlayPolicy>(&request.component)?;
        let memory = PolicyMemory::new(&self.options.cache_dir, &compiled.bytes, project);
        let component = Digest::of(&compiled.bytes);
        let given = sorted(&request.settings);
        let (policy, description, settings): (Box<dyn strategy::OverlayPolicy>, _, _) =
            if compiled.is_of::<v0_1_world::OverlayPolicy>() {
                let description = compiled.description();
                let policy = v0_1::OverlayAdapter::open(compiled.start()?, &given)?;
                (Box::new(policy), description, texts(given))
            } else {
                v0_2::open_overlay_policy(compiled.start()?, &given, &memory.load())?
            };
        Ok(LoadedPolicy { policy, memory, description, settings, component })
    }

    /// A priming policy for a session of a project.
    ///
    /// # Errors
    /// When it does not exist, is not a priming policy, or refuses its settings.
    pub fn priming_policy(
        &self,
        request: &PolicyRequest,
        project: &str,
    ) -> Result<LoadedPolicy<dyn strategy::PrimingPolicy>, PolicyLoadError> {
        let compiled =
            self.compile::<v0_1_world::PrimingPolicy, v0_2_world::PrimingPolicy>(&request.component)?;
        let memory = PolicyMemory::new(&self.options.cache_dir, &compiled.bytes, project);
        let component = Digest::of(&compiled.bytes);
        let given = sorted(&request.settings);
        let (policy, description, settings): (Box<dyn strategy::PrimingPolicy>, _, _) =
            if compiled.is_of::<v0_1_world::PrimingPolicy>() {
                let description = compiled.description();
                let policy = v0_1::PrimingAdapter::open(compiled.start()?, &given, &memory.load())?;
                (Box::new(policy), description, texts(given))
            } else {
                v0_2::open_priming_policy(compiled.start()?, &given, &memory.load())?
            };
        Ok(LoadedPolicy { policy, memory, description, settings, component })
    }

    fn compile<Old: World, W: PolicyWorld>(
        &self,
        component: &PolicyComponent,
    ) -> Result<CompiledPolicy, PolicyLoadError> {
        let (name, source) = find::<W>(component)?;
        let load = || {
            let bytes = source.read(&self.options.limits)?;
            let engine = self.engine.get()?;
            let component = engine.compile::<Old, W>(&name, &bytes)?;
            Ok(CompiledPolicy { name: name.clone(), bytes, engine, component })
        };
        load().map_err(|failure: PluginFailure| PolicyLoadError::Broken(failure.of_policy(&name, "load")))
    }
}

impl CompiledPolicy {
    /// Whether it exports the interface of a world.
    fn is_of<W: World>(&self) -> bool {
        self.engine.is_of::<W>(&self.component)
    }

    /// What is known of a component that does not describe itself.
    fn description(&self) -> PolicyDescription {
        PolicyDescription { name: self.name.0.clone(), ..PolicyDescription::default() }
    }

    fn start<W: World>(self) -> Result<PolicyInstance<W>, PolicyLoadError> {
        let Self { name, engine, component, .. } = self;
        let instance = PolicyInstance::start(name.clone(), engine, &component);
        instance.map_err(|failure| PolicyLoadError::Broken(failure.of_policy(&name, "load")))
    }
}

fn find<W: PolicyWorld>(
    component: &PolicyComponent,
) -> Result<(PluginName, ComponentSource), PolicyLoadError> {
    let (name, source) = match component {
        PolicyComponent::File(file) => {
            let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy();
            (name.into_owned(), ComponentSource::File(file.clone()))
        }
        PolicyComponent::Embedded(name) => match W::embedded(name) {
            Some(component) => (name.clone(), ComponentSource::Embedded(component)),
            None => {
                let (name, known) = (name.clone(), W::names().join(", "));
                return Err(PolicyLoadError::Unknown { wanted: W::DESCRIPTION, name, known });
            }
        },
    };
    Ok((source.plugin_name(&name), source))
}

fn sorted(settings: &[(String, String)]) -> Vec<(String, String)> {
    let mut settings = settings.to_vec();
    settings.sort_unstable();
    settings
}

fn texts(settings: Vec<(String, String)>) -> Vec<(String, SettingValue)> {
    settings.into_iter().map(|(name, value)| (name, SettingValue::Text(value))).collect()
}

//! Policies of speculation that are components.
//!
//! A policy is loaded and configured before a session begins, so that its errors are reported before anything is built. It
//! has one instance for the whole session. Its answers are not checked here: spec-speculation checks them, and stops using
//! a policy that fails.

mod error;
mod instance;
mod memory;
mod overlay;
mod priming;

use std::borrow::Cow;
use std::path::PathBuf;

use spec_strategy as strategy;

pub use error::PolicyLoadError;
use instance::PolicyInstance;
pub use memory::PolicyMemory;
use overlay::ComponentOverlayPolicy;
use priming::ComponentPrimingPolicy;

use crate::component_source::ComponentSource;
use crate::failure::{PluginFailure, PluginName};
use crate::world::{OverlayPolicy, PrimingPolicy, World};
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

/// A world of policies.
trait PolicyWorld: World {
    fn embedded(name: &str) -> Option<&'static [u8]>;
    fn names() -> Vec<&'static str>;
}

impl PolicyWorld for OverlayPolicy {
    fn embedded(name: &str) -> Option<&'static [u8]> {
        embedded::overlay_policy(name)
    }

    fn names() -> Vec<&'static str> {
        embedded::overlay_policies().collect()
    }
}

impl PolicyWorld for PrimingPolicy {
    fn embedded(name: &str) -> Option<&'static [u8]> {
        embedded::priming_policy(name)
    }

    fn names() -> Vec<&'static str> {
        embedded::priming_policies().collect()
    }
}

impl Plugins {
    /// An overlay policy for a session.
    ///
    /// # Errors
    /// When it does not exist, is not an overlay policy, or refuses its settings.
    pub fn overlay_policy(
        &self,
        request: &PolicyRequest,
    ) -> Result<Box<dyn strategy::OverlayPolicy>, PolicyLoadError> {
        let (instance, _) = self.start::<OverlayPolicy>(&request.component)?;
        Ok(Box::new(ComponentOverlayPolicy::open(instance, &sorted(&request.settings))?))
    }

    /// A priming policy for a session of a project, and its memory.
    ///
    /// # Errors
    /// When it does not exist, is not a priming policy, or refuses its settings.
    pub fn priming_policy(
        &self,
        request: &PolicyRequest,
        project: &str,
    ) -> Result<(Box<dyn strategy::PrimingPolicy>, PolicyMemory), PolicyLoadError> {
        let (instance, bytes) = self.start::<PrimingPolicy>(&request.component)?;
        let memory = PolicyMemory::new(&self.options.cache_dir, &bytes, project);
        let policy = ComponentPrimingPolicy::open(instance, &sorted(&request.settings), &memory.load())?;
        Ok((Box::new(policy), memory))
    }

    fn start<W: PolicyWorld>(
        &self,
        component: &PolicyComponent,
    ) -> Result<(PolicyInstance<W>, Cow<'static, [u8]>), PolicyLoadError> {
        let (name, source) = find::<W>(component)?;
        let load = || {
            let bytes = source.read(&self.options.limits)?;
            let engine = self.engine.get()?;
            Ok((PolicyInstance::start(name.clone(), engine, &bytes)?, bytes))
        };
        load().map_err(|failure: PluginFailure| failure.of_policy(&name, "load").into())
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
            Some(bytes) => (name.clone(), ComponentSource::Embedded(bytes)),
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

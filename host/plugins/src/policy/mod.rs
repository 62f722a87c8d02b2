//! Policies of speculation that are components.
//!
//! A policy is loaded and given its settings before a session begins, so that what is wrong with it is told before
//! anything is built. It is one instance for the whole session. Whether its answers fit the questions is not looked at
//! here: who asks knows, and drops a policy that fails.

mod error;
mod memory;
mod overlay;
mod priming;
mod running;

use std::borrow::Cow;
use std::path::PathBuf;

use spec_strategy as strategy;

pub use error::PolicyLoadError;
pub use memory::Memory;
use overlay::Overlays;
use priming::Priming;
use running::Running;

use crate::failure::PluginName;
use crate::source::Source;
use crate::world::{OverlayPolicy, PrimingPolicy, World};
use crate::{Plugins, embedded};

/// The policy that a session is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyRequest {
    /// Which component.
    pub component: PolicyComponent,
    /// Its own configuration, keys and values.
    pub settings: Vec<(String, String)>,
}

/// Which component a policy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyComponent {
    /// One that is part of the program.
    Embedded(String),
    /// A file.
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
    /// When it is not there, is not an overlay policy, or refuses its settings.
    pub fn overlay_policy(
        &self,
        request: &PolicyRequest,
    ) -> Result<Box<dyn strategy::OverlayPolicy>, PolicyLoadError> {
        let (running, _) = self.start::<OverlayPolicy>(&request.component)?;
        Ok(Box::new(Overlays::open(running, &sorted(&request.settings))?))
    }

    /// A priming policy for a session of a project, and the place of what it remembers.
    ///
    /// # Errors
    /// When it is not there, is not a priming policy, or refuses its settings.
    pub fn priming_policy(
        &self,
        request: &PolicyRequest,
        project: &str,
    ) -> Result<(Box<dyn strategy::PrimingPolicy>, Memory), PolicyLoadError> {
        let (running, bytes) = self.start::<PrimingPolicy>(&request.component)?;
        let memory = Memory::new(&self.options.cache_dir, &bytes, project);
        let policy = Priming::open(running, &sorted(&request.settings), &memory.recall())?;
        Ok((Box::new(policy), memory))
    }

    fn start<W: PolicyWorld>(
        &self,
        component: &PolicyComponent,
    ) -> Result<(Running<W>, Cow<'static, [u8]>), PolicyLoadError> {
        let (name, source) = find::<W>(component)?;
        let load = || {
            let bytes = source.read(&self.options.limits)?;
            let host = self.host.started()?;
            Ok((Running::start(name.clone(), host, &bytes)?, bytes))
        };
        load().map_err(|failure: crate::failure::Failure| failure.of_policy(&name, "load").into())
    }
}

fn find<W: PolicyWorld>(component: &PolicyComponent) -> Result<(PluginName, Source), PolicyLoadError> {
    let (name, source) = match component {
        PolicyComponent::File(file) => {
            let name = file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy();
            (name.into_owned(), Source::File(file.clone()))
        }
        PolicyComponent::Embedded(name) => match W::embedded(name) {
            Some(bytes) => (name.clone(), Source::Embedded(bytes)),
            None => {
                let (name, known) = (name.clone(), W::names().join(", "));
                return Err(PolicyLoadError::Unknown { called: W::CALLED, name, known });
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

//! Policies of speculation as components.

mod conformance;
mod facts;
mod faults;
mod hostile;
mod settings;

use spec_plugins::{Options, Plugins, PolicyComponent, PolicyLoadError, PolicyRequest};
use spec_strategy::{OverlayPolicy, PrimingPolicy};

use crate::support::{component, options};

/// A component that is part of the program, with settings.
fn embedded(name: &str, settings: &[(&str, &str)]) -> PolicyRequest {
    request(PolicyComponent::Embedded(name.to_owned()), settings)
}

/// A guest of the tests, with settings.
fn guest(name: &str, settings: &[(&str, &str)]) -> PolicyRequest {
    request(PolicyComponent::File(component(name)), settings)
}

fn request(component: PolicyComponent, settings: &[(&str, &str)]) -> PolicyRequest {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    PolicyRequest { component, settings: settings.iter().map(pair).collect() }
}

fn overlay(request: &PolicyRequest) -> Result<Box<dyn OverlayPolicy>, PolicyLoadError> {
    Plugins::new(options()).overlay_policy(request, "project").map(|loaded| loaded.policy)
}

fn priming(request: &PolicyRequest) -> Result<Box<dyn PrimingPolicy>, PolicyLoadError> {
    priming_with(request, options())
}

fn priming_with(
    request: &PolicyRequest,
    options: Options,
) -> Result<Box<dyn PrimingPolicy>, PolicyLoadError> {
    Plugins::new(options).priming_policy(request, "project").map(|loaded| loaded.policy)
}

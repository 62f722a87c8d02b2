//! Asks plugins the questions of samples. Answers become lines of text, as samples have them.

mod kind;
mod overlay;
mod priming;

use std::path::Path;

use spec_plugin_package::{Sample, SampleSettings, setting_texts};
use spec_plugins::{Plugins, PolicyComponent, PolicyRequest};

use crate::error::{CommandError, CommandResult};

/// The answer to one question of a sample.
pub(super) struct SampleAnswer {
    /// What was asked, such as `step 1: decide`.
    pub(super) question: String,
    /// The lines that the sample expects.
    pub(super) expected: Vec<String>,
    /// The lines of the answer.
    pub(super) actual: Vec<String>,
}

impl SampleAnswer {
    pub(super) fn is_as_expected(&self) -> bool {
        self.expected == self.actual
    }
}

/// Asks a component all questions of a sample.
///
/// # Errors
/// When the component cannot be loaded, is of another world, or fails.
pub(super) fn ask(plugins: &Plugins, component: &Path, sample: &Sample) -> CommandResult<Vec<SampleAnswer>> {
    match sample {
        Sample::Kind(sample) => kind::ask(plugins, component, sample),
        Sample::Overlay(sample) => overlay::ask(plugins, component, sample),
        Sample::Priming(sample) => priming::ask(plugins, component, sample),
    }
}

/// Puts answers into a sample as those that are expected.
pub(super) fn expect(sample: &mut Sample, answers: Vec<SampleAnswer>) {
    let lines = answers.into_iter().map(|answer| answer.actual);
    match sample {
        Sample::Kind(sample) => {
            sample.elements.iter_mut().zip(lines).for_each(|(element, lines)| element.expect = lines);
        }
        Sample::Overlay(sample) => {
            sample.steps.iter_mut().zip(lines).for_each(|(step, lines)| step.expect = lines);
        }
        Sample::Priming(sample) => {
            sample.steps.iter_mut().zip(lines).for_each(|(step, lines)| step.expect = lines);
        }
    }
}

/// The request for a policy with the settings of a sample.
fn request(component: &Path, settings: &SampleSettings) -> PolicyRequest {
    PolicyRequest {
        component: PolicyComponent::File(component.to_owned()),
        settings: setting_texts(settings),
    }
}

/// A step that has not exactly one call.
fn no_call(step: usize, calls: &str) -> CommandError {
    let message = format!("step {} of the sample has not exactly one of {calls}", step + 1);
    CommandError::usage("invalid-sample", message)
}

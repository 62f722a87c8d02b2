//! `plugin test`

use std::path::Path;
use std::process::ExitCode;

use spec_plugin_package::{Sample, samples_of};
use spec_plugins::Plugins;

use super::ask_samples::{SampleAnswer, ask, expect};
use super::build;
use crate::app::App;
use crate::cli::PluginTestArgs;
use crate::commands::print;
use crate::error::{CommandError, CommandResult};
use crate::exit_code;

/// Asks a plugin the questions of its samples.
///
/// # Errors
/// When it cannot be built or loaded, when a sample is not valid, and when an answer is not as expected.
pub(super) fn run(app: &App, args: &PluginTestArgs) -> CommandResult<ExitCode> {
    let component = match &args.component {
        Some(component) => component.clone(),
        None => build::build(app, &args.folder)?,
    };
    let samples = samples_of(&args.folder)?;
    if samples.is_empty() {
        let message = format!("{} has no samples: expected files samples/NAME.yaml", args.folder.display());
        return Err(CommandError::usage("plugin-no-samples", message).hint("see docs/plugins.md"));
    }
    let plugins = Plugins::new(app.plugin_options());
    let mut counts = AnswerCounts::default();
    for sample in &samples {
        counts.add(&test(&plugins, &component, sample, args.update)?);
    }
    print(&format!("{} answers as expected, {} not\n", counts.expected, counts.different))?;
    Ok(if counts.different == 0 { ExitCode::SUCCESS } else { exit_code::of_error(spec_model::Blame::Plugin) })
}

#[derive(Default)]
struct AnswerCounts {
    expected: usize,
    different: usize,
}

impl AnswerCounts {
    fn add(&mut self, answers: &[SampleAnswer]) {
        let expected = answers.iter().filter(|answer| answer.is_as_expected()).count();
        self.expected += expected;
        self.different += answers.len() - expected;
    }
}

/// Asks the questions of one sample, and prints differences; with `update` they become what is expected.
fn test(plugins: &Plugins, component: &Path, file: &Path, update: bool) -> CommandResult<Vec<SampleAnswer>> {
    let mut sample = Sample::read(file)?;
    let answers = ask(plugins, component, &sample)?;
    let different: String =
        answers.iter().filter(|answer| !answer.is_as_expected()).map(difference).collect();
    if different.is_empty() {
        return Ok(answers);
    }
    if update {
        expect(&mut sample, answers);
        sample.write(file)?;
        print(&format!("{}: updated\n{different}", file.display()))?;
        return Ok(Vec::new());
    }
    print(&format!("{}:\n{different}", file.display()))?;
    Ok(answers)
}

/// The lines that differ, those that are expected first.
fn difference(answer: &SampleAnswer) -> String {
    let mut text = format!("  {}\n", answer.question);
    let count = answer.expected.len().max(answer.actual.len());
    for index in 0..count {
        let (expected, actual) = (answer.expected.get(index), answer.actual.get(index));
        if expected != actual {
            let line = |sign: char, line: Option<&String>| {
                line.map_or_else(String::new, |line| format!("    {sign} {line}\n"))
            };
            text += &line('-', expected);
            text += &line('+', actual);
        }
    }
    text
}

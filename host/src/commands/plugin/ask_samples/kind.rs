//! Asks element kinds.

use std::path::Path;

use spec_model::{DomainSelection, Mapping};
use spec_plugin_package::{KindSample, SampleDependency, SampleElement};
use spec_plugins::Plugins;
use spec_strategy::{
    CommandGroup, Configured, DependencyInput, ElementInput, KindError, KindRegistry, KindRequest,
    NoDependencies, Plan, PublicData, Step,
};

use super::SampleAnswer;
use crate::error::{CommandError, CommandResult};

/// Has a kind configure the elements of a sample.
///
/// # Errors
/// When the kind cannot be loaded, or fails; not when it refuses an element.
pub(super) fn ask(
    plugins: &Plugins,
    component: &Path,
    sample: &KindSample,
) -> CommandResult<Vec<SampleAnswer>> {
    let name = sample.kind.to_string();
    let kind = plugins.kind(&KindRequest::of_file(&name, component.to_owned()))?;
    let answer = |element: &SampleElement| {
        let actual = match kind.configure(&input(element)?, &NoDependencies) {
            Ok(configured) => lines(&configured),
            Err(KindError::Rejected { reason, message, .. }) => vec![format!("refused {reason}: {message}")],
            Err(error) => return Err(error.into()),
        };
        Ok(SampleAnswer { question: element.name.clone(), expected: element.expect.clone(), actual })
    };
    sample.elements.iter().map(answer).collect()
}

fn input(element: &SampleElement) -> CommandResult<ElementInput> {
    Ok(ElementInput {
        name: element.name.clone(),
        project: "sample".to_owned(),
        config: mapping(&element.config, &element.name)?,
        variables: element
            .variables
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect(),
        dependencies: element
            .dependencies
            .iter()
            .map(|one| dependency(one, &element.name))
            .collect::<Result<_, _>>()?,
        sources: element.sources.clone(),
    })
}

fn dependency(given: &SampleDependency, element: &str) -> CommandResult<DependencyInput> {
    let config = (!given.config.is_empty()).then(|| mapping(&given.config, element)).transpose()?;
    Ok(DependencyInput { path: given.path.clone(), build: given.build, runtime: given.runtime, config })
}

/// A mapping of the sample as configuration.
fn mapping(given: &spec_plugin_package::SampleMapping, element: &str) -> CommandResult<Mapping> {
    spec_plugin_package::sample_configuration(given).map_err(|what| {
        CommandError::usage("invalid-sample", format!("the configuration of {element} has {what}"))
    })
}

/// The key and the plan, a line each.
fn lines(configured: &Configured) -> Vec<String> {
    let Plan {
        digest_environment,
        working_directory,
        marked_directories,
        steps,
        collect,
        public_data,
        no_commands,
        refusal,
    } = configured.plan();
    let mut lines = vec![format!("key: {}", key_json(&configured.key_text()))];
    lines.extend(working_directory.iter().map(|path| format!("working-directory {path}")));
    lines.extend(marked_directories.iter().map(|path| format!("mark {path}")));
    lines.extend(
        digest_environment
            .iter()
            .map(|digest| format!("digest-environment {}{}", digest.variable, numbers(&digest.dependencies))),
    );
    lines.extend(no_commands.then(|| "run-no-commands".to_owned()));
    lines.extend(
        public_data.iter().map(|(domain, data)| format!("set-public-data {domain} {}", data_json(data))),
    );
    lines.extend(
        refusal.iter().map(|refusal| format!("refuse-build {}: {}", refusal.reason, refusal.message)),
    );
    lines.extend(steps.iter().map(step_line));
    lines.push(format!("collect {collect}"));
    lines
}

fn step_line(step: &Step) -> String {
    match step {
        Step::StageDependencies { location, dependencies } => {
            format!("stage-dependencies {location}{}", numbers(dependencies))
        }
        Step::Integrate { dependencies } => format!("integrate{}", numbers(dependencies)),
        Step::StageSources { path } => format!("stage-sources {path}"),
        Step::MakeDirectory { path } => format!("make-directory {path}"),
        Step::CopyTree { from, to } => format!("copy-tree {from} {to}"),
        Step::Run(group) => run(group),
        Step::StageFiles { location, dependencies, domains, runtime } => {
            let alone = if *runtime { "" } else { " alone" };
            format!("stage-files {location}{}{alone}{}", numbers(dependencies), domains_text(domains))
        }
        Step::StageElements { location, elements } => {
            format!("stage-elements {location} {}", elements.join(" "))
        }
        Step::CopyFiles { to, dependencies, domains } => {
            format!("copy-files {to}{}{}", numbers(dependencies), domains_text(domains))
        }
        Step::CopyTreeIfPresent { from, to } => format!("copy-tree-if-present {from} {to}"),
        Step::WriteFile { path, content, executable } => {
            let mode = if *executable { " (executable)" } else { "" };
            format!("write-file {path}{mode}: {}", quoted(content))
        }
    }
}

fn numbers(dependencies: &[u32]) -> String {
    dependencies.iter().map(|one| format!(" {one}")).collect()
}

fn domains_text(domains: &DomainSelection) -> String {
    let DomainSelection { include, exclude, orphans } = domains;
    let listed =
        |sign: char, names: &[String]| names.iter().map(|name| format!(" {sign}{name}")).collect::<String>();
    let orphans = if *orphans { " +orphans" } else { "" };
    format!("{}{}{orphans}", listed('+', include), listed('-', exclude))
}

/// Public data as JSON.
fn data_json(data: &PublicData) -> serde_json::Value {
    match data {
        PublicData::Text(text) => text.clone().into(),
        PublicData::Sequence(items) => items.iter().map(data_json).collect(),
        PublicData::Mapping(entries) => {
            entries.iter().map(|(name, entry)| (name.clone(), data_json(entry))).collect()
        }
    }
}

/// A group of commands as a shell would be given it.
fn run(group: &CommandGroup) -> String {
    let root = if group.read_only_root { " (read-only root)" } else { "" };
    let command = |argv: &[String]| argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let commands: Vec<String> = group.commands.iter().map(|one| command(&one.argv)).collect();
    format!("run {}{root}: {}", group.label, commands.join("; "))
}

fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:+,@%".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''").replace('\n', "\\n")),
    }
}

/// A key as JSON, in which characters outside of ASCII are not escaped.
fn key_json(canonical: &str) -> serde_json::Value {
    serde_json::from_str(canonical).expect("canonical text is JSON")
}

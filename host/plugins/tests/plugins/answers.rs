//! Tests of cached answers: they are used, and components are called when there is no valid one.

use std::fs;
use std::path::{Path, PathBuf};

use spec_model::Node;
use spec_model::UserError;
use spec_plugins::{Limits, Options, Plugins};
use spec_strategy::{
    Configured, DependencyFacts, ElementInput, KindError, NoDependencies, PublicData, StagedElementFacts,
    Step,
};

use crate::support::{dependency, element, mapping, temporary, texts};

/// Configures an element in a new registry, and saves the answers.
fn ask(cache: &Path, kind: &str, input: &ElementInput, limits: Limits) -> Result<Configured, KindError> {
    ask_about(cache, kind, input, &NoDependencies, limits)
}

fn ask_about(
    cache: &Path,
    kind: &str,
    input: &ElementInput,
    dependencies: &dyn DependencyFacts,
    limits: Limits,
) -> Result<Configured, KindError> {
    let plugins = Plugins::new(Options { limits, ..Options::new(cache.to_owned()) });
    let answer = plugins.embedded_kind(kind).and_then(|kind| kind.configure(input, dependencies));
    plugins.save_answers();
    answer
}

/// The answer of the component or the cached one.
fn answer(cache: &Path, kind: &str, input: &ElementInput) -> Configured {
    ask(cache, kind, input, Limits::default()).expect("the input is right")
}

/// The cached answer: without fuel the component cannot answer.
fn kept(cache: &Path, kind: &str, input: &ElementInput) -> Option<Configured> {
    match ask(cache, kind, input, Limits { fuel: 1, ..Limits::default() }) {
        Ok(answer) => Some(answer),
        Err(error) => {
            assert_eq!(error.reason(), "plugin-out-of-fuel", "{error}");
            None
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("answers were kept");
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

#[test]
fn a_component_is_asked_new_questions_only() {
    let cache = temporary();
    let (input, other) = (element("a.bst"), ElementInput { sources: Vec::new(), ..element("a.bst") });
    assert_eq!(kept(cache.path(), "manual", &input), None);
    let first = answer(cache.path(), "manual", &input);
    assert_eq!(kept(cache.path(), "manual", &input), Some(first));
    assert_eq!(kept(cache.path(), "manual", &other), None);
    assert_eq!(kept(cache.path(), "autotools", &input), None);
}

#[test]
fn damaged_answers_are_asked_again() {
    let cache = temporary();
    let input = element("a.bst");
    let first = answer(cache.path(), "manual", &input);
    let file = files(&cache.path().join("answers")).remove(0);
    let sound = fs::read(&file).expect("it is there");
    let flipped = |bit: usize| {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    };
    let bits = (0..sound.len() * 8).step_by(sound.len() * 8 / 40 + 1);
    let cut = [0, 1, 31, 32, 33, sound.len() / 2, sound.len() - 1].map(|length| sound[..length].to_vec());
    for damaged in bits.map(flipped).chain(cut).chain([b"no answers".to_vec()]) {
        fs::write(&file, damaged).expect("the folder is ours");
        assert_eq!(kept(cache.path(), "manual", &input), None);
        assert_eq!(answer(cache.path(), "manual", &input), first);
        assert_eq!(kept(cache.path(), "manual", &input).as_ref(), Some(&first));
        assert_eq!(files(&cache.path().join("answers")), std::slice::from_ref(&file));
    }
}

#[test]
fn a_refusal_is_not_kept() {
    let cache = temporary();
    let wrong = ElementInput { config: mapping(&[("comands", texts(&[]))]), ..element("a.bst") };
    ask(cache.path(), "manual", &wrong, Limits::default()).expect_err("the key is unknown");
    assert_eq!(kept(cache.path(), "manual", &wrong), None);
}

/// One element is staged, with this integration command.
struct OneDependency(&'static str);

impl DependencyFacts for OneDependency {
    fn staged(&self, _: &[u32]) -> Vec<usize> {
        // The number of an element in the project is not part of an answer.
        vec![self.0.len()]
    }

    fn element(&self, _: usize) -> Option<StagedElementFacts> {
        Some(StagedElementFacts {
            full_name: "junction.bst:a.bst".to_owned(),
            name: "a.bst".to_owned(),
            project: "other".to_owned(),
            kind: "manual".to_owned(),
            has_artifact: true,
        })
    }

    fn runtime_dependencies(&self, _: usize) -> Vec<usize> {
        Vec::new()
    }

    fn public_data(&self, _: usize, domain: &str) -> Option<PublicData> {
        let commands = PublicData::Sequence(vec![PublicData::Text(self.0.to_owned())]);
        (domain == "bst").then(|| PublicData::Mapping(vec![("integration-commands".to_owned(), commands)]))
    }

    fn own_public_data(&self, _: &str) -> Option<PublicData> {
        None
    }
}

#[test]
fn an_answer_is_kept_with_what_the_kind_was_told_of_dependencies() {
    let cache = temporary();
    let input = ElementInput {
        config: mapping(&[("script-path", Node::text("/post.sh"))]),
        dependencies: vec![dependency("a.bst", true, false)],
        sources: Vec::new(),
        ..element("post.bst")
    };
    let ask = |command, fuel| {
        let limits = Limits { fuel, ..Limits::default() };
        let answer = ask_about(cache.path(), "collect_integration", &input, &OneDependency(command), limits);
        answer.map(|configured| configured.plan().steps)
    };
    let enough = Limits::default().fuel;
    for command in ["ldconfig", "update"] {
        ask(command, 1).expect_err("there is no answer yet");
        let first = ask(command, enough).expect("it is right");
        let Some(Step::WriteFile { content, .. }) = first.last() else { panic!("{first:?}") };
        assert!(content.contains(&format!("# integration commands from a.bst\n{command}\n")), "{content}");
        assert_eq!(ask(command, 1).expect("it is kept"), first);
    }
}

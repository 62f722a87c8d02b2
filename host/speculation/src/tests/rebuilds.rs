//! Two elements are built and recorded, and a source of the lower one changes: the actions that are predicted for both are
//! those that the next builds request.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use spec_model::{Digest, StagedLayer, StagedLayerKind, Subaction};
use spec_strategy::NoFacts;

use crate::priming::{AdaptResult, Budget, ExecutionEnd, ExecutionOutcome, PrimingEffect, PrimingState};
use crate::testing::Store;
use crate::*;

/// Files by path, and their texts.
type Files = BTreeMap<String, String>;

/// A build tool that writes what it read, so that every change changes all results that depend on it.
struct Tool<'a> {
    store: &'a Store,
    requests: Vec<Subaction>,
}

impl Tool<'_> {
    /// Requests an action in `at` that reads files of the sandbox and writes one, which is then added to the sandbox.
    fn run(&mut self, sandbox: &mut Files, at: &str, words: &str, reads: &[&str], writes: &str) {
        let inputs: Vec<String> = reads.iter().map(|path| format!("{path}={}", sandbox[*path])).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let action = self.store.action_on(words, &self.store.tree(&inputs), &[], at);
        let output = format!("{words}({})", reads.iter().map(|path| &*sandbox[*path]).collect::<String>());
        self.requests.push(self.store.answered(action, &[&format!("{writes}={output}")]));
        sandbox.insert(format!("{at}/{writes}"), output);
    }
}

fn tree(store: &Store, files: &Files) -> Digest {
    let entries: Vec<String> = files.iter().map(|(path, text)| format!("{path}={text}")).collect();
    store.tree(&entries.iter().map(String::as_str).collect::<Vec<_>>())
}

fn files(entries: &[(&str, &str)]) -> Files {
    entries.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// A built element.
struct Built {
    sources: Files,
    artifact: Files,
    requests: Vec<Subaction>,
}

/// `dep.bst`: a library of one file and its header.
fn build_dep(store: &Store, header: &str) -> Built {
    let sources = files(&[("dep.c", "d"), ("dep.h", header)]);
    let mut sandbox: Files =
        sources.iter().map(|(path, text)| (format!("b/dep/{path}"), text.clone())).collect();
    let mut tool = Tool { store, requests: Vec::new() };
    tool.run(&mut sandbox, "b/dep", "cc dep.c", &["b/dep/dep.c", "b/dep/dep.h"], "dep.o");
    tool.run(&mut sandbox, "b/dep", "ar dep.o", &["b/dep/dep.o"], "libdep.a");
    let installed = [("usr/include/dep.h", "b/dep/dep.h"), ("usr/lib/libdep.a", "b/dep/libdep.a")];
    let artifact = installed.map(|(to, from)| (to.to_owned(), sandbox[from].clone())).into();
    Built { sources, artifact, requests: tool.requests }
}

/// `app.bst`: a program over it, with a file that `configure` makes.
fn build_app(store: &Store, dep: &Built, config: &str) -> Built {
    let sources = files(&[("main.c", "m"), ("util.c", "u")]);
    let mut sandbox: Files =
        sources.iter().map(|(path, text)| (format!("b/app/{path}"), text.clone())).collect();
    sandbox.extend(dep.artifact.clone());
    sandbox.insert("b/app/config.h".to_owned(), config.to_owned());
    let mut tool = Tool { store, requests: Vec::new() };
    tool.run(&mut sandbox, "b/app", "cc util.c", &["b/app/util.c", "b/app/config.h"], "util.o");
    tool.run(
        &mut sandbox,
        "b/app",
        "cc main.c",
        &["b/app/main.c", "b/app/config.h", "usr/include/dep.h"],
        "main.o",
    );
    tool.run(&mut sandbox, "b/app", "ld", &["b/app/main.o", "b/app/util.o", "usr/lib/libdep.a"], "app");
    let artifact = files(&[("usr/bin/app", &sandbox["b/app/app"])]);
    Built { sources, artifact, requests: tool.requests }
}

fn record(store: &Store, element: &str, built: &Built, below: &[(&str, &Built, &Record)]) -> Record {
    let layer = |files: &Files, location: &str, element: &str, kind| StagedLayer {
        tree: tree(store, files),
        location: location.to_owned(),
        element: element.to_owned(),
        kind,
    };
    let mut layers: Vec<StagedLayer> = below
        .iter()
        .map(|(element, built, _)| {
            layer(&built.artifact, "/", element, StagedLayerKind::Artifact { record: None })
        })
        .collect();
    let location = format!("/b/{}", element.trim_end_matches(".bst"));
    layers.push(layer(&built.sources, &location, element, StagedLayerKind::Sources));
    let staging = StagedRoot::new(&store.cas, layers).expect("the trees fit");
    let dependencies: Vec<&Record> = below.iter().map(|(_, _, record)| *record).collect();
    let build = ElementBuild {
        element,
        staging: &staging,
        folders: &[],
        platforms: &[],
        dependencies: &dependencies,
        subactions: &built.requests,
        predictions: &[],
        artifact: Some(tree(store, &built.artifact)),
    };
    let policy = GuardedOverlayPolicy::default();
    let options = GenerateOptions {
        mode: SpeculationMode::Full,
        format: RecordFormat::Compact,
        shared: false,
        policy: &policy,
        policies: &[],
        facts: &NoFacts,
    };
    let made = generate_record(&store.cas, &build, options, true, None);
    let digest = made.expect("the store works").digest().expect("something was requested");
    Record::load(&store.cas, &digest, element).expect("it can be read")
}

/// Carries out the effects of a priming state. Submitted actions among `real` are answered as the tool would do. Returns
/// the digests of the others, which no build requests.
fn carry_out(
    store: &Store,
    priming: &mut PrimingState,
    mut effects: Vec<PrimingEffect>,
    real: &[Subaction],
) -> Vec<Digest> {
    let mut wrong = Vec::new();
    loop {
        effects.extend(priming.admit());
        let Some(command) = effects.pop() else { return wrong };
        effects.extend(match command {
            PrimingEffect::Adapt { action, round, base, adaptation } => {
                let mut instantiator = Instantiator::new(&store.cas);
                let adapted = match instantiator.adapt(&base, &adaptation).expect("it can be adapted") {
                    Instantiated::Unchanged => AdaptResult::Unchanged,
                    Instantiated::Adapted { action, command, .. } => {
                        AdaptResult::Action { digest: action, command }
                    }
                };
                instantiator.finish().expect("the store takes it");
                priming.action_adapted(action, round, adapted)
            }
            PrimingEffect::Submit { action, digest, .. } => {
                let answer = real.iter().find(|subaction| subaction.action == digest);
                wrong.extend(answer.is_none().then_some(digest));
                let content = |digest, executable| Content::File { digest, executable };
                let outcome = answer.map_or(ExecutionOutcome::Failed, |subaction| {
                    let files = subaction.result().into_iter().flat_map(|result| &result.files);
                    let outputs =
                        files.map(|file| (file.path.clone(), content(file.digest, file.executable)));
                    ExecutionOutcome::Succeeded(outputs.collect())
                });
                priming.execution_ended(
                    action,
                    digest,
                    ExecutionEnd { outcome, took_ms: 1, cpu_ms: 1, bytes: 1 },
                )
            }
            PrimingEffect::Cancel { .. } | PrimingEffect::Scan => Vec::new(),
        });
    }
}

/// A session over the records of the first builds, with the changed sources.
fn session(
    store: &Store,
    old: (&Built, &Built),
    new: (&Built, &Built),
) -> (PrimingState, Vec<PrimingEffect>) {
    let dep = record(store, "dep.bst", old.0, &[]);
    let app = record(store, "app.bst", old.1, &[("dep.bst", old.0, &dep)]);
    let mut resolver = Resolver::default();
    let expand = |record| Arc::new(ExpandedRecord::of(&store.cas, record).expect("the store works"));
    let elements = [resolver.register(expand(dep)), resolver.register(expand(app))];
    let mut priming =
        PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
    let mut effects = priming.start();
    for (element, built) in elements.into_iter().zip([new.0, new.1]) {
        let wanted = priming.resolver().wanted_paths(Fact::Sources(element));
        let found = look_up(&store.cas, &tree(store, &built.sources), &wanted).expect("the store works");
        effects.extend(priming.origins_known(found));
    }
    (priming, effects)
}

#[test]
fn all_that_follows_from_a_changed_header_is_predicted_before_anything_is_built() {
    let store = Store::new();
    let (old_dep, new_dep) = (build_dep(&store, "1"), build_dep(&store, "2"));
    let (old_app, new_app) = (build_app(&store, &old_dep, "c"), build_app(&store, &new_dep, "c"));
    let (mut priming, effects) = session(&store, (&old_dep, &old_app), (&new_dep, &new_app));
    let real = [new_dep.requests, new_app.requests].concat();
    assert_eq!(carry_out(&store, &mut priming, effects, &real), []);
    for subaction in &real {
        priming.action_requested(&subaction.action);
    }
    let totals = priming.totals();
    // Both objects of the header, the library and the program; `util.o` does not read it.
    assert_eq!((totals.count(Bucket::Used), totals.count(Bucket::Unchanged)), (4, 1), "{totals:?}");
}

#[test]
fn the_first_request_shows_a_new_config_file() {
    let store = Store::new();
    let dep = build_dep(&store, "1");
    let (old_app, new_app) = (build_app(&store, &dep, "c"), build_app(&store, &dep, "c2"));
    let (mut priming, effects) = session(&store, (&dep, &old_app), (&dep, &new_app));
    assert_eq!(effects, [], "nothing is known to have changed");
    let request = RequestedAction::of(&store.cas, &new_app.requests[0].action).expect("it is an action");
    let app = priming.resolver().element_of(ActionId(2));
    let action = priming.recorded_action_for(app, &request.command).expect("it was recorded");
    let expanded = priming.resolver().expanded_record(app).expect("it has a record").clone();
    let made = priming.resolver().expanded_action(action).expect("it can be read").clone();
    let shown = request.observed_inputs(&store.cas, &expanded.record, &made).expect("the store works");
    let mut effects = priming.request_observed(action, request.action, shown);
    let util = &new_app.requests[0].result().expect("it was answered").files[0];
    let content = Content::File { digest: util.digest, executable: false };
    effects.extend(priming.action_answered(action, vec![(util.path.clone(), content)]));
    assert_eq!(carry_out(&store, &mut priming, effects, &new_app.requests), []);
    for subaction in &new_app.requests[1..] {
        priming.action_requested(&subaction.action);
    }
    assert_eq!(priming.totals().count(Bucket::Used), 2, "the other object, and the program");
}

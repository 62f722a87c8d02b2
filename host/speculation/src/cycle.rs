//! From one build to the next: two elements are built, their records made, a source of the lower one changes, and what
//! is predicted for both is, to the digest, what the next builds ask for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use spec_model::{Digest, Subaction};

use crate::prime::{Adapted, Board, Budget, Command, Finished};
use crate::testing::Store;
use crate::*;

/// Files by path, and their texts.
type Files = BTreeMap<String, String>;

/// A build tool that writes what it read, so that every change shows in all that follows from it.
struct Tool<'a> {
    store: &'a Store,
    asked: Vec<Subaction>,
}

impl Tool<'_> {
    /// Asks for an action in `at` that reads files of the sandbox and writes one, which is in the sandbox then.
    fn run(&mut self, sandbox: &mut Files, at: &str, words: &str, reads: &[&str], writes: &str) {
        let inputs: Vec<String> = reads.iter().map(|path| format!("{path}={}", sandbox[*path])).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let action = self.store.action_on(words, &self.store.tree(&inputs), &[], at);
        let output = format!("{words}({})", reads.iter().map(|path| &*sandbox[*path]).collect::<String>());
        self.asked.push(self.store.answered(action, &[&format!("{writes}={output}")]));
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
    asked: Vec<Subaction>,
}

/// `dep.bst`: a library of one file and its header.
fn build_dep(store: &Store, header: &str) -> Built {
    let sources = files(&[("dep.c", "d"), ("dep.h", header)]);
    let mut sandbox: Files =
        sources.iter().map(|(path, text)| (format!("b/dep/{path}"), text.clone())).collect();
    let mut tool = Tool { store, asked: Vec::new() };
    tool.run(&mut sandbox, "b/dep", "cc dep.c", &["b/dep/dep.c", "b/dep/dep.h"], "dep.o");
    tool.run(&mut sandbox, "b/dep", "ar dep.o", &["b/dep/dep.o"], "libdep.a");
    let installed = [("usr/include/dep.h", "b/dep/dep.h"), ("usr/lib/libdep.a", "b/dep/libdep.a")];
    let artifact = installed.map(|(to, from)| (to.to_owned(), sandbox[from].clone())).into();
    Built { sources, artifact, asked: tool.asked }
}

/// `app.bst`: a program over it, with a file that `configure` makes.
fn build_app(store: &Store, dep: &Built, config: &str) -> Built {
    let sources = files(&[("main.c", "m"), ("util.c", "u")]);
    let mut sandbox: Files =
        sources.iter().map(|(path, text)| (format!("b/app/{path}"), text.clone())).collect();
    sandbox.extend(dep.artifact.clone());
    sandbox.insert("b/app/config.h".to_owned(), config.to_owned());
    let mut tool = Tool { store, asked: Vec::new() };
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
    Built { sources, artifact, asked: tool.asked }
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
        .map(|(element, built, _)| layer(&built.artifact, "/", element, LayerKind::Artifact))
        .collect();
    let location = format!("/b/{}", element.trim_end_matches(".bst"));
    layers.push(layer(&built.sources, &location, element, LayerKind::Source));
    let staging = Staging::new(&store.cas, layers).expect("the trees fit");
    let dependencies: Vec<&Record> = below.iter().map(|(_, _, record)| *record).collect();
    let build = Build {
        element,
        staging: &staging,
        folders: &[],
        platforms: &[],
        dependencies: &dependencies,
        subactions: &built.asked,
        ends: &[],
        artifact: Some(tree(store, &built.artifact)),
    };
    let made = generate(&store.cas, &build, Mode::Full, true, None, &OverlaySlot::default());
    let digest = made.expect("the store works").digest().expect("something was asked for");
    Record::load(&store.cas, &digest, element).expect("it can be read")
}

/// Carries out what a board wants. What is submitted is answered as the tool would have, if it is among `real`; else
/// its digest is in the answer: nobody will ask for it.
fn carry_out(
    store: &Store,
    board: &mut Board,
    mut commands: Vec<Command>,
    real: &[Subaction],
) -> Vec<Digest> {
    let mut wrong = Vec::new();
    loop {
        commands.extend(board.admit());
        let Some(command) = commands.pop() else { return wrong };
        commands.extend(match command {
            Command::Adapt { action, round, base, adaptation } => {
                let mut instantiator = Instantiator::new(&store.cas);
                let adapted = match instantiator.adapt(&base, &adaptation).expect("it can be adapted") {
                    Instantiated::Unchanged => Adapted::Unchanged,
                    Instantiated::Adapted { action, command, .. } => {
                        Adapted::Action { digest: action, command }
                    }
                };
                instantiator.finish().expect("the store takes it");
                board.adapted(action, round, adapted)
            }
            Command::Submit { action, digest, .. } => {
                let answer = real.iter().find(|subaction| subaction.action == digest);
                wrong.extend(answer.is_none().then_some(digest));
                let content = |digest, executable| Content::File { digest, executable };
                let outputs = answer.map(|subaction| {
                    let files = subaction.result().into_iter().flat_map(|result| &result.files);
                    files.map(|file| (file.path.clone(), content(file.digest, file.executable))).collect()
                });
                board.finished(action, digest, Finished { outputs, took_ms: 1, cpu_ms: 1, bytes: 1 })
            }
            Command::Cancel { .. } | Command::Scan => Vec::new(),
        });
    }
}

/// A session over the records of the first builds, with the sources of today.
fn session(store: &Store, old: (&Built, &Built), new: (&Built, &Built)) -> (Board, Vec<Command>) {
    let dep = record(store, "dep.bst", old.0, &[]);
    let app = record(store, "app.bst", old.1, &[("dep.bst", old.0, &dep)]);
    let mut resolver = Resolver::default();
    let expand = |record| Arc::new(Expanded::of(&store.cas, record).expect("the store works"));
    let elements = [resolver.register(expand(dep)), resolver.register(expand(app))];
    let mut board = Board::new(resolver, PrimingSlot::default(), Budget::default(), HashMap::new());
    let mut commands = board.start();
    for (element, built) in elements.into_iter().zip([new.0, new.1]) {
        let wanted = board.resolver().wanted(Fact::Sources(element));
        let found = look_up(&store.cas, &tree(store, &built.sources), &wanted).expect("the store works");
        commands.extend(board.learned(found));
    }
    (board, commands)
}

#[test]
fn all_that_follows_from_a_changed_header_is_predicted_before_anything_is_built() {
    let store = Store::new();
    let (old_dep, new_dep) = (build_dep(&store, "1"), build_dep(&store, "2"));
    let (old_app, new_app) = (build_app(&store, &old_dep, "c"), build_app(&store, &new_dep, "c"));
    let (mut board, commands) = session(&store, (&old_dep, &old_app), (&new_dep, &new_app));
    let real = [new_dep.asked, new_app.asked].concat();
    assert_eq!(carry_out(&store, &mut board, commands, &real), []);
    for subaction in &real {
        board.requested(&subaction.action);
    }
    let account = board.account();
    // Both objects of the header, the library and the program; `util.o` does not read it.
    assert_eq!((account.count(Bucket::Used), account.count(Bucket::Unchanged)), (4, 1), "{account:?}");
}

#[test]
fn a_new_config_file_is_learned_from_the_first_request() {
    let store = Store::new();
    let dep = build_dep(&store, "1");
    let (old_app, new_app) = (build_app(&store, &dep, "c"), build_app(&store, &dep, "c2"));
    let (mut board, commands) = session(&store, (&dep, &old_app), (&dep, &new_app));
    assert_eq!(commands, [], "nothing is known to have changed");
    let request = Request::of(&store.cas, &new_app.asked[0].action).expect("it is an action");
    let app = board.resolver().element_of(ActionId(2));
    let action = board.counterpart(app, &request.command).expect("it was recorded");
    let expanded = board.resolver().expanded(app).expect("it has a record").clone();
    let made = board.resolver().made_of(action).expect("it can be read").clone();
    let shown = request.shows(&store.cas, &expanded.record, &made).expect("the store works");
    let mut commands = board.shown(action, request.action, shown);
    let util = &new_app.asked[0].result().expect("it was answered").files[0];
    let content = Content::File { digest: util.digest, executable: false };
    commands.extend(board.answered(action, vec![(util.path.clone(), content)]));
    assert_eq!(carry_out(&store, &mut board, commands, &new_app.asked), []);
    for subaction in &new_app.asked[1..] {
        board.requested(&subaction.action);
    }
    assert_eq!(board.account().count(Bucket::Used), 2, "the other object, and the program");
}

use spec_model::UserError;
use spec_proto::Message;
use spec_proto::buildstream::v2::SpeculativeActions;

use super::*;
use crate::record::{
    Content, EarlierRun, ElementIndex, NamedPolicy, Origin, PlatformTree, RecordedAction, RecordedInput,
    RecordedOutput,
};
use crate::testing::Store;

fn file(store: &Store, text: &str) -> Content {
    Content::File { digest: store.blob(text), executable: false }
}

/// A record with every kind of entry.
fn sample(store: &Store) -> Record {
    let compile =
        store.action("cc -c main.c", &store.tree(&["src/main.c=m", "usr/include/dep.h=1", "src/config.h=c"]));
    let link = store.action("cc main.o", &store.tree(&["src/main.o=o", "lib -> usr/lib"]));
    let mut record = Record::of("app.bst");
    let dep = record.element_index("junction.bst:dep.bst");
    let mut path = |text: &str| record.paths.add(text);
    let (main, header, output, object) =
        (path("src/main.c"), path("usr/include/dep.h"), path("main.o"), path("src/main.o"));
    let (source, config, link_path) = (path("main.c"), path("src/config.h"), path("lib"));
    let input = |path, content, origins| RecordedInput { path, content, origins };
    let own = ElementIndex::SELF;
    record.inputs = vec![
        input(main, file(store, "m"), vec![Origin::Source { element: own, path: source }]),
        input(
            header,
            file(store, "1"),
            vec![
                Origin::Source { element: dep, path: source },
                Origin::Artifact { element: dep, path: header },
            ],
        ),
        input(config, file(store, "c"), vec![]),
        input(object, file(store, "o"), vec![Origin::Action { element: own, base: compile, path: output }]),
        input(
            link_path,
            Content::Symlink("usr/lib".to_owned()),
            vec![Origin::Artifact { element: dep, path: link_path }],
        ),
    ];
    let action = |base, outputs, platforms| RecordedAction {
        base,
        outputs,
        platforms,
        took_ms: 35,
        cpu_ms: 30,
        hits: 2,
        misses: 1,
        earlier: vec![EarlierRun { took_ms: 40, cpu_ms: 0 }, EarlierRun { took_ms: 33, cpu_ms: 31 }],
    };
    let written = RecordedOutput { path: output, digest: store.blob("o"), executable: true };
    record.actions = vec![action(compile, vec![written], vec![0]), action(link, vec![], vec![])];
    let policy =
        |kind: &str, settings| NamedPolicy { kind: kind.to_owned(), settings, ..NamedPolicy::default() };
    record.policies = vec![policy("overlay", vec![]), policy("priming", vec!["a=1".to_owned()])];
    record.platforms = vec![PlatformTree { digest: store.tree(&["a=1"]), elements: vec![dep] }];
    record.installed =
        vec![input(source, file(store, "m"), vec![Origin::Source { element: own, path: source }])];
    record
}

#[test]
fn a_record_is_loaded_as_it_was_stored() {
    let store = Store::new();
    let record = sample(&store);
    let digest = record.store(&store.cas, RecordFormat::Compact).expect("the store takes it");
    assert_eq!(Record::load(&store.cas, &digest, "app.bst").expect("it can be read"), record);
}

#[test]
fn a_compact_record_is_an_empty_one_for_other_tools() {
    let store = Store::new();
    let message = SpeculativeActions::decode(&*sample(&store).encode_compact()).expect("it is one message");
    assert!(message.actions.is_empty() && message.artifact_overlays.is_empty() && message.compact.is_some());
}

#[test]
fn the_upstream_format_is_written_and_read() {
    let store = Store::new();
    let record = sample(&store);
    let both = record.store(&store.cas, RecordFormat::Upstream).expect("the store takes it");
    assert_eq!(Record::load(&store.cas, &both, "app.bst").expect("it can be read"), record);
    let (upstream, message) = upstream_only(&store, &record);
    assert_eq!(message.actions[0].overlays.len(), 3);
    assert_eq!(message.actions[0].overlays[0].source_element, "");
    assert_eq!(message.actions[1].overlays[0].source_path, "main.o");

    let read = Record::load(&store.cas, &upstream, "app.bst").expect("it can be read");
    assert_eq!(upstream_only(&store, &read).0, upstream, "what the format can express is kept");
    let header = read.paths.find("usr/include/dep.h").expect("the path was found in the base action");
    let header = read.inputs.iter().find(|input| input.path == header).expect("it is an input");
    assert_eq!(header.origins.len(), 2);
}

/// The record as the prototype writes it: without the compact form.
fn upstream_only(store: &Store, record: &Record) -> (Digest, SpeculativeActions) {
    let digest = record.store(&store.cas, RecordFormat::Upstream).expect("the store takes it");
    let bytes = store.cas.get(&digest).expect("it is in the store");
    let mut message = SpeculativeActions::decode(&*bytes).expect("it is a message");
    message.compact = None;
    (store.cas.put_bytes(&message.encode_to_vec()).expect("the store takes it"), message)
}

#[test]
fn equal_files_in_the_upstream_format_are_told_apart_by_name() {
    let store = Store::new();
    let base = store.action("cc", &store.tree(&["src/own.h=same", "usr/include/dep.h=same"]));
    let mut record = Record::of("app.bst");
    let (own, theirs) = (record.paths.add("own.h"), record.paths.add("usr/include/dep.h"));
    let (dep, input) = (record.element_index("dep.bst"), record.paths.add("src/own.h"));
    let content = file(&store, "same");
    let origin = Origin::Artifact { element: dep, path: theirs };
    record.inputs = vec![
        RecordedInput {
            path: input,
            content: content.clone(),
            origins: vec![Origin::Source { element: ElementIndex::SELF, path: own }],
        },
        RecordedInput { path: theirs, content, origins: vec![origin.clone()] },
    ];
    let (outputs, platforms, earlier) = (vec![], vec![], vec![]);
    let (took_ms, cpu_ms, hits, misses) = (0, 0, 0, 0);
    record.actions =
        vec![RecordedAction { base, outputs, platforms, took_ms, cpu_ms, hits, misses, earlier }];
    let (digest, _) = upstream_only(&store, &record);
    let read = Record::load(&store.cas, &digest, "app.bst").expect("it can be read");
    for input in &read.inputs {
        assert_eq!(input.origins.len(), 1, "{}", read.paths.text(input.path));
        let own = matches!(input.origins[0], Origin::Source { .. });
        assert_eq!(read.paths.text(input.path) == "src/own.h", own);
    }
}

#[test]
fn a_record_with_invalid_numbers_is_refused() {
    let store = Store::new();
    let good = SpeculativeActions::decode(&*sample(&store).encode_compact()).expect("a message");
    type Change = fn(&mut spec_proto::buildstream::v2::speculative_actions::Compact);
    let changes: [(&str, Change); 9] = [
        ("no element", |c| c.elements.clear()),
        ("a path of a later number", |c| c.path_parents[0] = 9),
        ("a path that is too long", |c| c.path_names[0] = "x".repeat(4096)),
        ("an input without a path", |c| c.inputs[0].path = 99),
        ("an unknown digest", |c| c.actions[0].base = 99),
        ("half a hash", |c| _ = c.hashes.pop()),
        ("an unknown element", |c| c.inputs[1].origins[0].element = 7),
        ("an action twice", |c| c.actions[1].base = c.actions[0].base),
        ("an origin that is not recorded", |c| _ = c.actions.remove(0)),
    ];
    for (what, change) in changes {
        let mut bad = good.clone();
        change(bad.compact.as_mut().expect("it is compact"));
        let digest = store.cas.put_bytes(&bad.encode_to_vec()).expect("the store takes it");
        let reason = Record::load(&store.cas, &digest, "app.bst").map_err(|error| error.reason().to_owned());
        assert_eq!(reason.err().as_deref(), Some("speculation-bad-record"), "{what}");
    }
}

use spec_model::{ActionResult, Digest, StagedLayer, StagedLayerKind, Subaction};
use spec_strategy::NoFacts;

use super::*;
use crate::record::{Content, ElementIndex, RecordedInput};
use crate::testing::Store;

/// A build of `app.bst` whose sources are at `/src`, over the artifact of `dep.bst` at `/`.
struct Fixture {
    store: Store,
    staging: StagedRoot,
}

impl Fixture {
    fn new() -> Self {
        let store = Store::new();
        let layer = |entries: &[&str], location: &str, element: &str, kind| StagedLayer {
            tree: store.tree(entries),
            location: location.to_owned(),
            element: element.to_owned(),
            kind,
        };
        let dep = [
            "usr/include/dep.h=1",
            "usr/lib/libdep.so -> libdep.so.1",
            "lib -> usr/lib",
            "usr/lib/libdep.so.1=l",
        ];
        let layers = vec![
            layer(&dep, "/", "dep.bst", StagedLayerKind::Artifact { record: None }),
            layer(&["main.c=m", "copy.h=1", "empty="], "/src", "app.bst", StagedLayerKind::Sources),
        ];
        let staging = StagedRoot::new(&store.cas, layers).expect("the trees fit");
        Self { store, staging }
    }

    fn attribute(
        &self,
        subactions: &[Subaction],
        artifact: &[&str],
        dependencies: &[&Record],
    ) -> (Record, OriginCounts) {
        let build = ElementBuild {
            element: "app.bst",
            staging: &self.staging,
            folders: &["/src".to_owned()],
            platforms: &[],
            dependencies,
            subactions,
            predictions: &[],
            artifact: Some(self.store.tree(artifact)),
        };
        let scope = OriginScope { own_actions: true, other_actions: true };
        attribute(&self.store.cas, &build, scope, &GuardedOverlayPolicy::default(), &NoFacts)
            .expect("the store works")
    }
}

/// The origins of the inputs of a record: `PATH < KIND ELEMENT:PATH`.
fn origins(record: &Record, inputs: &[RecordedInput]) -> Vec<String> {
    let origin = |origin: &Origin| match origin {
        Origin::Source { element, path } => {
            format!("source {}:{}", record.name(*element), record.paths.text(*path))
        }
        Origin::Artifact { element, path } => {
            format!("artifact {}:{}", record.name(*element), record.paths.text(*path))
        }
        Origin::Action { element, path, .. } => {
            format!("action {}:{}", record.name(*element), record.paths.text(*path))
        }
    };
    let line = |input: &RecordedInput| {
        let origins: Vec<String> = input.origins.iter().map(origin).collect();
        format!("{} < {}", record.paths.text(input.path), origins.join(", "))
    };
    let mut lines: Vec<String> = inputs.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn inputs_are_attributed_by_path() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let compile = store.tree(&["src/main.c=m", "src/config.h=c", "src/copy.h=1", "usr/include/dep.h=1"]);
    let link = store.tree(&["src/main.o=o", "lib/libdep.so -> libdep.so.1", "lib/libdep.so.1=l"]);
    let subactions = [
        store.answered(store.action("cc -c main.c", &compile), &["main.o=o"]),
        store.answered(store.action("cc main.o", &link), &["app=x"]),
    ];
    let (record, counts) =
        fixture.attribute(&subactions, &["usr/bin/app=x", "usr/include/main.c=m", "etc/empty="], &[]);
    assert_eq!(
        origins(&record, &record.inputs),
        [
            "lib/libdep.so < artifact dep.bst:usr/lib/libdep.so",
            "lib/libdep.so.1 < artifact dep.bst:usr/lib/libdep.so.1",
            "src/config.h < ",
            "src/copy.h < source app.bst:copy.h",
            "src/main.c < source app.bst:main.c",
            "src/main.o < action app.bst:main.o",
            "usr/include/dep.h < artifact dep.bst:usr/include/dep.h",
        ]
    );
    let expected = OriginCounts { source: 2, artifact: 3, action: 1, generated: 1, platform: 0, left_out: 0 };
    assert_eq!(counts, expected);
    assert_eq!(
        origins(&record, &record.installed),
        ["usr/bin/app < action app.bst:app", "usr/include/main.c < source app.bst:main.c"]
    );
}

#[test]
fn an_input_root_may_be_the_folder_of_the_command() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let (first, second) = (store.tree(&["main.c=m"]), store.tree(&["out/a.o=o"]));
    let subactions = [
        store.answered(store.action_on("cat main.c", &first, &[], ""), &["out/a.o=o"]),
        store.answered(store.action_on("wc a.o", &second, &[], ""), &[]),
    ];
    let (record, _) = fixture.attribute(&subactions, &[], &[]);
    assert_eq!(
        origins(&record, &record.inputs),
        ["main.c < source app.bst:main.c", "out/a.o < action app.bst:out/a.o"]
    );
}

#[test]
fn a_file_that_the_build_changed_has_no_origin() {
    let fixture = Fixture::new();
    let root = fixture.store.tree(&["src/main.c=patched by configure", "usr/include/dep.h=patched"]);
    let subactions = [fixture.store.answered(fixture.store.action("cc", &root), &[])];
    let (record, counts) = fixture.attribute(&subactions, &[], &[]);
    assert!(record.inputs.iter().all(|input| input.origins.is_empty()));
    assert_eq!(counts.generated, 2);
}

#[test]
fn an_output_is_an_origin_only_for_later_actions() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let reader = store.answered(store.action("cat gen.h", &store.tree(&["src/gen.h=g"])), &[]);
    let writer = store.answered(store.action("gen", &store.tree(&["src/main.c=m"])), &["gen.h=g"]);
    let (record, _) = fixture.attribute(&[reader.clone(), writer.clone()], &[], &[]);
    assert!(origins(&record, &record.inputs).contains(&"src/gen.h < ".to_owned()));
    let (record, _) = fixture.attribute(&[writer, reader], &[], &[]);
    assert!(origins(&record, &record.inputs).contains(&"src/gen.h < action app.bst:gen.h".to_owned()));
}

#[test]
fn the_record_of_a_dependency_gives_alternatives() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let mut dep = Record::of("dep.bst");
    let (path, source) = (dep.paths.add("usr/include/dep.h"), dep.paths.add("dep.h.in"));
    let content = |text| Content::File { digest: store.blob(text), executable: false };
    let origins_of = |path| vec![Origin::Source { element: ElementIndex::SELF, path }];
    dep.installed.push(RecordedInput { path, content: content("1"), origins: origins_of(source) });
    let subactions = [store.answered(store.action("cc", &store.tree(&["usr/include/dep.h=1"])), &[])];
    let (record, _) = fixture.attribute(&subactions, &[], &[&dep]);
    let expected = "usr/include/dep.h < source dep.bst:dep.h.in, artifact dep.bst:usr/include/dep.h";
    assert_eq!(origins(&record, &record.inputs), [expected]);
    // The record is of another build of the dependency.
    dep.installed[0].content = content("0");
    let (record, _) = fixture.attribute(&subactions, &[], &[&dep]);
    assert_eq!(origins(&record, &record.inputs), ["usr/include/dep.h < artifact dep.bst:usr/include/dep.h"]);
}

#[test]
fn failed_and_unreadable_actions_are_left_out() {
    let fixture = Fixture::new();
    let store = &fixture.store;
    let mut failed = store.answered(store.action("cc", &store.tree(&["src/main.c=m"])), &[]);
    failed.outcome = Ok(ActionResult { exit_code: 1, ..ActionResult::default() });
    let gone = store.answered(Digest::of(b"an action that nobody uploaded"), &[]);
    let (record, counts) = fixture.attribute(&[failed, gone], &[], &[]);
    assert_eq!((record.actions.len(), counts.left_out), (0, 2));
}

//! What the end of a build and the beginning of the next one wait for, and how large a record is: `cargo bench -p
//! spec-speculation`.
//!
//! The recorded element has [`ACTIONS`] compiles, each with [`INPUTS`] input files: its own, and a different choice of
//! headers of one element and of the system. Then one header that half of the actions read changes. Every sample has a
//! store that has read nothing yet. Stores are in temporary folders (`TMPDIR` says where).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use spec_action::wire::digest_to_proto;
use spec_cas::{Cas, TreeBuilder};
use spec_model::{ActionResult, AnswerSource, Digest, OutputFile, StagedLayer, StagedLayerKind, Subaction};
use spec_proto::{Message, reapi};
use spec_speculation::priming::{Budget, PrimingEffect, PrimingState};
use spec_speculation::{
    ElementBuild, ExpandedRecord, Fact, GenerateOptions, GeneratedRecord, GuardedOverlayPolicy,
    GuardedPrimingPolicy, Instantiator, Record, RecordFormat, Resolver, SpeculationMode, StagedRoot,
    generate_record, look_up,
};
use spec_strategy::NoFacts;
use tempfile::TempDir;

type Failure = Box<dyn std::error::Error>;

const ACTIONS: usize = 1000;
const INPUTS: usize = 500;
/// The number of headers for each that an action reads.
const CHOICE: usize = 4;

fn main() {
    print_record_size();
    divan::main();
}

/// A size is no time, which is all that divan measures.
#[allow(clippy::print_stdout, reason = "a figure for people")]
fn print_record_size() {
    let fixture = Fixture::new();
    let cas = fixture.open();
    let digest = fixture.world.record(&cas).expect("a record is made");
    let record = Record::load(&cas, &digest, "app.bst").expect("it was stored");
    let whole = record.encode_compact().len();
    let tables = Record { actions: Vec::new(), ..record }.encode_compact().len();
    println!("record: {} bytes an action, and tables of {tables} bytes", (whole - tables) / ACTIONS);
}

struct Fixture {
    folder: TempDir,
    world: World,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path()).expect("a store");
        let world = World::new(&cas, ACTIONS, INPUTS).expect("there is room");
        Self { folder, world }
    }

    /// The store as a new process sees it.
    fn open(&self) -> Cas {
        Cas::open(self.folder.path()).expect("a store")
    }

    fn expanded(&self) -> Arc<ExpandedRecord> {
        let cas = self.open();
        let digest = self.world.record(&cas).expect("a record is made");
        Arc::new(expand(&cas, &digest))
    }
}

fn expand(cas: &Cas, digest: &Digest) -> ExpandedRecord {
    let record = Record::load(cas, digest, "app.bst").expect("it was stored");
    ExpandedRecord::of(cas, record).expect("the store works")
}

/// Attribution of all inputs to their origins, and the record.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn generate(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::new();
    let bencher = bencher.with_inputs(|| fixture.open());
    bencher.bench_local_refs(|cas| fixture.world.record(cas).expect("a record is made"));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn load_and_expand(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::new();
    let digest = fixture.world.record(&fixture.open()).expect("a record is made");
    let bencher = bencher.with_inputs(|| fixture.open());
    bencher.bench_local_refs(|cas| expand(cas, &digest));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn predict(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::new();
    let expanded = fixture.expanded();
    let mut run = 0;
    let bencher = bencher.with_inputs(|| fixture.open());
    bencher.bench_local_refs(|cas| {
        run += 1;
        fixture.world.predict(cas, Arc::clone(&expanded), run).expect("the store works")
    });
}

/// Every sample makes actions that the store does not have.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn instantiate(bencher: Bencher<'_, '_>) {
    let fixture = Fixture::new();
    let expanded = fixture.expanded();
    let mut run = 0;
    let predicted = || {
        run += 1;
        let cas = fixture.open();
        let effects = fixture.world.predict(&cas, Arc::clone(&expanded), run).expect("the store works");
        (cas, effects)
    };
    // Half of the actions read the header that changes.
    let bencher = bencher.counter(ItemsCount::new(ACTIONS / 2)).with_inputs(predicted);
    bencher.bench_local_refs(|(cas, effects)| {
        let mut instantiator = Instantiator::new(cas);
        for effect in effects {
            if let PrimingEffect::Adapt { base, adaptation, .. } = effect {
                instantiator.adapt(base, adaptation).expect("the store works");
            }
        }
        instantiator.finish().expect("there is room")
    });
}

/// An element, its sources and its dependencies.
struct World {
    app: Digest,
    dep: Digest,
    system: Digest,
    subactions: Vec<Subaction>,
}

impl World {
    fn new(cas: &Cas, actions: usize, inputs: usize) -> Result<Self, Failure> {
        let headers = inputs * CHOICE / 2;
        let path = |kind: &str, number: usize| format!("usr/include/{kind}/{}/{number}.h", number % 20);
        let mut blobs = HashMap::new();
        let mut blob = |text: String| -> Result<Digest, Failure> {
            if let Some(known) = blobs.get(&text) {
                return Ok(*known);
            }
            let digest = cas.put_bytes(text.as_bytes())?;
            blobs.insert(text, digest);
            Ok(digest)
        };
        let mut trees = [TreeBuilder::new(), TreeBuilder::new(), TreeBuilder::new()];
        for number in 0..headers {
            trees[1].add_file(&path("dep", number), blob(path("dep", number))?, false)?;
            trees[2].add_file(&path("system", number), blob(path("system", number))?, false)?;
        }
        let mut subactions = Vec::new();
        for action in 0..actions {
            let source = format!("{action}.c");
            trees[0].add_file(&source, blob(source.clone())?, false)?;
            let mut root = TreeBuilder::new();
            root.add_file(&format!("buildstream/p/app.bst/src/{source}"), blob(source.clone())?, false)?;
            let mut seed = action as u64;
            for input in 1..inputs {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let kind = ["dep", "system"][input % 2];
                // Half of the actions read the first header, which is going to change.
                let number = if input == 2 { action % 2 } else { 2 + (seed >> 33) as usize % (headers - 2) };
                root.add_file(&path(kind, number), blob(path(kind, number))?, false)?;
            }
            subactions.push(subaction(cas, action, root.store(cas)?, blob(format!("{action}.o"))?)?);
        }
        let [app, dep, system] = trees;
        Ok(Self { app: app.store(cas)?, dep: dep.store(cas)?, system: system.store(cas)?, subactions })
    }

    fn record(&self, cas: &Cas) -> Result<Digest, Failure> {
        let layer = |tree: &Digest, location: &str, element: &str, kind| StagedLayer {
            tree: *tree,
            location: location.to_owned(),
            element: element.to_owned(),
            kind,
        };
        let layers = vec![
            layer(&self.system, "/", "base.bst", StagedLayerKind::Artifact { record: None }),
            layer(&self.dep, "/", "dep.bst", StagedLayerKind::Artifact { record: None }),
            layer(&self.app, "/buildstream/p/app.bst/src", "app.bst", StagedLayerKind::Sources),
        ];
        let staging = StagedRoot::new(cas, layers)?;
        let build = ElementBuild {
            element: "app.bst",
            staging: &staging,
            folders: &[],
            platforms: &[],
            dependencies: &[],
            subactions: &self.subactions,
            predictions: &[],
            artifact: None,
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
        match generate_record(cas, &build, options, true, None)? {
            GeneratedRecord::New { digest, .. } => Ok(digest),
            other => Err(format!("no record was made: {other:?}").into()),
        }
    }

    /// The adaptations after the first header of the dependency changed.
    fn predict(
        &self,
        cas: &Cas,
        expanded: Arc<ExpandedRecord>,
        run: usize,
    ) -> Result<Vec<PrimingEffect>, Failure> {
        let mut change = TreeBuilder::new();
        let new = cas.put_bytes(format!("changed {run}").as_bytes())?;
        change.add_file("usr/include/dep/0/0.h", new, false)?;
        let change = change.store(cas)?;
        let dep =
            cas.merge(&[spec_cas::MergeInput::whole(self.dep), spec_cas::MergeInput::whole(change)])?.root;
        let mut resolver = Resolver::default();
        let app = resolver.register(expanded);
        let facts = [
            (Fact::Sources(app), self.app),
            (Fact::Artifact(resolver.element_id("dep.bst")), dep),
            (Fact::Artifact(resolver.element_id("base.bst")), self.system),
        ];
        let mut priming =
            PrimingState::new(resolver, GuardedPrimingPolicy::default(), Budget::default(), HashMap::new());
        let mut effects = priming.start();
        for (fact, tree) in facts {
            let found = look_up(cas, &tree, &priming.resolver().wanted_paths(fact))?;
            effects.extend(priming.origins_known(found));
        }
        Ok(effects)
    }
}

fn subaction(cas: &Cas, number: usize, input_root: Digest, output: Digest) -> Result<Subaction, Failure> {
    let words = ["/usr/bin/gcc", "-O2", "-c", &format!("{number}.c"), "-o", &format!("{number}.o")]
        .map(str::to_owned);
    let command = reapi::Command {
        arguments: words.into(),
        working_directory: "buildstream/p/app.bst/src".to_owned(),
        output_paths: vec![format!("{number}.o")],
        ..reapi::Command::default()
    };
    let command = cas.put_bytes(&command.encode_to_vec())?;
    let action = reapi::Action {
        command_digest: Some(digest_to_proto(&command)),
        input_root_digest: Some(digest_to_proto(&input_root)),
        ..reapi::Action::default()
    };
    let (path, contents) = (format!("{number}.o"), Vec::new());
    let file =
        OutputFile { path, digest: output, executable: false, properties: Default::default(), contents };
    Ok(Subaction {
        action: cas.put_bytes(&action.encode_to_vec())?,
        answered: AnswerSource::Executed,
        asked: std::time::SystemTime::now(),
        took: Duration::ZERO,
        outcome: Ok(ActionResult { files: vec![file], ..ActionResult::default() }),
    })
}

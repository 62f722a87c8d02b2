//! What it takes to pull the record of an element with a thousand actions over a wire with a round trip of 50 ms.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use spec_artifact::ArtifactName;
use spec_cas::{Cas, CasError, TreeBuilder};
use spec_model::{Cancel, Digest, ElementName, Key};
use spec_proto::buildstream::v2::Artifact;
use spec_proto::{Message, reapi};
use spec_remote::{AssetReferences, BlobProvider, Remote, RemoteOptions};
use spec_shared_cache::{CacheMonitor, CacheRuntime, CacheServerOptions, SharedArtifacts};
use spec_speculation::{
    Content, ExpandedRecord, Record, RecordFormat, RecordedAction, RecordedInput, fetch_messages,
};
use spec_testkit::engines::{FarEnd, Wire};
use spec_testkit::faulty::FaultyServer;
use spec_testkit::{Host, Service};

/// How many actions and headers the record has: of one action, and of an element.
const SIZES: [(usize, usize); 2] = [(1, 1), (1000, 500)];
/// The folders on the way to a header and the input root.
const DEPTH: u64 = 7;
const ROUND_TRIP: Duration = Duration::from_millis(50);

#[derive(Default)]
struct NoMonitor(Cancel);

impl CacheMonitor for NoMonitor {
    fn activity(&self, _: &str) {}
    fn info(&self, _: &'static str, _: String) {}
    fn warning(&self, reason: &str, text: String) {
        panic!("{reason}: {text}");
    }
    fn cancel(&self) -> &Cancel {
        &self.0
    }
}

fn header(number: usize) -> (String, Content) {
    let folder = number / 25;
    let content =
        Content::File { digest: Digest::of(format!("header {number}").as_bytes()), executable: false };
    (format!("usr/include/lib/v{folder}/api/detail/h{number}.h"), content)
}

fn file(content: &Content) -> Digest {
    let Content::File { digest, .. } = content else { panic!("it is a file") };
    *digest
}

fn wire_digest(digest: Digest) -> Option<reapi::Digest> {
    Some(reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() })
}

/// Stores the messages of an action, and notes it with its source in the record.
fn add_action(cas: &Cas, record: &mut Record, number: usize, headers: usize) {
    let mut root = TreeBuilder::new();
    let mut add = |path: &str, content: &Content| root.add_file(path, file(content), false).expect("a path");
    for (path, content) in (0..headers).map(header) {
        add(&path, &content);
    }
    let (path, text) = (format!("b/app/{number}.c"), format!("source {number}"));
    let content = Content::File { digest: Digest::of(text.as_bytes()), executable: false };
    add(&path, &content);
    let root = root.store(cas).expect("it is stored");
    let arguments = ["gcc", "-c", &path].map(str::to_owned).to_vec();
    let command = reapi::Command { arguments, ..Default::default() };
    let command = cas.put_bytes(&command.encode_to_vec()).expect("it is stored");
    let (command_digest, input_root_digest) = (wire_digest(command), wire_digest(root));
    let action = reapi::Action { command_digest, input_root_digest, ..Default::default() };
    let base = cas.put_bytes(&action.encode_to_vec()).expect("it is stored");
    let (outputs, platforms) = (Vec::new(), Vec::new());
    record.actions.push(RecordedAction {
        base,
        outputs,
        platforms,
        took_ms: 1,
        cpu_ms: 1,
        hits: 0,
        misses: 0,
        earlier: vec![],
    });
    record.inputs.push(RecordedInput { path: record.paths.add(&path), content, origins: Vec::new() });
}

/// Has a server know a record of this size under the weak key of `name`, and have its messages, together in a blob, too, if
/// they are `packed`.
fn push(name: &ArtifactName, options: RemoteOptions, (actions, headers): (usize, usize), packed: bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a new store");
    let mut record = Record::of("app.bst");
    for (path, content) in (0..headers).map(header) {
        record.inputs.push(RecordedInput { path: record.paths.add(&path), content, origins: Vec::new() });
    }
    (0..actions).for_each(|number| add_action(&cas, &mut record, number, headers));
    let digest = record.store_packed(&cas, RecordFormat::Compact).expect("it is stored");
    let artifact = Artifact {
        version: 2,
        build_success: true,
        strong_key: Key::of(b"strong").to_string(),
        strict_key: Key::of(b"strong").to_string(),
        weak_key: name.key().to_string(),
        public_data: wire_digest(digest),
        low_diversity_meta: wire_digest(digest),
        high_diversity_meta: wire_digest(digest),
        speculative_actions: wire_digest(digest),
        ..Artifact::default()
    };
    let artifact = cas.put_bytes(&artifact.encode_to_vec()).expect("it is stored");
    let stored = Record::load(&cas, &digest, "app.bst").expect("it is a record");
    let mut blobs = vec![digest, artifact];
    blobs.extend(stored.messages.filter(|_| packed));
    let note = |messages: &[Digest]| {
        blobs.extend(messages);
        Ok::<(), CasError>(())
    };
    fetch_messages(&cas, [&record], note).expect("all of them are here");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let remote = Remote::new(options).expect("options");
        let provider: Arc<dyn BlobProvider> = Arc::new(cas.clone());
        remote.push(provider, &blobs).await.expect("it takes them");
        let uri = format!("urn:fdc:buildstream.build:2020:artifact:{name}");
        remote.push_blob(&[uri], &artifact, &AssetReferences::default()).await.expect("it takes it");
    });
}

/// Pulls a record of this size, and all messages that it needs; answers with the number of requests, of which each waits for the
/// one before, but those for the parts of one level.
fn pull((actions, headers): (usize, usize), packed: bool) -> u64 {
    let server = Host::new();
    let service = Service::start(&server, &["--workers", "0"]);
    let options = |url: &str| RemoteOptions::new(url.parse().expect("an address"));
    let element = ElementName::local("app.bst").expect("a name");
    let name = ArtifactName::new("test", &element, Key::of(b"weak"));
    push(&name, options(&service.url()), (actions, headers), packed);

    let counted = FaultyServer::in_front_of(&service.url());
    let near: std::net::SocketAddr = counted.url().trim_start_matches("http://").parse().expect("an address");
    let wire = Wire::to(FarEnd::Tcp(near), ROUND_TRIP);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path()).expect("a new store");
    let remote = options(&wire.url());
    let servers = vec![CacheServerOptions { remote, index: true, storage: true, push: false }];
    let runtime = CacheRuntime::start().expect("threads");
    let (artifacts, monitor) = (SharedArtifacts::new(servers, runtime, &cas, 8), NoMonitor::default());
    let start = Instant::now();
    let found = artifacts.pull_records(&[name], &monitor).expect("the store works")[0].expect("it is there");
    let record = Record::load(&cas, &found, "app.bst").expect("it is a record");
    let with_record = start.elapsed();
    let fetch = |digests: &[Digest]| artifacts.pull_blobs(digests, &monitor);
    fetch_messages(&cas, [&record], fetch).expect("the store works");
    let with_messages = start.elapsed();
    let expanded = ExpandedRecord::of(&cas, record).expect("the store works");
    let all = start.elapsed();
    assert!(expanded.actions.iter().flatten().all(|action| action.inputs.len() == headers + 1));
    assert_eq!(expanded.actions.iter().flatten().count(), actions);
    let requests = counted.take_requests();
    let told =
        format!("record after {with_record:?}, messages {with_messages:?}, inputs {all:?}: {requests:?}\n");
    let _ = std::io::stderr().write_all(told.as_bytes());
    assert_eq!(requests["FetchBlob"], 1);
    assert!(!requests.contains_key("FindMissingBlobs"), "{requests:?}");
    assert!(all < Duration::from_secs(30), "{all:?}");
    requests["FetchBlob"] + requests["BatchReadBlobs"] + requests.get("Read").copied().unwrap_or(0)
}

#[test]
fn round_trips_do_not_grow_with_actions_and_inputs() {
    // The asset, the artifact, the record, and all messages.
    assert_eq!(SIZES.map(|size| pull(size, true)), [4, 4]);
}

#[test]
fn without_the_blob_of_all_messages_there_is_a_round_trip_for_each_level() {
    let [of_one, of_all] = SIZES.map(|size| pull(size, false));
    // The asset, the artifact, the record, the blob that is not there, the base actions, and a level each.
    assert_eq!(of_one, 5 + DEPTH);
    // A level of many messages may take two requests, which do not wait for each other.
    assert!((of_one..=of_one + 3).contains(&of_all), "{of_one} for one action, {of_all} for all");
}

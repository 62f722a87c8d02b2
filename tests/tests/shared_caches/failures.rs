//! Servers that are away, refuse, forget or lie: the build says so once, and goes on without them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use spec_model::Digest;
use spec_proto::asset::PushBlobRequest;
use spec_proto::asset::push_client::PushClient;
use spec_proto::reapi;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::{Host, Outcome, Project, Service};

use crate::fixture::{checkout, done, machine, project, serve, server};

/// A build that is as good as one without servers, with one warning for each of `reasons`.
fn goes_on(outcome: &Outcome, builds: usize, reasons: &[&str]) {
    assert!(outcome.success().is_empty());
    assert_eq!(done(outcome, "build"), builds, "{}", outcome.stderr);
    for reason in reasons {
        let title = format!("warning[{reason}]");
        assert_eq!(outcome.stderr.matches(&title).count(), 1, "{reason}:\n{}", outcome.stderr);
    }
}

#[test]
fn a_server_that_is_away_costs_a_warning() {
    let project = project();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let url = format!("http://{}", free.expect("there is a free port"));
    let patient = ", connection-config: {retry-limit: 1}";
    let built = machine(&server("artifacts", &url, true, patient)).run(&project, &["build", "top.bst"]);
    goes_on(&built, 4, &["remote-unreachable"]);
    let said = "artifacts are not pulled from it";
    assert!(built.stderr.contains(said) && built.stderr.contains("(since "), "{}", built.stderr);
    let pull = ["artifact", "pull", "--artifact-remote", &url, "top.bst"];
    let pulled = Host::new().run(&project, &pull);
    assert!(pulled.failure().contains("no server that has it answers"), "{}", pulled.stderr);
}

#[test]
fn what_a_server_says_that_it_lacks_is_pushed_whatever_it_said_before() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let faulty = FaultyServer::in_front_of(&service.url());
    faulty.inject_in("FindMissingBlobs", Fault::Forget);
    let lines =
        server("artifacts", &faulty.url(), true, "") + &server("source-caches", &faulty.url(), true, "");
    let built = machine(&lines).run(&project, &["build", "top.bst"]);
    goes_on(&built, 4, &[]);
    assert!(!built.stderr.contains("warning["), "{}", built.stderr);
    let pulled =
        machine(&server("artifacts", &service.url(), false, "")).run(&project, &["build", "top.bst"]);
    goes_on(&pulled, 0, &[]);
    assert_eq!(done(&pulled, "pull"), 4, "{}", pulled.stderr);
}

#[test]
fn the_next_server_is_asked() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let _ = machine(&server("artifacts", &service.url(), true, ""))
        .run(&project, &["build", "top.bst"])
        .success();
    let both = format!(
        "artifacts: {{servers: [{{url: 'http://127.0.0.1:9', connection-config: {{retry-limit: 0}}}}, {{url: '{}'}}]}}\n",
        service.url()
    );
    let pulled = machine(&both).run(&project, &["build", "top.bst"]);
    goes_on(&pulled, 0, &["remote-unreachable"]);
    assert_eq!(done(&pulled, "pull"), 4, "{}", pulled.stderr);
}

#[test]
fn who_may_only_read_pulls_and_poisons_nothing() {
    let (host, project) = (Host::new(), project());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let token = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("{name}-token\n")).expect("a file of our own");
        path.display().to_string()
    };
    let (read, write) = (token("read"), token("write"));
    let service = serve(&host, &["--read-tokens", &read, "--write-tokens", &write]);
    let with = |push: bool, token: &str| {
        machine(&server("artifacts", &service.url(), push, &format!(", auth: {{access-token: {token}}}")))
    };
    let first = with(true, &write).run(&project, &["build", "top.bst"]);
    goes_on(&first, 4, &[]);
    let reader = with(true, &read);
    let pulled = reader.run(&project, &["build", "top.bst"]);
    goes_on(&pulled, 0, &[]);
    project.write("files/two/usr/share/two", "something else");
    let built = reader.run(&project, &["build", "top.bst"]);
    goes_on(&built, 3, &["remote-denied"]);
    let other = with(false, &write).run(&project, &["artifact", "show", "top.bst"]);
    assert!(other.success().contains("not cached"), "{}", other.stdout);
    // A token that the server does not know.
    let wrong = with(true, &token("wrong"));
    let built = wrong.run(&project, &["build", "top.bst"]);
    built.refused(2, "remote-denied", &["spec-host.conf:3:", "check the token"]);
    let told = built.stderr.clone() + &wrong.run(&project, &["artifact", "pull", "one.bst"]).stderr;
    assert!(!told.contains("wrong-token") && told.contains("requires a bearer token"), "{told}");
}

/// The blobs of a server's store that hold this text.
fn blobs_with(host: &Host, text: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(host.cache().join("cas/objects")).expect("there are blobs").flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let holds =
        |path: &PathBuf| fs::read(path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text));
    files.map(|file| file.path()).filter(holds).collect()
}

/// Two servers of one cache: one knows keys, the other holds blobs, so that the first does not see what the second lost.
fn forgetful(text: &str) -> (Host, Host, Service, Service, String, Project) {
    let (keys, blobs, project) = (Host::new(), Host::new(), project());
    let (index, storage) = (serve(&keys, &[]), serve(&blobs, &[]));
    let both = |push: bool| {
        let one = |url: String, kind: &str| format!("{{url: '{url}', type: {kind}, push: {push}}}");
        let (index, storage) = (one(index.url(), "index"), one(storage.url(), "storage"));
        format!("artifacts: {{servers: [{index}, {storage}]}}\n")
    };
    // An index of ours keeps only what is in its own store, so the blobs go there too.
    let all = server("artifacts", &index.url(), true, "");
    let _ = machine(&all).run(&project, &["build", "--deps", "all", "top.bst"]).success();
    let filled = machine(&server("artifacts", &index.url(), false, ""));
    let _ = filled.run(&project, &["artifact", "pull", "--deps", "all", "top.bst"]).success();
    filled.configure(&both(true));
    let _ = filled.run(&project, &["artifact", "push", "--deps", "all", "top.bst"]).success();
    for blob in blobs_with(&blobs, text) {
        fs::remove_file(blob).expect("it is there");
    }
    let config = both(false);
    (keys, blobs, index, storage, config, project)
}

#[test]
fn what_a_server_forgot_is_built_with_all_that_needs() {
    let (_keys, _blobs, _index, _storage, config, project) = forgetful("middle");
    let host = machine(&config);
    let built = host.run(&project, &["build", "--deps", "none", "top.bst"]);
    assert!(built.success().is_empty());
    // The records of `middle` and `top` name `middle`. What building them takes was not required before.
    assert_eq!((done(&built, "pull"), done(&built, "build")), (2, 2), "{}", built.stderr);
    assert!(checkout(&host, &project, "top.bst").contains("usr/share/one"));
}

#[test]
fn a_record_of_another_artifact_is_refused() {
    let (host, project) = (Host::new(), project());
    let service = serve(&host, &[]);
    let config = server("artifacts", &service.url(), true, "");
    let _ = machine(&config).run(&project, &["build", "--deps", "all", "top.bst"]).success();
    // A server that says that `one` is what is `two`, and one that says that `top` is a text.
    let lies = Host::new();
    let lying = serve(&lies, &[]);
    let filled = machine(&server("artifacts", &service.url(), false, ""));
    let _ = filled.run(&project, &["artifact", "pull", "--deps", "all", "top.bst"]).success();
    filled.configure(&server("artifacts", &lying.url(), true, ""));
    let _ = filled.run(&project, &["artifact", "push", "two.bst"]).success();
    let record = |element: &str| {
        let key = filled.run(&project, &["show", "--deps", "none", "--format", "%{full-key}", element]);
        format!("test/{}/{}", element.trim_end_matches(".bst"), key.success().trim())
    };
    let name = record("two.bst");
    let bytes = fs::read(filled.cache().join("cas/refs/artifacts").join(name)).expect("it is recorded");
    push_asset(&lying.url(), &record("one.bst"), &bytes);
    push_asset(&lying.url(), &record("top.bst"), b"rubbish");
    let host = machine(&server("artifacts", &lying.url(), false, ""));
    let built = host.run(&project, &["build", "--deps", "all", "top.bst"]);
    assert!(built.success().is_empty());
    assert_eq!((done(&built, "pull"), done(&built, "build")), (1, 3), "{}", built.stderr);
    assert_eq!(built.stderr.matches("warning[wrong-artifact]").count(), 2, "{}", built.stderr);
    assert_eq!(checkout(&host, &project, "top.bst"), checkout(&filled, &project, "top.bst"));
}

/// Has a name of an artifact stand for some bytes.
fn push_asset(url: &str, name: &str, bytes: &[u8]) {
    let digest = Digest::of(bytes);
    let digest = reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let blob = reapi::batch_update_blobs_request::Request {
            digest: Some(digest.clone()),
            data: bytes.to_vec(),
            ..Default::default()
        };
        let blobs = reapi::BatchUpdateBlobsRequest { requests: vec![blob], ..Default::default() };
        let storage = ContentAddressableStorageClient::connect(url.to_owned()).await;
        storage.expect("it listens").batch_update_blobs(blobs).await.expect("it stores");
        let asset = PushBlobRequest {
            uris: vec![format!("urn:fdc:buildstream.build:2020:artifact:{name}")],
            blob_digest: Some(digest),
            ..Default::default()
        };
        let index = PushClient::connect(url.to_owned()).await;
        index.expect("it listens").push_blob(asset).await.expect("it stores");
    });
}

#[test]
fn a_server_that_answers_rubbish_costs_at_most_its_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    // It ends with the process of the tests.
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || rubbish(stream));
        }
    });
    let project = project();
    let patient = ", connection-config: {retry-limit: 1, request-timeout: 2}";
    let start = Instant::now();
    let built = machine(&server("artifacts", &url, true, patient)).run(&project, &["build", "top.bst"]);
    goes_on(&built, 4, &[]);
    assert!(built.stderr.contains("artifacts are not pulled from it"), "{}", built.stderr);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Reads what comes, and answers with what is no HTTP.
fn rubbish(mut stream: std::net::TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(1..) = stream.read(&mut bytes) {
        if stream.write_all(&[0xff; 512]).is_err() {
            return;
        }
    }
}

#[test]
fn a_server_that_never_answers_costs_at_most_its_time_out() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    thread::spawn(move || {
        let kept: Vec<_> = listener.incoming().flatten().collect();
        drop(kept);
    });
    let project = project();
    let patient = ", connection-config: {retry-limit: 0, request-timeout: 2}";
    let start = Instant::now();
    let built = machine(&server("artifacts", &url, true, patient)).run(&project, &["build", "top.bst"]);
    goes_on(&built, 4, &[]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn a_failure_is_pushed_and_pulled_as_such() {
    let failing = "kind: manual\ndepends: [debian.bst]\nconfig: {build-commands: ['echo why; false']}\n";
    let (base, project) = (Host::shared(), Project::on_base(&[("elements/fails.bst", failing)]));
    let host = Host::new();
    let service = serve(&host, &[]);
    base.configure(&server("artifacts", &service.url(), true, ""));
    assert!(base.run(&project, &["build", "fails.bst"]).failure().contains("why"));
    let deleted = base.run(&project, &["artifact", "delete", "fails.bst"]);
    let _ = deleted.success();
    let again = base.run(&project, &["build", "fails.bst"]);
    assert!(again.failure().contains("failed before"), "{}", again.stderr);
    assert!(again.stderr.contains("Pulled artifact"), "{}", again.stderr);
    let retried = base.run(&project, &["build", "--retry-failed", "fails.bst"]);
    assert!(!retried.failure().contains("failed before"), "{}", retried.stderr);
}

#[test]
fn build_trees_are_pulled_only_when_wanted() {
    let element = "kind: manual\ndepends: [debian.bst]\nconfig: {build-commands: ['echo made > made']}\n";
    let (base, project) = (Host::shared(), Project::on_base(&[("elements/made.bst", element)]));
    let (host, other) = (Host::new(), Host::new());
    let (service, second) = (serve(&host, &[]), serve(&other, &[]));
    base.configure(&server("artifacts", &service.url(), true, ""));
    let _ = base.run(&project, &["--cache-buildtrees", "always", "build", "made.bst"]).success();
    let with = machine(&format!(
        "artifacts: {{servers: [{{url: '{}'}}, {{url: '{}', push: True}}]}}\n",
        service.url(),
        second.url()
    ));
    let pulled = with.run(&project, &["artifact", "pull", "made.bst"]);
    assert!(pulled.success().is_empty());
    assert!(!holds(&with, "made\n"), "the build tree was not wanted");
    let pushed = with.run(&project, &["artifact", "push", "made.bst"]);
    assert!(pushed.failure().contains("without its build tree"), "{}", pushed.stderr);
    let pushed = with.run(&project, &["--pull-buildtrees", "artifact", "push", "made.bst"]);
    assert!(pushed.success().is_empty());
    assert!(holds(&with, "made\n") && holds(&other, "made\n"), "the build tree was wanted");
}

fn holds(host: &Host, text: &str) -> bool {
    let blob = Digest::of(text.as_bytes()).hex();
    Path::new(&host.cache()).join("cas/objects").join(&blob[..2]).join(&blob).exists()
}

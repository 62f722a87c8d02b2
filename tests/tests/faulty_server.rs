//! `cas push` and `cas pull` at a server that does things wrong: they end with the reason, or with the same result.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use spec_testkit::engines::NewConnections;
use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::{Host, Outcome, Service};
use tonic::Code;

const DEADLINE: Duration = Duration::from_secs(200);

/// What a fault is injected in, and what has to come of it: a reason, or nothing for success.
type Case = (&'static str, &'static str, Fault, Option<&'static str>);

/// A server with a tree, and a faulty one in front of it.
struct Served {
    faulty: FaultyServer,
    _service: Service,
    host: Host,
    digest: String,
}

impl Served {
    fn start() -> Served {
        let host = Host::new();
        let service = Service::start(&host, &["--workers", "0"]);
        let faulty = FaultyServer::in_front_of(&service.url());
        let here = host.folder().join("here");
        fs::create_dir(&here).expect("it is ours");
        fs::write(here.join("small"), "small").expect("it is ours");
        // Too large for a batch.
        let large: Vec<u8> = (0..9_000_000u32).map(|n| (n % 253) as u8).collect();
        fs::write(here.join("large"), large).expect("it is ours");
        let mut served = Served { faulty, _service: service, host, digest: String::new() };
        served.digest = served.cas(&Host::new(), &["push", "here"]).success().trim().to_owned();
        served
    }

    /// A command of a client with a cache of its own.
    fn cas(&self, client: &Host, arguments: &[&str]) -> Outcome {
        let folder = self.host.folder();
        let mut command = client.command_in(folder);
        command.arg("cas").args(arguments).args(["--remote", &self.faulty.url()]).current_dir(folder);
        Outcome::of(&mut command, DEADLINE)
    }

    /// Pulls into a folder that is not there, which a pull that failed must not leave.
    fn pull(&self) -> Outcome {
        let there = self.host.folder().join("there");
        let outcome = self.cas(&Host::new(), &["pull", &self.digest, "there"]);
        assert_eq!(there.exists(), outcome.code == Some(0), "{}", outcome.stderr);
        if there.exists() {
            self.check(&there);
            fs::remove_dir_all(&there).expect("it is ours");
        }
        outcome
    }

    fn check(&self, there: &Path) {
        for name in ["small", "large"] {
            let [sent, received] =
                [&self.host.folder().join("here"), there].map(|at| fs::read(at.join(name)).ok());
            assert!(sent == received, "{name} is another one");
        }
    }

    fn try_cases(&self, cases: &[Case], mut run: impl FnMut(&Served) -> Outcome) {
        for (what, method, fault, reason) in cases {
            self.faulty.inject_in(method, fault.clone());
            let outcome = run(self);
            self.faulty.heal();
            match reason {
                Some(reason) => outcome.refused(1, reason, &[]),
                None => assert_eq!(outcome.code, Some(0), "{what}: {}", outcome.stderr),
            }
        }
    }
}

const FAR_AWAY: Fault = Fault::Refuse(Code::Unavailable, "the server is restarting");
const FULL: Fault = Fault::Refuse(Code::ResourceExhausted, "too many requests");
const DENIED: Fault = Fault::Refuse(Code::PermissionDenied, "you may not");
const BROKEN: Fault = Fault::Refuse(Code::Internal, "the disk is full");

#[test]
fn a_pull_at_a_faulty_server_says_what_is_wrong() {
    let served = Served::start();
    let cases: &[Case] = &[
        ("it is away", "GetCapabilities", FAR_AWAY, Some("remote-failed")),
        ("it is full", "BatchReadBlobs", FULL, Some("remote-full")),
        ("it denies", "BatchReadBlobs", DENIED, Some("remote-denied")),
        ("it fails", "Read", BROKEN, Some("remote-failed")),
        ("wrong bytes in a batch", "BatchReadBlobs", Fault::WrongBytes, Some("remote-broken")),
        ("wrong bytes in a stream", "Read", Fault::WrongBytes, Some("remote-broken")),
        ("wrong digests", "BatchReadBlobs", Fault::WrongDigests, Some("remote-broken")),
        ("no messages", "BatchReadBlobs", Fault::Garbage, Some("remote-failed")),
        ("no messages in a stream", "Read", Fault::Garbage, Some("remote-failed")),
        ("forgotten in a batch", "BatchReadBlobs", Fault::Forget, Some("remote-missing")),
        ("forgotten in a stream", "Read", Fault::Forget, Some("remote-missing")),
        ("it cuts streams", "Read", Fault::Cut(1_000_000), Some("remote-unreachable")),
        ("it is slow", "BatchReadBlobs", Fault::Delay(Duration::from_millis(300)), None),
    ];
    served.try_cases(cases, Served::pull);
}

#[test]
fn a_push_at_a_faulty_server_says_what_is_wrong() {
    let served = Served::start();
    let cases: &[Case] = &[
        ("it is away", "FindMissingBlobs", FAR_AWAY, Some("remote-failed")),
        ("it is full", "BatchUpdateBlobs", FULL, Some("remote-full")),
        ("it denies", "BatchUpdateBlobs", DENIED, Some("remote-denied")),
        ("it fails", "Write", BROKEN, Some("remote-failed")),
        ("no messages", "FindMissingBlobs", Fault::Garbage, Some("remote-failed")),
    ];
    // Nothing of it is there yet.
    let mut pushed = 0;
    served.try_cases(cases, |served| {
        pushed += 1;
        let folder = served.host.folder().join(format!("new{pushed}"));
        fs::create_dir(&folder).expect("it is ours");
        fs::write(folder.join("small"), format!("new {pushed}")).expect("it is ours");
        let large: Vec<u8> = (0..9_000_000u32).map(|n| (n % (200 + pushed)) as u8).collect();
        fs::write(folder.join("large"), large).expect("it is ours");
        served.cas(&Host::new(), &["push", &format!("new{pushed}")])
    });
}

#[test]
fn batches_that_are_larger_than_the_server_takes_are_divided() {
    let served = Served::start();
    let many = served.host.folder().join("many");
    fs::create_dir(&many).expect("it is ours");
    (0..100).for_each(|n| fs::write(many.join(n.to_string()), vec![n; 60_000]).expect("it is ours"));
    for method in ["BatchUpdateBlobs", "BatchReadBlobs"] {
        served.faulty.inject_in(method, Fault::LargestBatch(1_000_000));
    }
    let digest = served.cas(&Host::new(), &["push", "many"]).success().trim().to_owned();
    let _ = served.cas(&Host::new(), &["pull", &digest, "back"]).success();
    for n in 0..100u8 {
        let back = fs::read(served.host.folder().join("back").join(n.to_string()));
        assert!(back.expect("it is there") == vec![n; 60_000], "{n} is another one");
    }
    for method in ["BatchUpdateBlobs", "BatchReadBlobs"] {
        let asked = served.faulty.requests(method);
        assert!((8..=25).contains(&asked), "{method}: {asked} requests for 6 MB in batches of 1 MB");
    }
}

#[test]
fn a_request_that_hangs_is_sent_again() {
    let served = Served::start();
    served.faulty.inject_times("GetCapabilities", Fault::Hang, 1);
    let start = Instant::now();
    let pulled = served.pull();
    assert_eq!(pulled.code, Some(0), "{}", pulled.stderr);
    assert!(start.elapsed() < Duration::from_secs(50), "it waited {:?}", start.elapsed());
    assert!(served.faulty.requests("GetCapabilities") >= 2);
}

#[test]
fn what_passes_is_tried_again() {
    let served = Served::start();
    let cases = [
        ("GetCapabilities", FAR_AWAY),
        ("BatchReadBlobs", FAR_AWAY),
        ("Read", FAR_AWAY),
        ("BatchReadBlobs", FULL),
        ("Read", FULL),
        ("GetCapabilities", Fault::Cut(0)),
        ("Read", Fault::Cut(1_000_000)),
    ];
    for (method, fault) in cases {
        served.faulty.inject_times(method, fault.clone(), 2);
        let _ = served.faulty.take_requests();
        let pulled = served.pull();
        assert_eq!(pulled.code, Some(0), "{method}, {fault:?}: {}", pulled.stderr);
        assert!(served.faulty.requests(method) >= 3, "{method}");
        served.faulty.heal();
    }
}

#[test]
fn a_connection_that_is_no_connection_is_refused() {
    let served = Served::start();
    for what in [NewConnections::Close, NewConnections::Garbage, NewConnections::HalfClose] {
        served.faulty.wire().cut();
        served.faulty.wire().on_connect(what);
        served.pull().refused(1, "remote-unreachable", &[&served.faulty.url()]);
    }
    served.faulty.wire().on_connect(NewConnections::Carry);
    let _ = served.pull().success();
}

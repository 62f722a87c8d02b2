//! Whole elements on a server: those that request actions through a socket there, and what becomes of elements when the
//! server refuses, lies, forgets, or goes away in the middle.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use spec_testkit::engines::BuildGrid;
use spec_testkit::faulty::{Fault, FaultyServer};
use spec_testkit::recc::{BASE, RECC};
use spec_testkit::{Host, Outcome, Project, Service, wait_for};
use tonic::Code;

const METRICS: &[&str] = &["--metrics-listen", "127.0.0.1:0"];

/// Bytes of the smallest large file: too many for a batch.
const LARGE: usize = 9_000_000;

/// What has elements with a socket sent to the server.
const EVERYTHING: &str = "elements: remote, elements-with-socket: remote";

/// A client with a cache of its own and a project with the element `NAME.bst`, which compiles a file with recc.
struct Client {
    host: Host,
    project: Project,
}

impl Client {
    fn new() -> Client {
        let client = Client { host: Host::with_base(), project: Project::on_base(&[]) };
        client.write_source(1);
        let compile = "  - recc gcc -c app.c -o app.o\n  - install -D app.o %{install-root}/app.o\n";
        let sources = "sources:\n- {kind: local, path: files/app}\n";
        let element = format!(
            "kind: manual\nbuild-depends:\n{BASE}{RECC}{sources}config:\n  build-commands:\n{compile}"
        );
        client.project.write("elements/app.bst", &element);
        client
    }

    fn write_source(&self, version: u32) {
        self.project.write("files/app/app.h", &format!("#define VERSION {version}\n"));
        self.project.write("files/app/app.c", "#include \"app.h\"\nint version(void) { return VERSION; }\n");
    }

    fn configure(&self, url: &str, execution: &str) {
        let services = ["execution-service", "storage-service", "action-cache-service"];
        let services: String = services.map(|name| format!("  {name}: {{url: '{url}'}}\n")).concat();
        let speculation = "scheduler: {speculative-actions: True}\n";
        self.host
            .configure(&format!("{speculation}remote-execution:\n{services}execution: {{{execution}}}\n"));
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.host.run(&self.project, &[&["--option", "recc", "true"], arguments].concat())
    }

    fn log(&self, element: &str) -> String {
        self.run(&["artifact", "log", element]).success().to_owned()
    }

    fn contents(&self, element: &str) -> String {
        let format = ["show", "--deps", "none", "--format", "%{artifact-cas-digest}", element];
        self.run(&format).success().trim().to_owned()
    }

    /// How the recorded actions of `app.bst` were answered.
    fn answers(&self) -> Vec<String> {
        let shown = self.run(&["artifact", "subactions", "--json", "app.bst"]);
        let all: Value = serde_json::from_str(shown.success()).expect("it is JSON");
        let all = all[0]["subactions"].as_array().expect("there is a list").clone();
        all.iter().map(|one| one["answered"].as_str().unwrap_or("?").to_owned()).collect()
    }
}

fn lines(outcome: &Outcome, with: &str) -> usize {
    outcome.stderr.lines().filter(|line| line.contains(with)).count()
}

#[test]
fn an_element_with_a_socket_is_built_there_with_a_record_and_as_here() {
    let server = Host::new();
    let service = Service::start(&server, METRICS);
    let client = Client::new();
    client.configure(&service.url(), &format!("{EVERYTHING}, local-fallback: False"));
    let built = client.run(&["build", "app.bst"]);
    let _ = built.success();
    assert!(!client.log("app.bst").contains("on this machine"), "{}", client.log("app.bst"));
    assert_eq!(lines(&built, "warning["), 0, "{}", built.stderr);
    assert_eq!(client.answers(), ["executed"]);
    let contents = client.contents("app.bst");

    // What is kept there has the record, too.
    let _ = client.run(&["artifact", "delete", "app.bst"]).success();
    fs::remove_dir_all(client.host.cache().join("cas/actions")).expect("results are kept there");
    let _ = client.run(&["build", "app.bst"]).success();
    assert_eq!(
        (client.answers(), client.contents("app.bst")),
        (vec!["cache-hit".to_owned()], contents.clone())
    );

    // What changed is primed from that record, and is a hit for the element there.
    client.write_source(2);
    let built = client.run(&["build", "app.bst"]);
    let _ = built.success();
    assert_eq!(client.answers(), ["cache-hit"], "{}", built.stderr);
    assert_ne!(client.contents("app.bst"), contents);

    let here = Client::new();
    let _ = here.run(&["build", "app.bst"]).success();
    assert_eq!(here.contents("app.bst"), contents);
}

#[test]
fn a_server_that_gives_no_sockets_is_told_with_a_hint() {
    let server = Host::new();
    let service = Service::start(&server, &["--no-action-sockets"]);
    let client = Client::new();
    let hint = "elements-with-socket: local";
    client.configure(&service.url(), EVERYTHING);
    let built = client.run(&["build", "app.bst"]);
    let _ = built.success();
    assert_eq!(lines(&built, "warning[cluster-refused]"), 1, "{}", built.stderr);
    assert!(built.stderr.contains("remoteApisSocketPath") && built.stderr.contains(hint), "{}", built.stderr);
    assert_eq!(client.answers(), ["executed"]);

    let _ = client.run(&["artifact", "delete", "app.bst"]).success();
    client.configure(&service.url(), &format!("{EVERYTHING}, local-fallback: False"));
    client.write_source(2);
    client.run(&["build", "app.bst"]).refused(1, "remote-refused", &["remoteApisSocketPath", hint]);
}

#[test]
fn doctor_tries_an_action_with_a_socket_if_elements_with_one_go_there() {
    let client = Client::new();
    let server = Host::with_base();
    let service = Service::start(&server, &[]);
    client.configure(&service.url(), "elements: remote");
    let told = client.run(&["doctor"]);
    assert!(!told.stdout.contains("socket in the base"), "{}", told.stdout);
    client.configure(&service.url(), EVERYTHING);
    let told = client.run(&["doctor"]);
    assert!(told.success().contains("a look for a socket in the base of "), "{}", told.stdout);
    let empty = Host::new();
    let other = Service::start(&empty, &["--no-action-sockets"]);
    client.configure(&other.url(), EVERYTHING);
    let told = client.run(&["doctor"]);
    let all = format!("{}{}", told.stdout, told.stderr);
    assert!(
        all.contains("an action with a socket: ") && all.contains("elements-with-socket: local"),
        "{all}"
    );
}

#[test]
fn a_buildgrid_with_real_workers_opens_sockets_and_says_that_nothing_is_recorded() {
    let grid = BuildGrid::with_sockets(2);
    let client = Client::new();
    client.configure(&grid.url(), &format!("{EVERYTHING}, local-fallback: False"));
    let built = client.run(&["build", "app.bst"]);
    let _ = built.success();
    assert!(grid.has_executed());
    assert_eq!(lines(&built, "warning[requests-unrecorded]"), 1, "{}", built.stderr);
    let log = client.log("app.bst");
    assert!(log.contains("names no actions") && !log.contains("on this machine"), "{log}");
    assert_eq!(client.answers(), Vec::<String>::new());
    let here = Client::new();
    let _ = here.run(&["build", "app.bst"]).success();
    assert_eq!(here.contents("app.bst"), client.contents("app.bst"));
}

/// A server, and a faulty one in front of it, for elements that need no socket.
struct Far {
    service: Service,
    server: Host,
    faulty: FaultyServer,
    client: Client,
}

impl Far {
    fn start() -> Far {
        let server = Host::with_base();
        let service = Service::start(&server, METRICS);
        let faulty = FaultyServer::in_front_of(&service.url());
        let client = Client::new();
        client.configure(&faulty.url(), "elements: remote");
        Far { service, server, faulty, client }
    }

    /// Writes an element that nobody has built, with files that nobody has.
    fn element(&self, number: usize, before: &str) -> String {
        let (name, size) = (format!("plain{number}.bst"), LARGE + number);
        let small =
            format!("mkdir -p %{{install-root}}/a/b; echo small {number} > %{{install-root}}/a/b/small");
        let large = format!("head -c {size} /dev/zero > %{{install-root}}/large");
        let commands = format!("  - \"{before}\"\n  - \"{small}\"\n  - \"{large}\"\n");
        let text =
            format!("kind: manual\nbuild-depends:\n- debian.bst\nconfig:\n  build-commands:\n{commands}");
        self.client.project.write(&format!("elements/{name}"), &text);
        name
    }

    /// What is wrong with the files of the artifact.
    fn wrong_files(&self, number: usize) -> Option<String> {
        let out = self.client.host.folder().join("out");
        let (folder, element) = (out.to_string_lossy().into_owned(), format!("plain{number}.bst"));
        let checkout = ["artifact", "checkout", "--deps", "none", "--directory", &folder, &element];
        let checked_out = self.client.run(&checkout);
        if checked_out.code != Some(0) {
            return Some(checked_out.stderr);
        }
        let small = fs::read_to_string(out.join("a/b/small")).unwrap_or_default();
        let large = fs::read(out.join("large")).unwrap_or_default();
        fs::remove_dir_all(out).expect("it is ours");
        let is_right = small == format!("small {number}\n") && large == vec![0; LARGE + number];
        (!is_right).then(|| format!("it has '{small}' and {} bytes", large.len()))
    }

    /// Has the server lose its blobs of this size; answers with their number.
    fn lose_blobs_of(&self, size: usize) -> usize {
        let folders = fs::read_dir(self.server.cache().join("cas/objects")).expect("the folder of blobs");
        let blobs = folders.flatten().flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten());
        let lost = blobs.flatten().filter(|blob| blob.metadata().is_ok_and(|is| is.len() == size as u64));
        lost.map(|blob| fs::remove_file(blob.path()).expect("a blob can be removed")).count()
    }

    fn executed(&self) -> f64 {
        self.service.metric("spec_host_actions_total{outcome=\"executed\"}").unwrap_or(0.0)
    }
}

/// What a fault is injected in, and the warning that it comes to; none where the server's result is used.
type Case = (&'static str, Fault, Option<&'static str>);

#[test]
fn an_element_is_built_all_the_same_whatever_the_server_does_wrong() {
    let far = Far::start();
    let away = || Fault::Refuse(Code::Unavailable, "the server is restarting");
    let full = || Fault::Throttle(Duration::from_secs(3600));
    let cases: Vec<Case> = vec![
        ("Execute", away(), Some("cluster-away")),
        ("Execute", full(), Some("cluster-busy")),
        ("Execute", Fault::Refuse(Code::InvalidArgument, "no such thing"), Some("cluster-refused")),
        ("Execute", Fault::Garbage, Some("cluster-away")),
        ("Execute", Fault::NoOutputs, Some("cluster-wrong")),
        ("Execute", Fault::WrongDigests, Some("cluster-away")),
        ("GetActionResult", Fault::Garbage, None),
        ("GetActionResult", Fault::NoOutputs, None),
        ("GetActionResult", Fault::WrongDigests, None),
        ("FindMissingBlobs", Fault::Forget, None),
        ("FindMissingBlobs", away(), Some("cluster-away")),
        ("BatchUpdateBlobs", full(), Some("cluster-busy")),
        ("GetTree", Fault::WrongBytes, None),
        ("GetTree", Fault::Forget, None),
        ("BatchReadBlobs", Fault::WrongBytes, Some("cluster-wrong")),
        ("BatchReadBlobs", Fault::WrongDigests, Some("cluster-wrong")),
        ("BatchReadBlobs", Fault::Garbage, Some("cluster-wrong")),
        ("BatchReadBlobs", Fault::Forget, Some("cluster-wrong")),
        ("Read", Fault::WrongBytes, Some("cluster-wrong")),
        ("Read", Fault::Forget, Some("cluster-wrong")),
        ("Read", Fault::Garbage, Some("cluster-wrong")),
        ("Read", away(), Some("cluster-wrong")),
    ];
    let mut wrong = Vec::new();
    for (number, (method, fault, warning)) in cases.into_iter().enumerate() {
        let (element, what) = (far.element(number, ":"), format!("{method}: {fault:?}"));
        far.faulty.inject_in(method, fault);
        let built = far.client.run(&["build", &element]);
        far.faulty.heal();
        let told = match warning {
            Some(reason) => lines(&built, &format!("warning[{reason}]")) == 1,
            None => lines(&built, "warning[cluster-") == 0,
        };
        let wrong_files = far.wrong_files(number);
        if built.code != Some(0) || !told || wrong_files.is_some() {
            wrong.push(format!("{what}: {:?} {wrong_files:?}\n{}", built.code, built.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_server_that_goes_away_in_the_middle_of_an_element_costs_a_line() {
    let far = Far::start();
    let element = far.element(100, "sleep 5");
    let running = || far.service.metric("spec_host_actions_running").unwrap_or(0.0);
    let built = thread::scope(|scope| {
        let build = scope.spawn(|| far.client.run(&["build", &element]));
        wait_for("the element runs there", || running() >= 1.0);
        far.service.signal("KILL");
        build.join().expect("the build is awaited")
    });
    let _ = built.success();
    assert_eq!(lines(&built, "warning[cluster-away]"), 1, "{}", built.stderr);
    assert_eq!(far.wrong_files(100), None);
}

#[test]
fn outputs_of_an_element_that_are_lost_are_made_again() {
    let far = Far::start();
    let element = far.element(200, ":");
    let _ = far.client.run(&["build", &element]).success();
    let _ = far.client.run(&["artifact", "delete", &element]).success();
    let executed = far.executed();
    fs::remove_dir_all(far.client.host.cache().join("cas/actions")).expect("results are kept there");
    assert!(far.lose_blobs_of(LARGE + 200) > 0);
    let built = far.client.run(&["build", &element]);
    let _ = built.success();
    assert_eq!(lines(&built, "warning[cluster-"), 0, "{}", built.stderr);
    assert!(far.executed() > executed);
    assert_eq!(far.wrong_files(200), None);
}

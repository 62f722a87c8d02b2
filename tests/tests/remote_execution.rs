//! Builds whose subactions are executed by `spec-host serve` in the place of a cluster: cold, again, on a fresh machine,
//! while it is killed, after it came back, and after it lost its blobs.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use spec_testkit::{Host, Outcome, Project, Service};

const METRICS: &[&str] = &["--metrics-listen", "127.0.0.1:0"];

/// A client with a cache of its own.
struct Client {
    host: Host,
}

impl Client {
    fn of(url: &str) -> Client {
        let host = Host::new();
        let services = ["execution-service", "storage-service"];
        let services: String = services.map(|name| format!("  {name}:\n    url: {url}\n")).concat();
        host.configure(&format!("remote-execution:\n{services}"));
        Client { host }
    }

    fn build(&self, project: &Project, element: &str) -> Outcome {
        self.host.run(project, &["--option", "recc", "true", "build", element])
    }

    /// How the actions of an element were answered, without those of `configure`.
    fn answers(&self, project: &Project, element: &str) -> Vec<String> {
        let list = ["--option", "recc", "true", "artifact", "subactions", "--json", element];
        let all: Value = serde_json::from_str(self.host.run(project, &list).success()).expect("it is JSON");
        let all = all[0]["subactions"].as_array().expect("there is a list").clone();
        let of_make = all.iter().filter(|one| !one["command"].to_string().contains("conftest"));
        of_make.map(|one| one["answered"].as_str().unwrap_or("?").to_owned()).collect()
    }

    fn contents(&self, project: &Project, element: &str) -> String {
        let digest = ["--option", "recc", "true", "show", "--deps", "none", "--format"];
        let shown = self.host.run(project, &[&digest[..], &["%{artifact-cas-digest}", element]].concat());
        shown.success().trim().to_owned()
    }
}

fn executed(service: &Service) -> f64 {
    service.metric("spec_host_actions_total{outcome=\"executed\"}").unwrap_or(0.0)
}

/// How often a line of a warning with this reason was printed.
fn warnings(outcome: &Outcome, reason: &str) -> usize {
    outcome.stderr.lines().filter(|line| line.contains(&format!("[{reason}]"))).count()
}

#[test]
fn subactions_are_executed_there_and_are_hits_for_everybody_afterwards() {
    let server = Host::new();
    let service = Service::start(&server, METRICS);
    let (client, project) = (Client::of(&service.url()), Project::example());
    let _ = client.build(&project, "app.bst").success();
    assert_eq!(client.answers(&project, "app.bst"), ["executed"; 3]);
    let of_all = executed(&service);
    assert!(of_all >= 3.0, "the cluster executed {of_all}");
    let contents = client.contents(&project, "app.bst");

    let delete = ["--option", "recc", "true", "artifact", "delete", "app.bst"];
    let _ = client.host.run(&project, &delete).success();
    let _ = client.build(&project, "app.bst").success();
    assert_eq!(client.answers(&project, "app.bst"), ["cache-hit"; 3]);

    let fresh = Client::of(&service.url());
    let _ = fresh.build(&project, "app.bst").success();
    assert_eq!(fresh.answers(&project, "app.bst"), ["cache-hit"; 3]);
    assert_eq!(executed(&service), of_all, "nothing was executed twice");
    assert_eq!(fresh.contents(&project, "app.bst"), contents);

    // It forgets all blobs: the next client finds results there without their outputs.
    fs::remove_dir_all(server.cache().join("cas/objects")).expect("the folder of blobs");
    fs::create_dir(server.cache().join("cas/objects")).expect("an empty folder");
    drop(service);
    let service = Service::start(&server, METRICS);
    let third = Client::of(&service.url());
    let built = third.build(&project, "app.bst");
    let _ = built.success();
    assert_eq!(third.contents(&project, "app.bst"), contents);
    assert_eq!(warnings(&built, "cluster-away"), 0, "{}", built.stderr);
    assert!(executed(&service) >= 3.0);
}

#[test]
fn a_cluster_that_is_killed_in_the_middle_costs_a_line() {
    let server = Host::new();
    let service = Service::start(&server, METRICS);
    let address = service.address();
    let (client, project) = (Client::of(&service.url()), Project::example());
    let _ = client.build(&project, "dep.bst").success();
    let built = std::thread::scope(|scope| {
        let build = scope.spawn(|| client.build(&project, "app.bst"));
        wait_until("the cluster has executed something", || executed(&service) >= 1.0);
        service.signal("KILL");
        build.join().expect("the build is awaited")
    });
    let _ = built.success();
    assert_eq!(warnings(&built, "cluster-away"), 1, "{}", built.stderr);
    let contents = client.contents(&project, "app.bst");

    let mut command = server.command_in(Path::new("/"));
    command.args(["serve", "--listen", &address]).args(METRICS);
    let service = Service::run(&mut command);
    let _ = service.address();
    let fresh = Client::of(&service.url());
    let built = fresh.build(&project, "app.bst");
    let _ = built.success();
    assert_eq!(warnings(&built, "cluster-away"), 0, "{}", built.stderr);
    assert_eq!(fresh.contents(&project, "app.bst"), contents);
    assert!(executed(&service) >= 1.0, "it is used again");
}

#[test]
fn what_the_cluster_wrote_of_a_failed_element_is_in_its_log() {
    let server = Host::with_base();
    let service = Service::start(&server, &[]);
    let (host, project) = (Host::with_base(), Project::on_base(&[]));
    let element =
        "kind: manual\nbuild-depends:\n- debian.bst\nconfig:\n  build-commands:\n  - echo so far; exit 3\n";
    project.write("elements/fails.bst", element);
    let url = service.url();
    let services = format!("  execution-service: {{url: '{url}'}}\n  storage-service: {{url: '{url}'}}\n");
    host.configure(&format!("remote-execution:\n{services}execution: {{elements: remote}}\n"));
    let built = host.run(&project, &["build", "fails.bst"]);
    built.refused(1, "command-failed", &["exit code 3", "so far"]);
    let log = host.run(&project, &["artifact", "log", "fails.bst"]);
    let log = log.success();
    let (output, told) = log.split_once("the cluster's log 'sandbox':").expect("it is there");
    assert!(output.contains("so far") && told.contains("The command exited with 3."), "{log}");
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < end, "{what} does not come about");
        std::thread::sleep(Duration::from_millis(20));
    }
}

//! BuildStream with `spec-host serve` as its remote execution service: whole elements are built in our sandbox.

use std::process::Stdio;

use spec_testkit::{Host, Oracle, Project, Service, wait_for};

fn remote(url: &str) -> String {
    format!(
        "remote-execution:\n  execution-service:\n    url: {url}\n  storage-service:\n    url: {url}\n  \
         action-cache-service:\n    url: {url}\n    push: true\n"
    )
}

/// The elements of the example that run commands.
const BUILT: [&str; 4] = ["app.bst", "base.bst", "middle.bst", "top.bst"];

/// A service, and a BuildStream that builds elements there. Importing the base takes BuildStream half a minute, so
/// all tests share one.
struct Remote {
    host: Host,
    service: Service,
    oracle: Oracle,
    project: Project,
}

#[test]
fn elements_are_built_here() {
    let (host, project) = (Host::shared(), Project::on_base(&[]));
    let service = Service::start(&host, &["--metrics-listen", "127.0.0.1:0"]);
    let oracle = Oracle::configured(&remote(&service.url()));
    let remote = Remote { host, service, oracle, project };
    all_of_the_example(&remote);
    what_was_built_is_not_built_again(&remote);
    a_command_that_fails_is_told_as_such(&remote);
    a_build_that_is_given_up_ends_here(&remote);
}

fn executed(remote: &Remote) -> Option<f64> {
    remote.service.metric("spec_host_actions_total{outcome=\"executed\"}")
}

fn all_of_the_example(remote: &Remote) {
    let built = remote.oracle.bst(&remote.project, &["build", "all.bst"]);
    let _ = built.success();
    let waited = built.stderr.matches("SUCCESS Waiting for the remote build to complete").count();
    assert!(waited >= BUILT.len(), "{}", built.stderr);
    assert!(executed(remote) >= Some(BUILT.len() as f64), "{}", remote.service.log());
    // Our own builds of the same elements give the same bytes.
    let (host, project, wanted) = (&remote.host, &remote.project, ["top.bst", "app.bst"]);
    let _ = host.run(project, &[&["build"], &wanted[..]].concat()).success();
    let theirs = remote.oracle.keys(project, &[], &wanted);
    let theirs: String = theirs.iter().map(|e| format!("{} {}\n", e.name, e.files)).collect();
    let show = ["show", "--deps", "all", "--format", "%{name} %{artifact-cas-digest}"];
    assert_eq!(host.run(project, &[&show, &wanted[..]].concat()).success(), theirs);
}

fn what_was_built_is_not_built_again(remote: &Remote) {
    let before = executed(remote);
    let delete = [&["artifact", "delete"], &BUILT[..]].concat();
    let _ = remote.oracle.bst(&remote.project, &delete).success();
    let again = remote.oracle.bst(&remote.project, &["build", "all.bst"]);
    let _ = again.success();
    let found = again.stderr.matches("Action result found in action cache").count();
    // The integration commands of dependencies are an additional action.
    assert!(found >= BUILT.len(), "{}", again.stderr);
    assert_eq!(executed(remote), before);
}

fn a_command_that_fails_is_told_as_such(remote: &Remote) {
    remote.project.write("elements/fails.bst", &element("echo it is broken >&2; exit 3"));
    let failed = remote.oracle.bst(&remote.project, &["build", "fails.bst"]);
    let text = failed.failure();
    assert!(text.contains("it is broken") && text.contains("Command failed"), "{text}");
}

fn a_build_that_is_given_up_ends_here(remote: &Remote) {
    let token = format!("3600.{}", std::process::id());
    remote.project.write("elements/sleeps.bst", &element(&format!("sleep {token}")));
    let mut bst = remote.oracle.command(&remote.project);
    let child = bst.args(["build", "sleeps.bst"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("it can be started");
    wait_for("the command to run", || sleeps(&token));
    spec_testkit::signal(child.id(), "TERM");
    wait_for("its end", || !sleeps(&token));
    wait_for("the client's end", || child.try_wait().expect("it is our child").is_some());
}

fn element(command: &str) -> String {
    format!("kind: manual\nbuild-depends:\n- debian.bst\nconfig:\n  build-commands:\n  - {command}\n")
}

/// Whether the command of a sandbox runs.
fn sleeps(token: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("/proc is mounted").flatten();
    let mut lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.any(|line| line.starts_with(b"sleep") && String::from_utf8_lossy(&line).contains(token))
}

//! The example project, from an empty cache: built, checked out, run, changed and built again.

use std::fs;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project};

const GREETINGS: &str = "Hello, world!\nHello, Debian!\nHello, BuildStream!\n";

/// `NAME STATE`, one a line.
fn states(host: &Host, project: &Project) -> String {
    show(host, project, "%{name} %{state}")
}

fn show(host: &Host, project: &Project, format: &str) -> String {
    host.run(project, &["show", "--deps", "all", "--format", format, "all.bst"]).success().to_owned()
}

fn build(host: &Host, project: &Project) {
    let _ = host.run(project, &["build", "all.bst"]).success();
}

/// The elements that are not cached.
fn uncached(host: &Host, project: &Project) -> Vec<String> {
    let states = states(host, project);
    let lines = states.lines().filter_map(|line| line.split_once(' '));
    lines.filter(|(_, state)| *state != "cached").map(|(name, _)| name.to_owned()).collect()
}

/// How many builds have left a log.
fn builds(host: &Host) -> usize {
    let mut open = vec![host.logs()];
    let mut builds = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a build leaves logs") {
            let path = entry.expect("a folder of our own can be read").path();
            match path.is_dir() {
                true => open.push(path),
                false => builds += usize::from(path.to_string_lossy().contains("-build.")),
            }
        }
    }
    builds
}

#[test]
fn it_is_built_checked_out_run_changed_and_built_again() {
    let (host, project) = (Host::new(), Project::example());
    assert_eq!(uncached(&host, &project).len(), 7);

    build(&host, &project);
    assert!(uncached(&host, &project).is_empty(), "{}", states(&host, &project));
    assert_eq!(builds(&host), 7);
    build(&host, &project);
    assert_eq!(builds(&host), 7, "a second build has nothing to do");

    let run = ["shell", "all.bst", "--", "sh", "-c", "hello && top && app && cat /etc/greetings.count"];
    let answer = host.run(&project, &run);
    let app = "app 1.0: dep 1.0 says 42, doubled 84\n";
    assert_eq!(answer.success(), format!("Hello, world!\n{GREETINGS}{app}3\n"));

    let to = project.path().join("checkout");
    let mut check_out = host.command(&project);
    check_out.args(["artifact", "checkout", "--deps", "none", "--no-integrate", "--directory"]);
    let _ = Outcome::of(check_out.arg(to).arg("middle.bst"), Duration::from_secs(60)).success();
    assert_eq!(project.read("checkout/usr/share/hello/greetings.txt"), GREETINGS);

    project.replace("files/dep/include/dep.h", "DEP_ANSWER 42", "DEP_ANSWER 50");
    assert_eq!(uncached(&host, &project), ["dep.bst", "app.bst", "all.bst"]);
    build(&host, &project);
    assert_eq!(builds(&host), 10, "only what the header is for is built again");
    let answer = host.run(&project, &["shell", "app.bst", "--", "app"]);
    assert_eq!(answer.success(), "app 1.0: dep 1.0 says 50, doubled 100\n");
}

//! The Remote Execution API inside of sandboxes, used by the released clients of the Debian base, and the record of
//! the requests.

use serde_json::Value;
use spec_testkit::{Host, Outcome, Project};

/// A project whose actions were never requested before: recc and trexe put the element's name, as part of the working
/// directory, or this token into every action.
struct Case {
    host: Host,
    project: Project,
    token: String,
}

/// The environment of recc as users have it.
const RECC: &str = "environment:
  RECC_SERVER: unix:/tmp/casd.sock
  RECC_DEPS_GLOBAL_PATHS: 1
  RECC_NO_PATH_REWRITE: 1
";

impl Case {
    fn new() -> Case {
        let (host, project) = (Host::shared(), Project::on_base(&[]));
        let token = project.token();
        Case { host, project, token }
    }

    /// Writes an element that runs these commands with a socket of these settings; answers with its name.
    fn element(&self, name: &str, settings: &str, more: &str, commands: &[&str]) -> String {
        let name = format!("{name}-{}.bst", self.token);
        // Texts of JSON are texts of YAML.
        let commands = commands.iter().map(|command| format!("  - {}\n", Value::from(*command)));
        let commands: String = commands.collect();
        let base = "- filename: debian.bst\n  config:\n    digest-environment: BASE\n";
        let sandbox = format!("sandbox:\n  remote-apis-socket: {settings}\n");
        let text = format!(
            "kind: manual\nbuild-depends:\n{base}{more}{sandbox}config:\n  build-commands:\n{commands}"
        );
        self.project.write(&format!("elements/{name}"), &text);
        name
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.host.run(&self.project, arguments)
    }

    fn build(&self, elements: &[&str]) -> Outcome {
        self.run(&[&["--cache-buildtrees", "always", "build", "--retry-failed"], elements].concat())
    }

    /// The subactions of a build, in order.
    fn subactions(&self, element: &str) -> Vec<Value> {
        self.subactions_with(&[], element)
    }

    fn subactions_with(&self, options: &[&str], element: &str) -> Vec<Value> {
        let shown = self.run(&[options, &["artifact", "subactions", "--json", element]].concat());
        let all: Value = serde_json::from_str(shown.success()).expect("it is JSON");
        assert_eq!(all[0]["artifact"], element);
        all[0]["subactions"].as_array().expect("there is a list").clone()
    }

    fn log(&self, element: &str) -> String {
        self.run(&["artifact", "log", element]).success().to_owned()
    }
}

/// `HOW EXIT-CODE` of each.
fn answers(subactions: &[Value]) -> Vec<String> {
    let answer = |one: &Value| format!("{} {}", one["answered"].as_str().unwrap_or("?"), one["exit-code"]);
    subactions.iter().map(answer).collect()
}

/// A command of trexe that runs another one over the base, with a file for input.
fn trexe(socket: &str, options: &str, command: &str) -> String {
    let platform = "--platform-properties=chrootRootDigest=$BASE";
    let input = "--input-path=/etc/hostname:etc/input";
    format!("trexe --remote=unix:{socket} {platform}{options} {input} -- {command}")
}

#[test]
fn recc_compiles_and_links_with_three_executions_and_hits_afterwards() {
    let case = Case::new();
    let name = format!("app-{}.bst", case.token);
    case.project.write(&format!("elements/{name}"), &case.project.read("elements/app.bst"));
    let recc = ["--option", "recc", "true"];
    let run = |arguments: &[&str]| case.run(&[&recc[..], arguments].concat());
    let record = || case.subactions_with(&recc, &name);
    let _ = run(&["build", &name]).success();

    let first = record();
    let is_check = |one: &&Value| one["command"].to_string().contains("conftest");
    let of_make: Vec<Value> = first.iter().filter(|one| !is_check(one)).cloned().collect();
    assert_eq!(answers(&of_make), ["executed 0"; 3], "{first:#?}");
    let outputs: Vec<String> = of_make.iter().map(|one| one["outputs"].to_string()).collect();
    for (output, files) in [("src/main.o", 0..2), ("src/util.o", 0..2), ("\"app\"", 2..3)] {
        assert!(outputs[files].iter().any(|list| list.contains(output)), "{output}: {outputs:?}");
    }
    for one in &of_make {
        let is_positive = |field: &str| one[field].as_f64().is_some_and(|number| number > 0.0);
        assert!(["asked", "wall", "cpu", "memory"].into_iter().all(is_positive), "{one:#?}");
    }
    assert!(first.is_sorted_by_key(|one| one["asked"].as_f64().expect("it is a number")));
    let contents = run(&["artifact", "list-contents", &name]);
    assert_eq!(contents.success(), format!("  {name}:\n\tusr\n\tusr/bin\n\tusr/bin/app\n\n"));

    let _ = run(&["artifact", "delete", &name]).success();
    run(&["artifact", "subactions", &name]).refused(1, "uncached-artifact", &[&name]);
    let _ = run(&["build", &name]).success();
    let second = record();
    assert_eq!(answers(&second), vec!["cache-hit 0"; first.len()], "{second:#?}");
    let said = run(&["shell", &name, "--", "app"]);
    assert_eq!(said.success(), "app 1.0: dep 1.0 says 42, doubled 84\n");
    let table = run(&["artifact", "subactions", &name]);
    let link = table.success().lines().last().expect("there are lines");
    assert!(
        link.contains("cache-hit     0") && link.contains("gcc -g -O2 -o app src/main.o src/util.o"),
        "{link}"
    );
}

#[test]
fn results_of_recc_are_taken_where_the_element_says_so() {
    let case = Case::new();
    let environment = format!(
        "{RECC}  RECC_CACHE_ONLY: 1\n  RECC_CACHE_UPLOAD_LOCAL_BUILD: 1\n  RECC_LOG_LEVEL: info
  RECC_LOG_DIRECTORY: '%{{build-root}}/log'\n"
    );
    let compile = "export RECC_REMOTE_PLATFORM_chrootRootDigest=$BASE; recc gcc -c a.c -o a.o; rm a.o";
    let commands = ["mkdir log", "echo 'int one;' > a.c", compile, compile];
    for (update, answered, says) in [
        ("true", &["uploaded 0", "cache-hit 0"][..], "Action Cache hit"),
        ("false", &[], "this server does not accept results of actions"),
    ] {
        let settings = format!("{{path: /tmp/casd.sock, action-cache-enable-update: {update}}}");
        let name = case.element(&format!("update-{update}"), &settings, &environment, &commands);
        let _ = case.build(&[&name]).success();
        assert_eq!(answers(&case.subactions(&name)), answered, "{update}");
        // The log of the client is in the build tree.
        let log = case.run(&["shell", "--use-buildtree", &name, "--", "sh", "-c", "cat log/*"]);
        assert!(log.success().contains(says), "{update}: {}", log.stdout);
    }
    let name = case.element("default", "{path: /tmp/casd.sock}", &environment, &commands);
    let _ = case.build(&[&name]).success();
    assert_eq!(answers(&case.subactions(&name)), Vec::<String>::new());
}

#[test]
fn trexe_runs_actions_and_these_run_more() {
    let case = Case::new();
    let socket = "/buildstream-install/deep/casd.sock";
    let script = format!("/bin/sh -c 'echo {} > out; echo said'", case.token);
    let makes = |options: &str| trexe(socket, &format!(" --output-path=out {options}"), &script);
    let inner = trexe("/run/in.sock", "", "/bin/echo inner");
    let asks = ",remoteApisSocketPath=/run/in.sock --env=BASE=$BASE";
    let commands = [
        &makes("--d=here"),
        "install -D here/out %{install-root}/out",
        &format!("{} || echo exit code $?", trexe(socket, "", "/bin/sh -c 'exit 7'")),
        &format!("{} || echo timed out", trexe(socket, " --exec-timeout=1", "/bin/sleep 3600")),
        &trexe(socket, asks, &format!("/bin/sh -c '{inner}'")),
    ];
    let name = case.element("trexe", &format!("{{path: {socket}}}"), "", &commands);
    let _ = case.build(&[&name]).success();
    let log = case.log(&name);
    for says in ["\nsaid\n", "\nexit code 7\n", "\ntimed out\n", "\ninner\n"] {
        assert!(log.contains(says), "{says:?}: {log}");
    }
    let all = case.subactions(&name);
    assert_eq!(answers(&all[..2]), ["executed 0", "executed 7"]);
    assert_eq!(all[2]["failure"]["reason"], "action-timed-out", "{all:#?}");
    assert_eq!(all[3]["subactions"].as_array().map(Vec::len), Some(1), "{all:#?}");
    // Neither the socket nor its folder is captured.
    let contents = case.run(&["artifact", "list-contents", &name]);
    assert_eq!(contents.success(), format!("  {name}:\n\tout\n\n"));

    let again = makes("");
    let shell = ["shell", "--build", &name, "--", "sh", "-c", &again];
    assert_eq!(case.run(&shell).success(), "said\n");
}

#[test]
fn every_user_of_a_sandbox_reaches_its_socket() {
    let case = Case::new();
    let reaches = trexe("/tmp/casd.sock", "", "/bin/echo reached");
    let is = trexe("/tmp/casd.sock", "", "/usr/bin/id -u");
    let root = trexe("/tmp/casd.sock", ",unixUID=0", "/usr/bin/id -u");
    let commands = [&reaches, &format!("echo user $({is})"), &format!("{root} || echo not user 0")];
    let name = case.element("nobody", "{path: /tmp/casd.sock}", "", &commands.map(String::as_str));
    let file = format!("elements/{name}");
    case.project.replace(&file, "sandbox:\n", "sandbox:\n  build-uid: 65534\n  build-gid: 65534\n");
    let _ = case.build(&[&name]).success();
    let log = case.log(&name);
    for says in ["\nreached\n", "\nuser 65534\n", "\nnot user 0\n"] {
        assert!(log.contains(says), "{says:?}: {log}");
    }
}

#[test]
fn actions_have_no_more_than_the_sandbox_that_they_come_from() {
    let case = Case::new();
    let socket = "/tmp/casd.sock";
    // The log has the commands as well, so they must not contain the text that they print.
    let tries = |socket: &str, property: &str| {
        let asks = trexe(socket, &format!(",{property}"), "/bin/true");
        format!("{asks} || printf \"refused %s\\n\" {property}")
    };
    // An action of an action has at most the rights of that action, which has no network either.
    let (inner, outer) =
        (tries("/run/in.sock", "network=on"), ",remoteApisSocketPath=/run/in.sock --env=BASE=$BASE");
    let commands = [
        &tries(socket, "network=off"),
        &tries(socket, "network=on"),
        &tries(socket, "unixUID=0"),
        &tries(socket, "unixUID=1234"),
        &tries(socket, "unixGID=7"),
        "echo outer",
        &trexe(socket, outer, &format!("/bin/sh -c '{inner}'")),
    ];
    let name = case.element("rights", &format!("{{path: {socket}}}"), "", &commands);
    let _ = case.build(&[&name]).success();
    let log = case.log(&name);
    for says in ["network=on", "unixUID=1234", "unixGID=7"] {
        assert!(log.contains(&format!("refused {says}\n")), "{says}: {log}");
    }
    for says in ["network=off", "unixUID=0"] {
        assert!(!log.contains(&format!("refused {says}\n")), "{says}: {log}");
    }
    assert!(log.contains("network=on, while it has off"), "{log}");
    let (_, of_outer) = log.split_once("\nouter\n").expect("it got that far");
    assert!(of_outer.contains("refused network=on\n"), "{of_outer}");
}

#[test]
fn a_failed_compile_is_recorded_and_not_cached() {
    let case = Case::new();
    let compile = "export RECC_REMOTE_PLATFORM_chrootRootDigest=$BASE; recc gcc -c bad.c -o bad.o";
    let commands = ["echo 'int one' > bad.c", compile];
    let name = case.element("fails", "{path: /tmp/casd.sock}", RECC, &commands);
    for _ in 0..2 {
        case.build(&[&name]).refused(1, "command-failed", &["bad.c:1:"]);
        let all = case.subactions(&name);
        assert_eq!(answers(&all), ["executed 1"]);
        assert!(all[0]["stderr"]["text"].as_str().is_some_and(|text| text.contains("bad.c:1:")), "{all:#?}");
    }
}

#[test]
fn two_builds_that_ask_for_the_same_have_it_run_once() {
    let case = Case::new();
    let asks = trexe("/tmp/casd.sock", "", &format!("/bin/sh -c 'sleep 1; echo {}'", case.token));
    let element = |name| case.element(name, "{path: /tmp/casd.sock}", "", &[&asks]);
    let names = [element("one"), element("two")];
    let _ = case.build(&[&names[0], &names[1]]).success();
    let mut all: Vec<String> = names.iter().flat_map(|name| answers(&case.subactions(name))).collect();
    all.sort_unstable();
    assert_eq!(all.len(), 2);
    assert!(all[1] == "joined 0" || all[0] == "cache-hit 0", "{all:?}");
    assert_eq!(all.iter().filter(|answer| *answer == "executed 0").count(), 1, "{all:?}");
}

//! Bazel as a client of `spec-host serve`. Its start takes seconds, so each test does much with one workspace.

use std::time::Duration;

use spec_testkit::{Bazel, Host, Outcome, Service};

const DEADLINE: Duration = Duration::from_secs(120);

/// How many actions the workspace has.
const ACTIONS: usize = 50;

/// Chains of five: each action but the first of a chain adds a line to what the one before wrote.
const BUILD: &str = r#"
[genrule(
    name = "step%d" % i,
    srcs = ["out%d" % (i - 1)] if i % 5 else [],
    outs = ["out%d" % i],
    cmd = "cat $(SRCS) /dev/null > $@; echo line %d >> $@" % i,
) for i in range(50)]

genrule(name = "fails", outs = ["never"], cmd = "echo it is broken >&2; exit 1", tags = ["manual"])
"#;

fn service(host: &Host) -> Service {
    Service::start(host, &["--metrics-listen", "127.0.0.1:0"])
}

fn actions(service: &Service, outcome: &str) -> f64 {
    service.metric(&format!("spec_host_actions_total{{outcome=\"{outcome}\"}}")).unwrap_or(0.0)
}

/// Pushes Bazel's own root, which has a shell, and returns the options that make actions run in it.
fn push_root(host: &Host, service: &Service, bazel: &Bazel) -> String {
    let mut push = host.command_in(bazel.root());
    push.args(["cas", "push", ".", "--remote", &service.url()]).current_dir(bazel.root());
    let digest = Outcome::of(&mut push, DEADLINE).success().trim().to_owned();
    format!("--remote_default_exec_properties=chrootRootDigest={digest}")
}

/// Checks Bazel's count of processes, and the output of the last action of each chain.
#[track_caller]
fn check(bazel: &Bazel, built: &Outcome, processes: &str) {
    let _ = built.success();
    assert!(built.stderr.contains(processes), "expected {processes:?}:\n{}", built.stderr);
    for last in (4..ACTIONS).step_by(5) {
        let lines: String = (last - 4..=last).map(|i| format!("line {i}\n")).collect();
        assert_eq!(bazel.output(&format!("out{last}")), lines);
    }
}

#[test]
fn actions_run_here_once() {
    let (host, bazel) = (Host::new(), Bazel::new(BUILD));
    let service = service(&host);
    let executor = format!("--remote_executor=grpc://{}", service.address());
    let root = push_root(&host, &service, &bazel);

    let built = bazel.build(&[&executor, &root, "//..."]);
    check(&bazel, &built, &format!(" {ACTIONS} remote."));
    assert_eq!(actions(&service, "executed"), ACTIONS as f64, "{}", service.log());

    bazel.forget();
    let again = bazel.build(&[&executor, &root, "//..."]);
    check(&bazel, &again, &format!(" {ACTIONS} remote cache hit,"));
    assert_eq!(actions(&service, "executed"), ACTIONS as f64, "{}", service.log());

    for runs in [1.0, 2.0] {
        let failed = bazel.build(&[&executor, &root, "//:fails"]);
        let text = failed.failure();
        assert!(text.contains("(Exit 1)") && text.contains("\nit is broken\n"), "{text}");
        assert_eq!(actions(&service, "failed"), runs, "nothing that failed is kept:\n{}", service.log());
    }

    let rootless = bazel.build(&[&executor, "//:step0"]);
    let text = rootless.failure();
    assert!(text.contains("(Exit 127)") && text.contains("names no chrootRootDigest"), "{text}");
}

#[test]
fn results_of_other_machines_are_shared() {
    let (host, bazel) = (Host::new(), Bazel::new(BUILD));
    let service = service(&host);
    let cache = format!("--remote_cache=grpc://{}", service.address());
    let built = bazel.build(&[&cache, "//..."]);
    check(&bazel, &built, &format!(" {ACTIONS} processwrapper-sandbox."));
    bazel.forget();
    let again = bazel.build(&[&cache, "//..."]);
    check(&bazel, &again, &format!(" {ACTIONS} remote cache hit,"));
    assert_eq!(actions(&service, "executed"), 0.0, "{}", service.log());
}

//! Tests of the command: arguments, environment, directory, user, limits, how it ends, why it does not start.

use super::fixture::{Fixture, shell};
use crate::{Capabilities, InputSource, Resource, ResourceLimit, SandboxCommand, Termination};
use std::io::Write;

#[test]
fn endings() {
    let fixture = Fixture::new();
    let table = [
        ("exit 0", Termination::Exited(0)),
        ("exit 1", Termination::Exited(1)),
        ("exit 255", Termination::Exited(255)),
        ("kill -TERM $$", Termination::Signaled(15)),
        ("kill -KILL $$", Termination::Signaled(9)),
        ("kill -SEGV $$", Termination::Signaled(11)),
    ];
    for (script, termination) in table {
        assert_eq!(fixture.sh(script).0, termination, "{script}");
    }
}

#[test]
fn environment_is_exactly_what_was_given() {
    let environment = vec![("B".into(), "two words".into()), ("A".into(), "".into())];
    let command = SandboxCommand { environment, ..SandboxCommand::new(["/usr/bin/env"]) };
    let outcome = Fixture::new().run(command).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), "B=two words\nA=\n".into()));
    let outcome = Fixture::new().run(SandboxCommand::new(["/usr/bin/env"])).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), String::new()));
}

#[test]
fn arguments_arrive_as_they_are() {
    let argv = ["/bin/sh", "-c", "printf '[%s]' \"$@\"", "x", "", "a b", "*", "é"];
    let outcome = Fixture::new().run(SandboxCommand::new(argv)).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), "[][a b][*][é]".into()));
}

#[test]
fn user_and_group_inside_are_the_hosts_outside() {
    for (uid, gid) in [(0, 0), (1000, 100), (65534, 0)] {
        let mut fixture = Fixture::new();
        fixture.layer(&[("staged", "")]);
        let script = "id -u; id -g; : > made; stat -c '%u %g' made staged";
        let (termination, text) = fixture.run(SandboxCommand { uid, gid, ..shell(script) }).expect("runs");
        assert_eq!(
            (termination, text),
            (Termination::Exited(0), format!("{uid}\n{gid}\n{uid} {gid}\n{uid} {gid}\n"))
        );
        let made = std::fs::metadata(fixture.root.upper.join("made")).expect("in the upper directory");
        assert_eq!(std::os::unix::fs::MetadataExt::uid(&made), rustix::process::geteuid().as_raw());
    }
}

#[test]
fn no_capabilities_unless_asked() {
    let caps = "sed -n 's/^Cap...:.//p;s/^NoNewPrivs:.//p' /proc/self/status | tr '\\n' ' '";
    let (none, files) = ("0000000000000000 ", "000000000000001b ");
    for uid in [0, 1000] {
        let fixture = Fixture::new();
        let outcome = fixture.run(SandboxCommand { uid, ..shell(caps) }).expect("runs");
        assert_eq!(outcome.1, none.repeat(5) + "1 ", "uid {uid}");
        let command = SandboxCommand { uid, capabilities: Capabilities::FILES, ..shell(caps) };
        assert_eq!(fixture.run(command).expect("runs").1, files.repeat(5) + "1 ", "uid {uid}");
    }
}

#[test]
fn working_directory_is_made_if_listed() {
    let mut fixture = Fixture::new();
    fixture.root.directories = vec!["/buildstream/project/app.bst".into()];
    let cwd = fixture.root.directories[0].clone();
    let outcome =
        fixture.run(SandboxCommand { cwd: cwd.clone(), ..shell("pwd -P; : > made") }).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), format!("{}\n", cwd.display())));
    assert!(fixture.root.upper.join("buildstream/project/app.bst/made").exists());
}

#[test]
fn standard_input_is_empty_or_what_was_given() {
    let fixture = Fixture::new();
    fixture.check("cat; readlink /proc/self/fd/0", "/dev/null\n");
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    writer.write_all(b"hello").expect("room in the pipe");
    drop(writer);
    let outcome =
        fixture.run(SandboxCommand { stdin: InputSource::Fd(reader.into()), ..shell("cat") }).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), "hello".into()));
}

#[test]
fn limits_hold_and_core_dumps_are_off() {
    let limits = vec![ResourceLimit { resource: Resource::OpenFiles, value: 33 }];
    let outcome =
        Fixture::new().run(SandboxCommand { limits, ..shell("ulimit -n; ulimit -c; umask") }).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), "33\n0\n0022\n".into()));
}

#[test]
fn a_nice_command_leaves_the_processor_to_others() {
    let own = rustix::process::getpriority_process(None).expect("everybody may ask");
    for nice in [0, 10, 19] {
        let outcome = Fixture::new().run(SandboxCommand { nice, ..shell("nice") }).expect("runs");
        assert_eq!(outcome, (Termination::Exited(0), format!("{}\n", own.max(i32::from(nice)))));
    }
}

#[test]
fn program_is_looked_up_in_path() {
    let mut fixture = Fixture::new();
    fixture.layer(&[("a/tool", "no program"), ("b/tool", "#!/bin/sh\necho b\n")]);
    let tool = fixture.root.layers[1].path().join("b/tool");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tool, mode).expect("its owner may");
    let command = |path: &str| SandboxCommand {
        environment: vec![("PATH".into(), path.into())],
        ..SandboxCommand::new(["tool"])
    };
    let outcome = fixture.run(command("/none:/a:/b")).expect("runs");
    assert_eq!(outcome, (Termination::Exited(0), "b\n".into()));
    let error = fixture.run(command("/none:/a")).expect_err("not executable");
    assert_eq!(error.reason(), "sandbox-command-not-executable");
    assert!(error.to_string().contains("/a/tool"), "{error}");
}

#[test]
fn what_cannot_start_says_why() {
    let fixture = Fixture::new();
    let cwd = |cwd: &str| SandboxCommand { cwd: cwd.into(), ..shell("true") };
    let table = [
        (SandboxCommand::new(["/no/such/tool"]), "sandbox-command-not-found", "/no/such/tool"),
        (SandboxCommand::new(["tool"]), "sandbox-command-not-found", "PATH is not set"),
        (SandboxCommand::new(["/usr"]), "sandbox-command-not-executable", "/usr"),
        (cwd("/nowhere"), "sandbox-cwd-failed", "/nowhere"),
        (cwd("relative"), "sandbox-bad-spec", "relative"),
        (SandboxCommand::new([""]), "sandbox-bad-spec", "empty"),
        (SandboxCommand::new(["a\0b"]), "sandbox-bad-spec", "NUL"),
    ];
    for (command, reason, place) in table {
        let error = fixture.run(command).expect_err(reason);
        assert_eq!(error.reason(), reason, "{error}");
        assert!(error.to_string().contains(place), "{error}");
    }
    assert_eq!(fixture.upper(), Vec::<String>::new());
}

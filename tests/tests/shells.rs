//! Shells have what the project and the command line want of the host, unless they are isolated.

use std::fs;

use spec_testkit::{Host, Project};

fn project() -> (Host, Project) {
    let (host, project) =
        (Host::shared(), Project::on_base(&[("host/given", "given\n"), ("host/own", "own\n")]));
    let folder = project.path().join("host").display().to_string();
    let conf = project.read("project.conf");
    let shell = "\nshell:\n  command: [sh, -i]\n  environment:\n    GREETING: hello\n    MINE: '${WHO} $NOBODY_HAS_THIS'\n  \
                 host-files:\n  - path: /own\n    host_path: $FOLDER/own\n  - /no/such/file\n  - path: /no/other\n    \
                 optional: True\n";
    project.write("project.conf", &(conf + shell));
    project.write("folder", &folder);
    (host, project)
}

#[test]
fn settings_and_mounts_are_honoured_unless_isolated() {
    let (host, project) = project();
    let folder = project.read("folder");
    let run = |more: &[&str], command: &str| {
        let mut shell = host.command(&project);
        shell.env("FOLDER", &folder).env("WHO", "me").arg("shell").args(more);
        let shell = shell.args(["debian.bst", "--", "sh", "-c", command]);
        spec_testkit::Outcome::of(shell, std::time::Duration::from_secs(120))
    };
    let given = format!("{folder}/given");
    let mount = ["--mount", &given, "/etc/given"];
    let seen = run(&mount, "echo $GREETING, $MINE; cat /own /etc/given; echo changed > /own");
    assert_eq!(seen.success(), "hello, me $NOBODY_HAS_THIS\nown\ngiven\n");
    assert_eq!(project.read("host/own"), "changed\n", "the host's file itself is mounted");
    assert!(
        seen.stderr.contains("missing-host-file") && seen.stderr.contains("/no/such/file"),
        "{}",
        seen.stderr
    );
    assert!(!seen.stderr.contains("/no/other"), "{}", seen.stderr);

    let isolated = run(&["--isolate"], "echo $GREETING; ls /own /etc/given /sys/class/net 2>/dev/null; true");
    assert!(!isolated.success().contains("hello"), "{}", isolated.stdout);
    assert!(!isolated.stdout.contains("own") && !isolated.stdout.contains("given"), "{}", isolated.stdout);
    assert!(fs::exists(&given).is_ok_and(|there| there), "a mounted file stays");
}

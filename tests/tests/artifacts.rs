//! Cached artifacts are checked out in every way, listed, shown and deleted.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use spec_testkit::{Host, Outcome, Project};

const LOW: &str = "kind: manual
build-depends:
- debian.bst
- header.bst
config:
  install-commands:
  - install -D /bin/true %{install-root}%{bindir}/low
  - install -Dm644 /etc/hostname %{install-root}%{docdir}/low.txt
  - ln -s low %{install-root}%{bindir}/alias
";
const HIGH: &str = "kind: manual
build-depends:
- debian.bst
runtime-depends:
- low.bst
config:
  install-commands:
  - install -Dm600 /etc/hostname %{install-root}/etc/high
";
const HEADER: &str = "kind: import\nsources:\n- kind: local\n  path: files/header\n";

fn built() -> (Host, Project) {
    let (host, project) = (
        Host::shared(),
        Project::on_base(&[
            ("elements/low.bst", LOW),
            ("elements/high.bst", HIGH),
            ("elements/header.bst", HEADER),
            ("files/header/usr/include/header.h", "int header;\n"),
        ]),
    );
    let _ = host.run(&project, &["build", "high.bst"]).success();
    (host, project)
}

/// The files in a folder, `PATH` or `PATH -> TARGET`, one a line.
fn listing(folder: &Path) -> String {
    let mut find = Command::new("find");
    find.arg(folder).args(["-type", "f", "-printf", "%P\\n", "-o", "-type", "l", "-printf", "%P -> %l\\n"]);
    let found = Outcome::of(&mut find, Duration::from_secs(60));
    let mut lines: Vec<&str> = found.success().lines().collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn check_out(host: &Host, project: &Project, arguments: &[&str]) -> String {
    let out = project.path().join("out");
    if out.exists() {
        fs::remove_dir_all(&out).expect("a checkout can be removed");
    }
    let out = out.display().to_string();
    let checkout = ["artifact", "checkout", "--no-integrate", "--directory", &out];
    let _ = host.run(project, &[&checkout, arguments].concat()).success();
    listing(Path::new(&out))
}

const LOW_FILES: &str = "usr/bin/alias -> low\nusr/bin/low\nusr/share/doc/low.txt";

#[test]
fn an_artifact_is_checked_out_with_the_dependencies_that_are_asked_for() {
    let (host, project) = built();
    assert_eq!(check_out(&host, &project, &["--deps", "none", "low.bst"]), LOW_FILES);
    let run = check_out(&host, &project, &["--deps", "run", "high.bst"]);
    assert_eq!(run, format!("etc/high\n{LOW_FILES}"));
    project.write(
        "elements/idle.bst",
        "kind: manual\nbuild-depends: [header.bst]\nconfig:\n  strip-commands: []\n",
    );
    assert_eq!(check_out(&host, &project, &["--deps", "build", "idle.bst"]), "usr/include/header.h");
    // The name with the element's key selects it, too.
    let key = host.run(&project, &["show", "--deps", "none", "--format", "%{full-key}", "low.bst"]);
    let name = format!("hello/low/{}", key.success().trim());
    assert_eq!(check_out(&host, &project, &["--deps", "none", &name]), LOW_FILES);

    let again = ["artifact", "checkout", "--directory", "files", "--deps", "none", "low.bst"];
    let mut full = host.command(&project);
    full.current_dir(project.path());
    Outcome::of(full.args(again), Duration::from_secs(60)).refused(
        1,
        "checkout-directory-not-empty",
        &["--force"],
    );
}

#[test]
fn a_checkout_is_a_copy_also_when_links_are_asked_for() {
    let (host, project) = built();
    let file = project.path().join("out/etc/high");
    let _ = check_out(&host, &project, &["--deps", "none", "high.bst"]);
    let copy = fs::metadata(&file).expect("it was checked out");
    assert_eq!(
        (copy.nlink(), copy.mode() & 0o777),
        (1, 0o644),
        "artifacts keep one mode but the executable bit"
    );
    fs::write(&file, "changed\n").expect("a copy belongs to the user");
    let _ = check_out(&host, &project, &["--deps", "none", "--hardlinks", "high.bst"]);
    let link = fs::metadata(&file).expect("it was checked out");
    assert_eq!(link.nlink(), 1, "nothing of the cache can be written through it");
    assert_ne!(fs::read_to_string(&file).expect("it was checked out"), "changed\n");
}

#[test]
fn a_checkout_can_be_a_tar() {
    let (host, project) = built();
    for (file, compression, magic) in [
        ("a.tar", &[][..], &b"./usr/"[..]),
        ("a.tar.gz", &[], b"\x1f\x8b"),
        ("a.xz", &["--compression", "xz"], b"\xfd7zXZ"),
        ("b.tar", &["--compression", "bz2"], b"BZh"),
    ] {
        let tar = project.path().join(file).display().to_string();
        let checkout = ["artifact", "checkout", "--deps", "none", "--no-integrate", "--tar", &tar, "low.bst"];
        let _ = host.run(&project, &[&checkout, compression].concat()).success();
        let bytes = fs::read(&tar).expect("it was written");
        assert!(bytes.windows(magic.len()).take(8).any(|window| window == magic), "{file}");
        let mut list = Command::new("tar");
        let listed = Outcome::of(list.args(["--list", "--file", &tar]), Duration::from_secs(60));
        for name in ["./usr/bin/alias", "./usr/bin/low", "./usr/share/doc/low.txt"] {
            assert!(listed.success().lines().any(|line| line == name), "{file}: {}", listed.stdout);
        }
    }
}

#[test]
fn artifacts_are_listed_shown_and_deleted() {
    let (host, project) = built();
    let list = host.run(&project, &["artifact", "list-contents", "low.bst", "header.bst"]);
    let header = "  header.bst:\n\tusr\n\tusr/include\n\tusr/include/header.h\n";
    let programs = "\tusr/bin\n\tusr/bin/alias\n\tusr/bin/low\n";
    let documents = "\tusr/share\n\tusr/share/doc\n\tusr/share/doc/low.txt\n";
    assert_eq!(list.success(), format!("  low.bst:\n\tusr\n{programs}{documents}{header}\n"));
    let long = host.run(&project, &["artifact", "list-contents", "--long", "low.bst"]);
    assert!(long.success().contains("-> low"), "{}", long.stdout);

    let show = ["artifact", "show", "--deps", "run", "high.bst"];
    let shown = host.run(&project, &show);
    let lines: Vec<&str> = shown.success().lines().map(str::trim).collect();
    assert_eq!(lines, ["cached low.bst", "cached high.bst", ""]);
    let _ = host.run(&project, &["artifact", "delete", "high.bst"]).success();
    let states = ["show", "--deps", "run", "--format", "%{name} %{state}", "high.bst"];
    assert_eq!(host.run(&project, &states).success(), "low.bst cached\nhigh.bst buildable\n");
    host.run(&project, &["artifact", "list-contents", "high.bst"]).refused(
        1,
        "uncached-artifact",
        &["high.bst"],
    );
    let _ = host.run(&project, &["build", "high.bst"]).success();
    assert_eq!(host.run(&project, &states).success(), "low.bst cached\nhigh.bst cached\n");
}

#[test]
fn a_changed_build_dependency_rebuilds_in_strict_mode_alone() {
    let (host, project) = built();
    // The key of an import depends on its contents only, so they must be unique.
    project.write("files/header/usr/include/header.h", &format!("// {}\n", project.path().display()));
    let states = |mode: &str| {
        let show = [mode, "show", "--deps", "none", "--format", "%{name} %{state}", "header.bst", "low.bst"];
        host.run(&project, &show).success().to_owned()
    };
    assert_eq!(states("--strict"), "header.bst buildable\nlow.bst waiting\n");
    let _ = host.run(&project, &["--no-strict", "build", "high.bst", "header.bst"]).success();
    assert_eq!(states("--no-strict"), "header.bst cached\nlow.bst cached\n");
    assert_eq!(states("--strict"), "header.bst cached\nlow.bst buildable\n");
    let build = host.run(&project, &["--strict", "build", "low.bst"]);
    let _ = build.success();
    assert!(build.stderr.contains("build low.bst done"), "{}", build.stderr);
    assert_eq!(states("--strict"), "header.bst cached\nlow.bst cached\n");
}

#[test]
fn patterns_find_an_artifact_once_and_its_log_has_its_name() {
    let (host, project) = built();
    let key = host.run(&project, &["show", "--deps", "none", "--format", "%{full-key}", "low.bst"]);
    let name = format!("hello/low/{}", key.success().trim());
    let shown = host.run(&project, &["artifact", "show", "hello/low/*"]);
    let found = shown.success().lines().filter(|line| line.ends_with(&name)).count();
    assert_eq!(found, 1, "{}", shown.stdout);
    let weak = host.run(&project, &["show", "--json", "--deps", "none", "low.bst"]);
    let weak = weak.success().split("\"weak-key\": \"").nth(1).expect("it has a weak key")[..64].to_owned();
    assert!(!shown.stdout.contains(&weak), "{}", shown.stdout);

    let logs = project.path().join("logs");
    let out = ["artifact", "log", "--out", &logs.display().to_string(), "low.bst", "header.bst"];
    let _ = host.run(&project, &out).success();
    assert_eq!(listing(&logs), "header.log\nlow.log");
}

#[test]
fn a_compression_needs_an_archive() {
    let (host, project) = (Host::new(), Project::of(&[("elements/a.bst", "kind: stack\n")]));
    for command in ["artifact", "source"] {
        let checkout = [command, "checkout", "--compression", "gz", "--directory", "out", "a.bst"];
        host.run(&project, &checkout).refused(2, "compression-without-tar", &["--tar"]);
        let checkout = [command, "checkout", "--tar", "a.tar.zip", "a.bst"];
        host.run(&project, &checkout).refused(2, "unknown-compression", &["a.tar.zip", ".tar.gz"]);
    }
}

#[test]
fn members_of_archives_may_have_long_names_and_targets() {
    let long = |letter: &str| [letter.repeat(90), letter.repeat(90)].join("/");
    let (host, project) = (
        Host::new(),
        Project::of(&[
            ("elements/a.bst", "kind: import\nsources:\n- kind: local\n  path: files\n"),
            (&format!("files/{}", long("n")), "contents\n"),
        ]),
    );
    std::os::unix::fs::symlink(long("t"), project.path().join("files/link")).expect("a new link");
    let _ = host.run(&project, &["build", "a.bst"]).success();
    let tar = project.path().join("a.tar").display().to_string();
    let checkout = ["artifact", "checkout", "--no-integrate", "--tar", &tar, "a.bst"];
    let _ = host.run(&project, &checkout).success();
    let mut list = Command::new("tar");
    let listed = Outcome::of(list.args(["--list", "--verbose", "--file", &tar]), Duration::from_secs(60));
    for ending in [format!(" ./{}", long("n")), format!(" ./link -> {}", long("t"))] {
        assert!(listed.success().lines().any(|line| line.ends_with(&ending)), "{}", listed.stdout);
    }
}

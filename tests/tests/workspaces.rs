//! Workspaces are BuildStream's: each program uses those that the other opened, with equal keys, and builds from them incrementally.

use std::fs;
use std::path::Path;

use spec_testkit::{Host, Oracle, Project};

const IMPORT: &str = "kind: import\nsources:\n- kind: local\n  path: files/src\n";

fn project() -> Project {
    Project::of(&[
        ("elements/app.bst", IMPORT),
        ("elements/top.bst", "kind: stack\ndepends: [app.bst]\n"),
        (
            "elements/core/sub.bst",
            "kind: import\nsources:\n- kind: local\n  path: files/src\n  directory: below\n",
        ),
        ("elements/none.bst", "kind: stack\ndepends: [app.bst]\n"),
        ("files/src/a.txt", "a\n"),
        ("files/src/deep/b.txt", "b\n"),
    ])
}

const SHOW: [&str; 3] = ["show", "--format", "%{name} %{full-key} %{state} %{workspaced}|%{workspace-dirs}|"];

#[track_caller]
fn same(host: &Host, oracle: &Oracle, project: &Project, element: &str) -> String {
    let arguments = [&SHOW[..], &[element]].concat();
    let ours = host.run(project, &arguments).success().to_owned();
    assert_eq!(ours, oracle.bst(project, &arguments).success());
    ours
}

#[test]
fn workspaces_of_one_program_have_the_same_keys_in_the_other() {
    let (host, oracle, project) = (Host::new(), Oracle::new(), project());
    let folder = project.path().join("ws");
    let directory = folder.display().to_string();
    let _ = host.run(&project, &["workspace", "open", "--directory", &directory, "app.bst"]).success();
    let first = same(&host, &oracle, &project, "top.bst");
    assert!(first.contains(&format!("(workspaced)|Workspace: {directory}|")), "{first}");
    fs::write(folder.join("deep/new.txt"), "new\n").expect("a workspace is the user's");
    assert_ne!(same(&host, &oracle, &project, "top.bst"), first);
    assert_eq!(
        host.run(&project, &["workspace", "list"]).success(),
        oracle.bst(&project, &["workspace", "list"]).success()
    );
    let _ = oracle.bst(&project, &["workspace", "close", "app.bst"]).success();
    assert!(!same(&host, &oracle, &project, "top.bst").contains("workspaced"));

    let other = project.path().join("other").display().to_string();
    let _ = oracle.bst(&project, &["workspace", "open", "--directory", &other, "core/sub.bst"]).success();
    assert!(same(&host, &oracle, &project, "core/sub.bst").contains("workspaced"));
    let _ = host.run(&project, &["workspace", "close", "--remove-dir", "core/sub.bst"]).success();
    assert!(!Path::new(&other).exists());
    assert!(!same(&host, &oracle, &project, "core/sub.bst").contains("workspaced"));
}

#[test]
fn a_workspace_is_built_reset_and_closed() {
    let (host, project) = (Host::new(), project());
    let run = |arguments: &[&str]| host.run(&project, arguments);
    let folder = project.path().join("app");
    let in_project = |arguments: &[&str]| {
        let mut command = host.command(&project);
        command.current_dir(project.path()).args(arguments);
        spec_testkit::Outcome::of(&mut command, std::time::Duration::from_secs(120))
    };
    let _ = in_project(&["workspace", "open", "app.bst"]).success();
    fs::write(folder.join("a.txt"), "changed\n").expect("a workspace is the user's");
    let _ = run(&["build", "app.bst"]).success();
    let tar = project.path().join("a.tar").display().to_string();
    let _ = run(&["artifact", "checkout", "--tar", &tar, "app.bst"]).success();
    let tar = fs::read(&tar).expect("it was written");
    assert!(tar.windows(8).any(|window| window == b"changed\n"));
    assert!(project.read(".bst2/workspaces.yml").contains("last_build: "));

    // From inside, commands are about its element.
    let inside = host.run_in(&folder, &["show", "--format", "%{name} %{state}"]);
    assert_eq!(inside.success(), "app.bst cached\n");

    let _ = run(&["workspace", "reset", "--soft", "app.bst"]).success();
    assert!(!project.read(".bst2/workspaces.yml").contains("last_build"));
    assert_eq!(fs::read_to_string(folder.join("a.txt")).expect("it stays"), "changed\n");
    let _ = run(&["workspace", "reset", "app.bst"]).success();
    assert_eq!(fs::read_to_string(folder.join("a.txt")).expect("it is made again"), "a\n");

    let _ = host.run_in(&folder, &["workspace", "close"]).success();
    assert!(folder.join("a.txt").exists() && !folder.join(".bstproject.yaml").exists());
    assert_eq!(run(&["workspace", "list"]).success(), "workspaces: []\n");
}

#[test]
fn what_cannot_be_opened_or_closed_is_refused() {
    let (host, project) = (Host::new(), project());
    let run = |arguments: &[&str]| host.run(&project, &[&["workspace"], arguments].concat());
    let at = |name: &str| project.path().join(name).display().to_string();
    project.write("full/file", "");
    project.write("file", "");
    for (arguments, reason) in [
        (&["open", "gone.bst"][..], "missing-file"),
        (&["open", "none.bst"], "no-sources"),
        (&["open", "--directory", &at("full"), "app.bst"], "bad-directory"),
        (&["open", "--directory", &at("file"), "app.bst"], "bad-directory"),
        (&["open", "--directory", &at("x"), "app.bst", "core/sub.bst"], "directory-with-multiple-elements"),
        (&["close", "app.bst"], "workspace-not-open"),
        (&["close"], "no-elements"),
        (&["reset", "--all"], "workspace-not-open"),
    ] {
        run(arguments).refused(2, reason, &[]);
    }
    assert!(!project.path().join(".bst2").exists());
    let open = ["open", "--no-checkout", "--directory", &at("full"), "app.bst"];
    let _ = run(&open).success();
    run(&open).refused(2, "workspace-open", &["--force"]);
    assert!(project.path().join("full/file").exists());

    // A workspace whose folder is gone says so, and can be closed.
    fs::remove_dir_all(project.path().join("full")).expect("it is there");
    let state = host.run(&project, &["show", "--format", "%{name} %{state}", "app.bst"]);
    assert_eq!(state.success(), "app.bst no reference\n");
    let build = host.run(&project, &["build", "app.bst"]);
    build.refused(2, "inconsistent-pipeline-workspaced", &["app.bst", "spec-host workspace close app.bst"]);
    let _ = run(&["close", "--remove-dir", "app.bst"]).success();
    let _ = host.run(&project, &["build", "app.bst"]).success();
}

#[test]
fn a_build_goes_on_where_the_last_one_ended() {
    let element = "kind: manual
build-depends: [debian.bst]
sources:
- kind: local
  path: files/made
config:
  configure-commands: ['echo configured >> history']
  build-commands:
  - |
    for source in *.src; do
      test ${source%.src}.out -nt $source || { cp $source ${source%.src}.out; echo made $source >> history; }
    done
  install-commands: ['install -D -t %{install-root}/share *.out history']
";
    let (host, project) = (
        Host::shared(),
        Project::on_base(&[
            ("elements/made.bst", element),
            ("files/made/a.src", "a\n"),
            ("files/made/b.src", "b\n"),
        ]),
    );
    let folder = project.path().join("ws");
    let directory = folder.display().to_string();
    let _ = host.run(&project, &["workspace", "open", "--directory", &directory, "made.bst"]).success();
    let history = || {
        let _ = host.run(&project, &["build", "made.bst"]).success();
        let out = project.path().join("out").display().to_string();
        let checkout = [
            "artifact",
            "checkout",
            "--deps",
            "none",
            "--force",
            "--no-integrate",
            "--directory",
            &out,
            "made.bst",
        ];
        let _ = host.run(&project, &checkout).success();
        project.read("out/share/history")
    };
    assert_eq!(history(), "configured\nmade a.src\nmade b.src\n");
    fs::write(folder.join("b.src"), "changed\n").expect("a workspace is the user's");
    assert_eq!(history(), "configured\nmade a.src\nmade b.src\nmade b.src\n");
    assert_eq!(project.read("out/share/b.out"), "changed\n");
    let _ = host.run(&project, &["workspace", "reset", "--soft", "made.bst"]).success();
    fs::write(folder.join("b.src"), "again\n").expect("a workspace is the user's");
    assert_eq!(history(), "configured\nmade a.src\nmade b.src\n");
}

#[test]
fn what_sources_have_in_the_place_of_the_workspaces_file_is_not_followed() {
    let (host, project) = (Host::shared(), project());
    let victim = project.path().join("victim");
    let sources = project.path().join("files/src/.bstproject.yaml");
    let (folder, directory) = (project.path().join("ws"), project.path().join("ws").display().to_string());
    let endless = Path::new("/dev/zero").to_path_buf();
    for target in [victim.clone(), project.path().join("absent"), endless] {
        fs::write(&victim, "precious\n").expect("it can be written");
        std::os::unix::fs::symlink(&target, &sources).expect("a link can be made");
        let opened = host.run(&project, &["workspace", "open", "--directory", &directory, "app.bst"]);
        assert_eq!(opened.code, Some(0), "{}", opened.stderr);
        assert!(opened.stderr.contains("warning[workspace-project-replaced]"), "{}", opened.stderr);
        assert_eq!(fs::read_to_string(&victim).expect("it is there"), "precious\n");
        assert!(!project.path().join("absent").exists());
        let file = folder.join(".bstproject.yaml");
        assert!(fs::symlink_metadata(file).expect("it is there").is_file());
        let _ = host.run(&project, &["workspace", "close", "--remove-dir", "app.bst"]).success();
        fs::remove_file(&sources).expect("it is there");
    }
}

#[test]
fn a_file_of_the_sources_that_is_no_workspaces_file_is_replaced() {
    let (host, project) = (Host::shared(), project());
    project.write("files/src/.bstproject.yaml", "format-version: [what\n");
    let directory = project.path().join("ws").display().to_string();
    let opened = host.run(&project, &["workspace", "open", "--directory", &directory, "app.bst"]);
    assert_eq!(opened.code, Some(0), "{}", opened.stderr);
    assert!(opened.stderr.contains("warning[workspace-project-replaced]"), "{}", opened.stderr);
    let list = host.run(&project, &["workspace", "list"]).success().to_owned();
    assert!(list.contains("app.bst"), "{list}");
}

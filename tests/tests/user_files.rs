//! Files and folders of users that commands write to, and artifacts that users name.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use spec_testkit::{Host, Project};

const IMPORT: &str = "kind: import\nsources:\n- kind: local\n  path: files/NAME\n";

fn built() -> (Host, Project) {
    let (host, project) = (Host::new(), Project::of(&[]));
    for name in ["low", "high"] {
        project.write(&format!("elements/{name}.bst"), &IMPORT.replace("NAME", name));
        project.write(&format!("files/{name}/{name}.txt"), &format!("{name}\n"));
    }
    project.write("elements/stack.bst", "kind: stack\ndepends: [low.bst]\n");
    let _ = host.run(&project, &["build", "stack.bst", "low.bst", "high.bst"]).success();
    (host, project)
}

fn text(path: &Path) -> String {
    path.to_str().expect("paths of tests are UTF-8").to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").mode() & 0o7777
}

/// The mode of a new file with the umask of the tests.
fn usual(project: &Project) -> u32 {
    project.write("usual", "");
    mode(&project.path().join("usual"))
}

fn full_key(host: &Host, project: &Project, element: &str) -> String {
    let shown = host.run(project, &["show", "--deps", "none", "--format", "%{full-key}", element]);
    format!("test/{}/{}", element.trim_end_matches(".bst"), shown.success().trim())
}

#[test]
fn an_archive_goes_into_what_is_given() {
    let (host, project) = built();
    let path = |name: &str| project.path().join(name);
    for command in
        [["artifact", "checkout", "--deps", "none", "low.bst"].as_slice(), &["source", "checkout", "low.bst"]]
    {
        let tar = |name: &str, more: &[&str]| {
            host.run(&project, &[command, &["--tar", &text(&path(name))], more].concat())
        };
        for name in ["mine.tar", "to-mine.tar", "pipe", "new.tar", "nowhere.tar", "led.tar"] {
            let _ = fs::remove_file(path(name));
        }
        project.write("mine.tar", "precious");
        fs::set_permissions(path("mine.tar"), Permissions::from_mode(0o640)).expect("it is ours");
        symlink("mine.tar", path("to-mine.tar")).expect("a link");
        for name in ["mine.tar", "to-mine.tar"] {
            tar(name, &[]).refused(1, "file-exists", &[name, "--force"]);
            assert_eq!(project.read("mine.tar"), "precious");
        }
        let _ = tar("to-mine.tar", &["--force"]).success();
        assert!(path("to-mine.tar").is_symlink());
        assert_eq!(mode(&path("mine.tar")), 0o640);
        let _ = tar("new.tar", &[]).success();
        assert_eq!(mode(&path("new.tar")), usual(&project));
        assert!(fs::read(path("new.tar")).ok() == fs::read(path("mine.tar")).ok(), "the same archive");
        symlink("led.tar", path("nowhere.tar")).expect("a link");
        let _ = tar("nowhere.tar", &[]).success();
        assert!(path("nowhere.tar").is_symlink() && path("led.tar").is_file());

        rustix::fs::mkfifoat(rustix::fs::CWD, path("pipe"), rustix::fs::Mode::RWXU).expect("a pipe");
        let (pipe, reader) = (
            path("pipe"),
            std::thread::spawn({
                let pipe = path("pipe");
                move || fs::read(pipe).expect("a pipe can be read")
            }),
        );
        let _ = tar("pipe", &[]).success();
        assert!(fs::symlink_metadata(&pipe).is_ok_and(|meta| meta.file_type().is_fifo()));
        assert!(reader.join().ok() == fs::read(path("new.tar")).ok(), "what was read is the archive");
        tar("files", &["--force"]).refused(1, "file-is-directory", &["files"]);
    }
}

#[test]
fn a_checkout_goes_into_the_folder_that_is_given() {
    let (host, project) = built();
    let path = |name: &str| project.path().join(name);
    for (command, file) in [
        (["artifact", "checkout", "--deps", "none", "low.bst"].as_slice(), "low.txt"),
        (&["source", "checkout", "low.bst"], "low/low.txt"),
    ] {
        for name in ["there", "real", "link"] {
            let _ = fs::remove_dir_all(path(name)).or_else(|_| fs::remove_file(path(name)));
        }
        fs::create_dir(path("there")).and_then(|()| fs::create_dir(path("real"))).expect("folders");
        symlink("real", path("link")).expect("a link");
        let inode = fs::metadata(path("there")).expect("it is there").ino();
        for name in ["there", "link"] {
            let _ = host.run(&project, &[command, &["--directory", &text(&path(name))]].concat()).success();
            assert_eq!(fs::read_to_string(path(name).join(file)).ok().as_deref(), Some("low\n"));
        }
        assert_eq!(fs::metadata(path("there")).expect("it is there").ino(), inode);
        assert!(path("link").is_symlink());
    }
}

#[test]
fn an_edit_of_a_checkout_does_not_reach_the_cache() {
    let (host, project) = built();
    let out = project.path().join("out");
    for _ in 0..2 {
        let checkout = ["artifact", "checkout", "--hardlinks", "low.bst", "--directory", &text(&out)];
        let _ = host.run(&project, &checkout).success();
        let file = out.join("low.txt");
        assert_eq!(fs::read_to_string(&file).expect("it was checked out"), "low\n");
        assert_eq!(fs::metadata(&file).expect("it was checked out").nlink(), 1);
        fs::write(&file, "mine\n").and_then(|()| fs::remove_dir_all(&out)).expect("the checkout is ours");
    }
}

#[test]
fn names_of_artifacts_have_the_dependencies_that_are_known() {
    let (host, project) = built();
    let name = full_key(&host, &project, "stack.bst");
    for deps in ["run", "all"] {
        for command in ["show", "delete", "checkout"] {
            host.run(&project, &["artifact", command, "--deps", deps, &name]).refused(
                2,
                "deps-not-supported",
                &[deps],
            );
        }
    }
    let low = full_key(&host, &project, "low.bst");
    let shown = host.run(&project, &["artifact", "show", "--deps", "build", &name]);
    assert_eq!(shown.success().trim(), format!("cached {low}"));
    let out = project.path().join("out");
    let checkout = ["artifact", "checkout", "--deps", "build", "--directory", &text(&out), &name];
    let _ = host.run(&project, &checkout).success();
    assert_eq!(fs::read_dir(&out).expect("a checkout").count(), 1);
    assert!(out.join("low.txt").is_file());
    let _ = host.run(&project, &["artifact", "delete", "--deps", "build", &name]).success();
    let states = host.run(&project, &["artifact", "show", "stack.bst", "low.bst", "high.bst"]);
    let lines: Vec<&str> = states.success().lines().map(str::trim).collect();
    assert_eq!(lines, ["cached stack.bst", "not cached low.bst", "cached high.bst", ""]);
}

#[test]
fn tracked_references_go_into_the_files_that_are_there() {
    let (host, project) = (Host::new(), Project::of(&[]));
    let url = format!("file://{}/data", project.path().display());
    project.write("data", "data");
    project.write("real/a.bst", &format!("kind: import\nsources:\n- kind: remote\n  url: {url}\n"));
    fs::create_dir(project.path().join("elements")).expect("a folder");
    let (real, link) = (project.path().join("real/a.bst"), project.path().join("elements/a.bst"));
    symlink("../real/a.bst", &link).expect("a link");
    fs::set_permissions(&real, Permissions::from_mode(0o664)).expect("it is ours");
    let _ = host.run(&project, &["source", "track", "a.bst"]).success();
    assert!(link.is_symlink() && project.read("real/a.bst").contains("ref: "));
    assert_eq!(mode(&real), 0o664);
    project.replace("project.conf", "name: test\n", "name: test\nref-storage: project.refs\n");
    let _ = host.run(&project, &["source", "track", "a.bst"]).success();
    assert_eq!(mode(&project.path().join("project.refs")), usual(&project));
}

#[test]
fn nobody_else_looks_into_the_cache() {
    let (host, project) = built();
    for folder in [host.cache(), host.cache().join("cas")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        fs::set_permissions(&folder, Permissions::from_mode(0o2777)).expect("it is ours");
    }
    let _ = host.run(&project, &["show"]).success();
    for folder in [host.cache(), host.cache().join("cas")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
}

#[test]
fn an_interrupted_checkout_leaves_nothing() {
    let (host, project) = (Host::new(), Project::of(&[]));
    project.write("elements/many.bst", &IMPORT.replace("NAME", "many"));
    for number in 0..20_000 {
        project.write(&format!("files/many/{}/{number}", number % 100), "");
    }
    let _ = host.run(&project, &["build", "many.bst"]).success();
    let out = project.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let mut command = host.command(&project);
    command.args(["artifact", "checkout", "many.bst", "--directory", &text(&out)]);
    let mut child = command.spawn().expect("it can be started");
    let begun = || fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_some());
    spec_testkit::wait_for("the checkout to begin", begun);
    spec_testkit::signal(child.id(), "TERM");
    let code = child.wait().expect("it ends").code();
    let left: Vec<PathBuf> =
        fs::read_dir(&out).expect("a folder").flatten().map(|entry| entry.path()).collect();
    // The command may have ended before the signal.
    assert!(
        code == Some(130) && left.is_empty() || code == Some(0) && left.len() == 100,
        "{code:?} {left:?}"
    );
}

#[test]
fn pulls_and_pushes_without_servers_say_what_to_do() {
    let (host, project) = built();
    let pull = host.run(&project, &["artifact", "pull", "--deps", "all", "low.bst"]);
    pull.refused(2, "no-artifact-servers", &["help: ", "--artifact-remote"]);
    let push = host.run(&project, &["source", "push"]);
    push.refused(2, "no-source-servers", &["help: ", "--source-remote"]);
}

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use spec_cas::{Take, TreeBuilder};
use spec_model::Cancel;
use spec_sandbox::Termination;
use tempfile::TempDir;

use super::*;

use crate::root::run::{CommandStreams, RootCommand, WriteAccess};
use crate::root::{Root, StageReport, StagedTree};

mod model;

struct Fixture {
    folder: TempDir,
    cas: Cas,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        Self { folder, cas }
    }

    fn tree(&self, files: &[(&str, &str)]) -> Digest {
        let mut builder = TreeBuilder::new();
        for (path, text) in files {
            let digest = self.cas.put_bytes(text.as_bytes()).expect("the store takes it");
            builder.add_file(path, digest, false).expect("the path is good");
        }
        builder.store(&self.cas).expect("the store takes it")
    }

    /// The machine's own shell with the libraries that it names, as a tree.
    fn shell(&self) -> Digest {
        let mut builder = TreeBuilder::new();
        for (program, inside) in [("/bin/sh", "bin/sh"), ("/usr/bin/mkfifo", "bin/mkfifo")] {
            self.add_program(&mut builder, Path::new(program), inside);
        }
        builder.store(&self.cas).expect("the store takes it")
    }

    /// A program of the machine with the libraries that it names.
    fn add_program(&self, builder: &mut TreeBuilder, host: &Path, inside: &str) {
        let mut add = |host: &Path, inside: &str| {
            let digest = self.cas.put_file(host, Take::Copy).expect("the store takes it");
            builder.add_file(inside, digest, true).expect("the path is good");
        };
        add(host, inside);
        let listed = Command::new("ldd").arg(host).output().expect("ldd comes with libc").stdout;
        let listed = String::from_utf8(listed).expect("paths are UTF-8");
        for path in listed.split_whitespace().filter(|word| word.starts_with('/')) {
            add(Path::new(path), path.trim_start_matches('/'));
        }
    }

    fn root(&self, trees: &[(Digest, &str)]) -> (Root, StageReport) {
        let mut root = Root::new(self.cas.clone()).expect("an empty root");
        let report = root.stage(&staged(trees, 0)).expect("the trees fit");
        (root, report)
    }

    fn sh(&self, root: &mut Root, script: &str, access: WriteAccess) -> (Termination, String) {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        self.command_with(root, argv, vec![("GREETING".to_owned(), "hello".to_owned())], access)
    }

    fn command(
        &self,
        root: &mut Root,
        argv: Vec<String>,
        environment: Vec<(String, String)>,
    ) -> (Termination, String) {
        self.command_with(root, argv, environment, WriteAccess::Everything(Vec::new()))
    }

    fn command_with(
        &self,
        root: &mut Root,
        argv: Vec<String>,
        environment: Vec<(String, String)>,
        access: WriteAccess,
    ) -> (Termination, String) {
        let path = self.folder.path().join("log");
        let log = File::options().create(true).append(true).open(&path).expect("a log");
        let spec = RootCommand {
            argv,
            environment,
            cwd: "/".to_owned(),
            uid: None,
            gid: None,
            access,
            streams: CommandStreams::Log(log),
            network: false,
            sockets: Vec::new(),
            timeout: Some(std::time::Duration::from_secs(60)),
            user_namespaces: false,
        };
        let ran = root.run(spec, &Cancel::new()).expect("the sandbox works here");
        let mut text = String::new();
        File::open(&path).and_then(|mut log| log.read_to_string(&mut text)).expect("the log is text");
        std::fs::remove_file(&path).expect("the log is there");
        (ran.termination, text)
    }
}

fn staged(trees: &[(Digest, &str)], first: usize) -> Vec<StagedTree> {
    let one = |(number, (tree, location)): (usize, &(Digest, &str))| StagedTree {
        tree: *tree,
        location: (*location).to_owned(),
        owner: first + number,
        movable: false,
    };
    trees.iter().enumerate().map(one).collect()
}

#[test]
fn owners_and_overlaps_are_told() {
    let fixture = Fixture::new();
    let (low, high) = (fixture.tree(&[("a", "1"), ("d/x", "1")]), fixture.tree(&[("a", "2"), ("d/y", "2")]));
    let (mut root, report) = fixture.root(&[(low, "/"), (high, "/")]);
    assert_eq!(report.overlaps, BTreeMap::from([("a".to_owned(), vec![0, 1])]));
    for (path, owner) in [("/a", Some(1)), ("/d/x", Some(0)), ("/d/y", Some(1)), ("/nothing", None)] {
        assert_eq!(root.owner_of(path).expect("the store works"), owner, "{path}");
    }
    let later = root.stage(&staged(&[(low, "/")], 2)).expect("the tree fits");
    assert_eq!(later.overlaps["a"], [0, 1, 2]);
    assert_eq!(later.overlaps["d/x"], [0, 2]);
}

#[test]
fn trees_are_copied_and_directories_made_without_a_disk() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.tree(&[("in/a/b", "1")]), "/")]);
    assert!(root.copy_tree("/in/a", "/out/c").expect("the store works"));
    assert!(!root.copy_tree("/absent", "/out").expect("the store works"));
    root.make_directory("/empty").expect("the store works");
    assert_eq!(root.subtree("/out/c").expect("the store works"), Some(fixture.tree(&[("b", "1")])));
    assert_eq!(root.subtree("/empty").expect("the store works"), Some(fixture.tree(&[])));
}

#[test]
fn commands_see_each_others_changes_and_the_tree_takes_them_up() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/"), (fixture.tree(&[("old", "1")]), "/data")]);
    let all = || WriteAccess::Everything(vec!["/made".to_owned()]);
    let first = fixture.sh(&mut root, "echo $GREETING > /made/new; echo x > /tmp/t; : > /data/old", all());
    assert_eq!(first, (Termination::Exited(0), String::new()));
    let second = fixture.sh(&mut root, "read a < /made/new; read b < /tmp/t; echo $a $b", all());
    assert_eq!(second, (Termination::Exited(0), "hello x\n".to_owned()));
    assert_eq!(root.subtree("/made").expect("read back"), Some(fixture.tree(&[("new", "hello\n")])));
    assert_eq!(root.subtree("/data").expect("read back"), Some(fixture.tree(&[("old", "")])));
    assert_eq!(root.subtree("/tmp").expect("read back"), None);
    let third = fixture.sh(&mut root, "read a < /made/new; echo $a", all());
    assert_eq!(third.1, "hello\n");
}

#[test]
fn trees_that_commands_only_add_to_are_not_laid_out_again() {
    let fixture = Fixture::new();
    let data = fixture.tree(&[("old", "1")]);
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/"), (data, "/data")]);
    let all = || WriteAccess::Everything(Vec::new());
    fixture.sh(&mut root, "echo hello > /data/new; : > /data/old", all());
    let whole = root.digest().expect("read back");
    let later = root.stage(&staged(&[(fixture.tree(&[("more", "2")]), "/data")], 2)).expect("the tree fits");
    assert!(later.overlaps.is_empty());
    let (_, text) = fixture.sh(&mut root, "read a < /data/new; echo $a; echo /data/*", all());
    assert_eq!(text, "hello\n/data/more /data/new /data/old\n");
    assert_eq!(root.owner_of("/bin/sh").expect("the store works"), Some(0));
    assert_eq!(root.owner_of("/data/old").expect("the store works"), None);
    for tree in [whole, root.digest().expect("read back")] {
        let layers = std::fs::read_dir(fixture.folder.path().join("cas/trees")).expect("layers");
        let names = layers.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        assert!(names.into_iter().all(|name| !name.starts_with(&tree.hex())), "{tree} is a layer of all");
    }
}

#[test]
fn only_marked_directories_can_be_written_when_it_is_said_so() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/")]);
    let only = || WriteAccess::Only(vec!["/made".to_owned()]);
    let (ending, text) = fixture.sh(&mut root, "echo 1 > /made/a && echo 2 > /bin/b", only());
    assert_ne!(ending, Termination::Exited(0), "{text}");
    assert!(text.contains("Read-only"), "{text}");
    assert_eq!(root.collect("/made", u64::MAX).expect("read back"), Some(fixture.tree(&[("a", "1\n")])));
}

#[test]
fn collecting_forgets_what_lies_elsewhere() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/")]);
    let all = WriteAccess::Everything(vec!["/install".to_owned(), "/build".to_owned()]);
    fixture.sh(&mut root, "echo 1 > /install/a; echo 2 > /build/b", all);
    assert_eq!(root.collect("/install", u64::MAX).expect("read back"), Some(fixture.tree(&[("a", "1\n")])));
    assert_eq!(root.subtree("/build").expect("read back"), None);
}

#[test]
fn a_cancelled_command_ends() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/")]);
    let cancel = Cancel::new();
    cancel.cancel();
    let spec = RootCommand {
        argv: ["/bin/sh", "-c", "while :; do :; done"].map(str::to_owned).to_vec(),
        environment: Vec::new(),
        cwd: "/".to_owned(),
        uid: None,
        gid: None,
        access: WriteAccess::Everything(Vec::new()),
        streams: CommandStreams::Log(tempfile::tempfile().expect("a temporary file")),
        network: false,
        sockets: Vec::new(),
        timeout: None,
        user_namespaces: false,
    };
    assert_eq!(root.run(spec, &cancel).expect("the sandbox works here").termination, Termination::Cancelled);
}

#[test]
fn special_files_are_passed_by_and_told() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/")]);
    let script = "/bin/mkfifo /made/pipe /top; echo 1 > /made/a";
    let (ending, text) = fixture.sh(&mut root, script, WriteAccess::Everything(vec!["/made".to_owned()]));
    assert_eq!(ending, Termination::Exited(0), "{text}");
    assert_eq!(root.subtree("/made").expect("read back"), Some(fixture.tree(&[("a", "1\n")])));
    let told = root.take_special().into_iter().map(|file| (file.path, file.kind));
    let mut told: Vec<_> = told.collect();
    told.sort();
    assert_eq!(told, [("made/pipe".to_owned(), "named pipe"), ("top".to_owned(), "named pipe")]);
    assert_eq!(root.take_special(), []);
}

#[test]
fn a_name_that_is_not_utf8_is_told_as_the_command_saw_it() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/")]);
    let access = WriteAccess::Everything(vec!["/made/etc".to_owned()]);
    fixture.sh(&mut root, "echo > /made/etc/$(printf 'caf\\351')", access);
    let error = root.collect("/made", u64::MAX).expect_err("no tree can hold it").to_string();
    assert!(error.contains("'/made/etc/caf\\xe9'"), "{error}");
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let fixture = Fixture::new();
    let (mut root, _) = fixture.root(&[(fixture.shell(), "/")]);
    let access = WriteAccess::Everything(vec!["/made".to_owned()]);
    fixture.sh(&mut root, "echo 12345 > /made/a; echo 12345 > /other", access);
    let error = root.collect("/made", 5).expect_err("it is too much");
    assert_eq!(spec_model::UserError::reason(&error), "too-much-written");
}

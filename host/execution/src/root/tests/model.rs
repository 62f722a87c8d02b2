//! A staged root behaves as a plain folder of one file system does: random sequences of changes give the same errors, the
//! same files and folders with the same modes and link counts, and the same tree when they are read back.
//!
//! Both are worked on in one sandbox by one process, this test's own program: the root below `/model`, which is made of
//! three trees, and a folder below `/tmp`, which is a plain one of the host's.
//!
//! Two differences are allowed, where layers are no images (ordinary users), in trees that were not staged as movable:
//! `rename(2)` of a folder may answer EXDEV, and two names of a file may have two numbers (`st_ino`). Then the step is not
//! done in the plain folder, or undone in both.

#![allow(clippy::print_stdout)]

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use spec_model::LayerForm;

use super::*;

use crate::root::Root;
use crate::staging::{LayerSupport, can_rename_folders};

/// Steps, one a line, for the process in the sandbox. Without it that test does nothing.
const STEPS: &str = "SPEC_MODEL_STEPS";
/// Set where the differences that ordinary users see are allowed.
const MAY_DIFFER: &str = "SPEC_MODEL_MAY_DIFFER";
/// Set when the tests are run once more, by an ordinary user.
const AGAIN: &str = "SPEC_MODEL_AGAIN";
const NOBODY: u32 = 65534;

/// What is staged: path, contents, whether it is executable; three trees, lowest first.
const TREES: [&[(&str, &str, bool)]; 3] = [
    &[
        ("a/a", "one", false),
        ("a/b/c", "two", true),
        ("b", "three", false),
        ("c/a", "one", false),
        ("c/b", "", false),
    ],
    &[("a/b/c", "four", false), ("a/c", "two", false), ("d/a", "five", true), ("d/b/a/c", "six", false)],
    &[("a/b/d", "seven", false), ("c/a", "eight", true)],
];
const LARGE: usize = 70_000;

#[derive(Clone, Debug)]
struct RootStep {
    what: &'static str,
    one: String,
    other: String,
    number: u32,
}

fn path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c", "d"]);
    prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"))
}

fn step() -> impl Strategy<Value = RootStep> {
    const KINDS: [&str; 14] = [
        "write", "append", "truncate", "chmod", "unlink", "rmdir", "mkdir", "rename", "rename", "link",
        "symlink", "copy", "times", "map",
    ];
    (prop::sample::select(KINDS.to_vec()), path(), path(), 0..8_u32)
        .prop_map(|(what, one, other, number)| RootStep { what, one, other, number })
}

impl RootStep {
    fn line(&self) -> String {
        format!("{} {} {} {}", self.what, self.one, self.other, self.number)
    }

    fn parse(line: &str) -> (String, String, String, u32) {
        let mut words = line.split(' ').map(str::to_owned);
        let mut word = || words.next().expect("four words");
        let (what, one, other) = (word(), word(), word());
        (what, one, other, word().parse().expect("a number"))
    }
}

/// Does a step in a folder. The answer is the error's number.
fn act(folder: &Path, line: &str) -> Result<(), i32> {
    let (what, one, other, number) = RootStep::parse(line);
    let (one, target, other) = (folder.join(one), other.clone(), folder.join(other));
    let done = match what.as_str() {
        "write" => fs::write(&one, vec![b'w'; number as usize * 3]),
        "append" => OpenOptions::new().append(true).open(&one).and_then(|mut file| file.write_all(b"more")),
        "truncate" => OpenOptions::new().write(true).open(&one).and_then(|file| file.set_len(number.into())),
        "chmod" => {
            let modes = [0o644, 0o755, 0o600, 0o444, 0o555, 0o700, 0o4755, 0o000];
            fs::set_permissions(&one, Permissions::from_mode(modes[number as usize]))
        }
        "unlink" => fs::remove_file(&one),
        "rmdir" => fs::remove_dir(&one),
        "mkdir" => fs::create_dir(&one),
        "rename" => fs::rename(&one, &other),
        "link" => fs::hard_link(&one, &other),
        "symlink" => symlink(&target, &one),
        // What comes of it depends on the order in which a folder is listed.
        "copy" if other.starts_with(&one) => Err(io::Error::from_raw_os_error(-1)),
        "copy" => run(Process::new("/bin/cp").arg("-a").arg(&one).arg(&other)),
        "times" => OpenOptions::new().write(true).open(&one).and_then(|file| {
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 * u64::from(number)))
        }),
        "map" => run(Process::new("/bin/perl").arg("-e").arg(MAP).arg(&one)),
        other => panic!("no step is called {other}"),
    };
    done.map_err(|error| error.raw_os_error().unwrap_or(-1))
}

/// Writes the first bytes of a file through a shared mapping: `read(2)` puts them there.
const MAP: &str = r#"
    open(my $file, "+<", $ARGV[0]) or exit($!);
    my ($mmap, $read) = `/bin/uname -m` =~ /aarch64/ ? (222, 63) : (9, 0);
    my $size = -s $file or exit(99);
    pipe(my $out, my $in); syswrite($in, "map", $size < 3 ? $size : 3);
    my $at = syscall($mmap, 0, $size, 3, 1, fileno($file), 0); exit($!) if $at == -1;
    syscall($read, fileno($out), $at, 3) > 0 or exit($!); exit(0);
"#;

fn run(command: &mut Process) -> io::Result<()> {
    let status = command.stderr(std::process::Stdio::null()).status()?;
    match status.code() {
        Some(0) => Ok(()),
        code => Err(io::Error::from_raw_os_error(code.unwrap_or(-1))),
    }
}

/// Everything in a folder, one line each. Times count while they are in the past.
fn look(folder: &Path, path: &Path, lines: &mut Vec<String>) {
    let host = folder.join(path);
    let meta = fs::symlink_metadata(&host).expect("it is listed");
    let time = if meta.mtime() < 1_600_000_000 { meta.mtime() } else { 0 };
    let what = if meta.is_dir() {
        "folder".to_owned()
    } else if meta.is_symlink() {
        format!("link to {:?}", fs::read_link(&host))
    } else {
        let mode = meta.permissions();
        // What nobody may read is looked at all the same.
        let opened = fs::set_permissions(&host, Permissions::from_mode(mode.mode() | 0o400));
        let text = opened.and_then(|()| fs::read(&host)).map(|bytes| (bytes.len(), digest(&bytes)));
        fs::set_permissions(&host, mode).expect("it is ours");
        format!("file of {} names, {} bytes, changed {time}: {text:?}", meta.nlink(), meta.len())
    };
    lines.push(format!("{} {:o} {what}", path.display(), meta.mode()));
    if meta.is_dir() {
        let mode = meta.permissions();
        fs::set_permissions(&host, Permissions::from_mode(mode.mode() | 0o700)).expect("it is ours");
        let entries = fs::read_dir(&host).expect("a folder");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names.iter().for_each(|name| look(folder, &path.join(name), lines));
        fs::set_permissions(&host, mode).expect("it is ours");
    }
}

fn digest(bytes: &[u8]) -> String {
    Digest::of(bytes).hex()[..16].to_owned()
}

/// Not a test by itself: what the process in the sandbox does. It prints every difference.
#[test]
fn steps_in_the_sandbox() {
    let Ok(steps) = std::env::var(STEPS) else { return };
    let (staged, plain) = (Path::new("/model"), Path::new("/tmp/plain"));
    make_plain(plain);
    compare("at the beginning", staged, plain);
    let may_differ = std::env::var_os(MAY_DIFFER).is_some();
    for line in steps.lines() {
        let done = act(staged, line);
        if may_differ && is_refused_rename(plain, line, done) {
            continue;
        }
        let expected = act(plain, line);
        if done != expected {
            println!("DIFFERENT: {line}: {done:?} instead of {expected:?}");
        }
        if may_differ && has_two_numbers(staged, line, done) {
            undo_link(staged, line);
            undo_link(plain, line);
        }
    }
    compare("at the end", staged, plain);
    println!("COMPARED");
}

/// Whether the kernel refused to rename a folder of a layer.
fn is_refused_rename(plain: &Path, line: &str, done: Result<(), i32>) -> bool {
    let refused = done == Err(rustix::io::Errno::XDEV.raw_os_error());
    refused && plain.join(RootStep::parse(line).1).symlink_metadata().is_ok_and(|meta| meta.is_dir())
}

/// Whether a file of a layer has just been linked, and the kernel gives its new name another number: in a user namespace it
/// cannot note which file of the layer a written one comes from.
fn has_two_numbers(staged: &Path, line: &str, done: Result<(), i32>) -> bool {
    let (what, one, other, _) = RootStep::parse(line);
    let number = |path| fs::symlink_metadata(staged.join(path)).map(|meta| meta.ino()).ok();
    what == "link" && done.is_ok() && number(one) != number(other)
}

fn undo_link(folder: &Path, line: &str) {
    let (.., other, _) = RootStep::parse(line);
    fs::remove_file(folder.join(other)).expect("it was just made");
}

fn compare(when: &str, staged: &Path, plain: &Path) {
    let [found, expected] = [staged, plain].map(|folder| {
        let mut lines = Vec::new();
        look(folder, Path::new(""), &mut lines);
        lines
    });
    for line in found.iter().filter(|line| !expected.contains(line)) {
        println!("DIFFERENT: {when} there is {line}");
    }
    for line in expected.iter().filter(|line| !found.contains(line)) {
        println!("DIFFERENT: {when} there is no {line}");
    }
}

fn make_plain(plain: &Path) {
    for (path, text, executable) in TREES.concat() {
        let path = plain.join(path);
        fs::create_dir_all(path.parent().expect("it is below")).expect("a folder");
        fs::write(&path, contents(text)).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(if executable { 0o755 } else { 0o644 }))
            .expect("ours");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(spec_cas::FIXED_MTIME as u64);
        fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("ours");
    }
}

/// The contents of a staged file: one of them is large, one is empty.
fn contents(text: &str) -> Vec<u8> {
    if text == "two" { text.as_bytes().repeat(LARGE / text.len()) } else { text.as_bytes().to_vec() }
}

struct RootModel {
    fixture: RootFixture,
    programs: Digest,
    trees: Vec<Digest>,
}

impl RootModel {
    fn new(form: LayerForm) -> Self {
        let fixture = RootFixture::new();
        fixture.cas.layer_form(|| spec_cas::FoundLayerForm { form, is_best: false });
        let mut builder = TreeBuilder::new();
        let itself = std::env::current_exe().expect("this program has a path");
        let programs = ["/bin/cp", "/bin/uname", "/usr/bin/perl"].map(PathBuf::from);
        for (host, inside) in programs.iter().map(|path| (path, path.file_name())).chain([(&itself, None)]) {
            let inside = inside.map_or("model".to_owned(), |name| name.to_string_lossy().into_owned());
            fixture.add_program(&mut builder, host, &format!("bin/{inside}"));
        }
        builder.add_symlink("usr/bin", "../bin").expect("the path is good");
        builder.add_file("bin/sh", Digest::of(b""), true).err();
        let programs = builder.store(&fixture.cas).expect("the store takes it");
        let trees = TREES.map(|files| {
            let mut builder = TreeBuilder::new();
            for (path, text, executable) in files {
                let digest = fixture.cas.put_bytes(&contents(text)).expect("the store takes it");
                builder.add_file(path, digest, *executable).expect("the path is good");
            }
            builder.store(&fixture.cas).expect("the store takes it")
        });
        Self { fixture, programs, trees: trees.to_vec() }
    }

    fn check(&self, steps: &[RootStep], movable: bool) -> Result<(), TestCaseError> {
        let mut root = Root::new(self.fixture.cas.clone()).expect("an empty root");
        let mut trees = staged(&[(self.programs, "/")], 0);
        trees.extend(staged(&self.trees.iter().map(|tree| (*tree, "/model")).collect::<Vec<_>>(), 1));
        trees.iter_mut().skip(1).for_each(|tree| tree.movable = movable);
        root.stage(&trees).expect("the trees fit");
        let (termination, text) = self.run(&mut root, steps, movable);
        prop_assert!(
            termination == Termination::Exited(0) && text.contains("COMPARED"),
            "{termination:?} {text}"
        );
        prop_assert!(!text.contains("DIFFERENT"), "{text}");
        let plain = root.layout.as_ref().expect("a command ran").temporary().join("plain");
        open_up(&plain);
        let expected = self
            .fixture
            .cas
            .import_dir(&plain, spec_cas::ImportMode::Copy, |_| true)
            .expect("it can be read");
        let found = root.subtree("/model").expect("read back");
        let changes = found.map(|found| self.fixture.cas.diff(&expected, &found).expect("both are here"));
        prop_assert_eq!(changes.as_deref(), Some(&[][..]));
        prop_assert_eq!(found, Some(expected));
        Ok(())
    }

    fn run(&self, root: &mut Root, steps: &[RootStep], movable: bool) -> (Termination, String) {
        let lines: Vec<String> = steps.iter().map(RootStep::line).collect();
        let mut environment = vec![(STEPS.to_owned(), lines.join("\n"))];
        if !movable && !can_rename_folders(&self.fixture.cas) {
            environment.push((MAY_DIFFER.to_owned(), "1".to_owned()));
        }
        let child = "root::tests::model::steps_in_the_sandbox";
        let argv = ["/bin/model", "--exact", child, "--nocapture", "--test-threads=1"].map(str::to_owned);
        self.fixture.command(root, argv.to_vec(), environment)
    }
}

/// The plain folder is read by the host, which is no root perhaps.
fn open_up(folder: &Path) {
    let mode = fs::symlink_metadata(folder).expect("it is there").permissions().mode();
    fs::set_permissions(folder, Permissions::from_mode(mode | 0o700)).expect("it is ours");
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        let meta = entry.metadata().expect("it is listed");
        if meta.is_dir() {
            open_up(&entry.path());
        } else if meta.is_file() {
            let mode = Permissions::from_mode(meta.permissions().mode() | 0o400);
            fs::set_permissions(entry.path(), mode).expect("it is ours");
        }
    }
}

#[test]
fn any_changes_to_staged_trees_are_those_of_a_plain_folder() {
    let best = LayerSupport::examine(&RootFixture::new().cas).form;
    let forms = [LayerForm::Image, LayerForm::Metacopy, LayerForm::Copied];
    for form in forms.into_iter().skip_while(|form| *form != best) {
        check_form(form);
    }
}

fn check_form(form: LayerForm) {
    let model = RootModel::new(form);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(32);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    });
    let steps = (prop::collection::vec(step(), 1..40), any::<bool>());
    let done = runner.run(&steps, |(steps, movable)| model.check(&steps, movable));
    done.unwrap_or_else(|failure| panic!("{form:?}: {failure}"));
}

#[test]
fn and_so_they_are_for_an_ordinary_user() {
    if !rustix::process::geteuid().is_root() || std::env::var_os(AGAIN).is_some() {
        return;
    }
    // Standard error is not captured, so a failing inner run shows its report.
    let mut again = Process::new("/proc/self/exe");
    again.env(AGAIN, "1").env("RUST_TEST_THREADS", "1").args([
        "root::tests::",
        "tests::layers",
        "staging::support::tests::",
    ]);
    let status = again.uid(NOBODY).gid(NOBODY).status();
    assert!(status.expect("the test program can be run").success());
}

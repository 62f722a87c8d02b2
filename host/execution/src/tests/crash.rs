//! A host that is killed in the middle of actions.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use spec_cas::Cas;
use spec_model::{Cancel, Digest};

use super::fixture::{Fixture, request};

use crate::local::{LocalExecutor, LocalOptions};
use crate::result_cache::ResultCache;
use crate::rights::GrantedAction;

const STORE: &str = "SPEC_EXECUTION_TEST_STORE";
const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test by itself: what the child of the other test does until it is killed.
#[test]
fn child() {
    let Some(root) = std::env::var_os(STORE) else { return };
    let fixture = Fixture::at(Path::new(&root));
    let pool = fixture.pool(2, 10);
    for number in 0.. {
        let script = format!("echo {number} > d/a; echo 1 > d/b; /bin/sleep 0.00{}", number % 10);
        let action = fixture.store(&fixture.script(&script, &["d/a", "d"]));
        pool.execute(&request(action), &Cancel::new()).expect("the action runs");
    }
}

fn spawn(root: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "tests::crash::child", "--test-threads=1"])
        .env(STORE, root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a child")
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Folders of a process, beside the store and in memory.
fn folders(root: &Path, pid: u32) -> usize {
    let user = rustix::process::geteuid().as_raw();
    let memory = Path::new("/dev/shm").join(format!("spec-host-{user}"));
    let places = [root.join("tmp"), memory].into_iter();
    let entries = places.flat_map(|place| fs::read_dir(place).into_iter().flatten().flatten());
    let ours = format!("{pid}-");
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours)).count()
}

/// The actions that have a result.
fn results(root: &Path) -> Vec<Digest> {
    let folders = fs::read_dir(root.join("actions")).into_iter().flatten().flatten();
    let entries = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let names = entries.map(|entry| entry.file_name().to_string_lossy().replacen('-', "/", 1));
    names.map(|name| name.parse().expect("an entry is named by its action")).collect()
}

#[test]
fn a_killed_host_leaves_nothing_behind_and_serves_nothing_half_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("cas");
    let mut cached = 0;
    for round in 0..6 {
        let mut child = spawn(folder.path());
        let seen = |more: usize| results(&root).len() >= more;
        eventually("the child runs actions", || seen(cached + 1));
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().and_then(|()| child.wait()).expect("my own child");
        eventually("the next host removes what the killed one left", || {
            let cas = Cas::open(&root).expect("a store");
            drop(LocalExecutor::new(cas, LocalOptions::default()));
            folders(&root, child.id()) == 0
        });
        let cas = Cas::open(&root).expect("a store");
        let (cache, actions) = (ResultCache::new(&cas), results(&root));
        for action in &actions {
            let result = cache
                .get(&GrantedAction::unseen(action))
                .expect("the cache works")
                .expect("every entry is whole");
            assert_eq!((result.files.len(), result.directories.len()), (1, 1));
        }
        cached = actions.len();
    }
}

//! The cache from a user's side: kept within its quota, checked for damage, cleaned.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use spec_testkit::{Host, Project};

const IMPORT: &str = "kind: import\nsources:\n- kind: local\n  path: files/NAME\n";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Two elements with a file of 300 kB each.
fn project() -> Project {
    let project = Project::of(&[]);
    for name in ["old", "new"] {
        project.write(&format!("elements/{name}.bst"), &IMPORT.replace("NAME", name));
        project.write(&format!("files/{name}/{name}.txt"), &format!("{name}\n").repeat(75_000));
    }
    project
}

fn states(host: &Host, project: &Project) -> String {
    let shown = host.run(project, &["show", "--format", "%{name} %{state}", "old.bst", "new.bst"]);
    let mut lines: Vec<&str> = shown.success().lines().collect();
    lines.sort_unstable();
    lines.join(", ")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of the cache");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Sets the last use of everything in the store to yesterday.
fn age(host: &Host) {
    let then = SystemTime::now() - DAY;
    for path in files(&host.cache().join("cas")) {
        let times = FileTimes::new().set_accessed(then).set_modified(then);
        File::open(&path).and_then(|file| file.set_times(times)).expect("the cache is ours");
    }
}

fn blob_of(host: &Host, size: u64) -> PathBuf {
    let found = files(&host.cache().join("cas/objects"));
    let found = found.into_iter().find(|path| fs::metadata(path).is_ok_and(|meta| meta.len() == size));
    found.expect("the file was stored")
}

#[test]
fn a_build_evicts_what_was_not_used_for_the_longest_time() {
    let (host, project) = (Host::new(), project());
    let _ = host.run(&project, &["build", "old.bst"]).success();
    age(&host);
    host.configure("cache:\n  quota: 500K\n  reserved-disk-space: 0\n");
    let _ = host.run(&project, &["build", "new.bst"]).success();
    assert_eq!(states(&host, &project), "new.bst cached, old.bst buildable");
    let _ = host.run(&project, &["build", "old.bst"]).success();
    let out = project.path().join("out");
    let to = out.to_str().expect("a path of ours");
    let _ = host.run(&project, &["artifact", "checkout", "old.bst", "--directory", to]).success();
    let same = |name: &str| fs::read(project.path().join(name)).expect("it is there");
    assert!(same("out/old.txt") == same("files/old/old.txt"));
}

#[test]
fn a_build_that_stores_more_than_the_quota_fails() {
    let (host, project) = (Host::new(), project());
    project.write("elements/none.bst", "kind: stack\n");
    let configure =
        |size: &str| host.configure(&format!("cache:\n  quota: {size}\n  reserved-disk-space: 0\n"));
    configure("100K");
    host.run(&project, &["build", "old.bst"]).refused(
        1,
        "cache-too-full",
        &["102400", "'quota' below 'cache'"],
    );
    assert_eq!(states(&host, &project), "new.bst buildable, old.bst buildable");
    // What other builds stored does not count.
    let _ = host.run(&project, &["build", "none.bst"]).success();
    configure("infinity");
    let _ = host.run(&project, &["build", "old.bst", "new.bst"]).success();
    configure("100K");
    let _ = host.run(&project, &["build", "old.bst"]).success();
    assert_eq!(states(&host, &project), "new.bst cached, old.bst cached");
}

#[test]
fn cleaning_spares_what_was_just_used_and_says_so() {
    let (host, project) = (Host::new(), project());
    let _ = host.run(&project, &["build", "old.bst", "new.bst"]).success();
    host.run(&project, &["cache", "clean", "--to", "100K"]).refused(1, "cache-in-use", &[]);
    assert_eq!(states(&host, &project), "new.bst cached, old.bst cached");
    age(&host);
    let _ = host.run(&project, &["cache", "clean", "--to", "100K"]).success();
    // An empty blob takes no disk space.
    let size = |path: &PathBuf| fs::metadata(path).expect("nobody else is here").len();
    assert_eq!(files(&host.cache().join("cas/objects")).iter().map(size).sum::<u64>(), 0);
    assert_eq!(states(&host, &project), "new.bst buildable, old.bst buildable");
}

#[test]
fn damage_is_found_set_aside_and_built_again() {
    let (host, project) = (Host::new(), project());
    let _ = host.run(&project, &["build", "old.bst", "new.bst"]).success();
    assert!(host.run(&project, &["cache", "verify"]).success().contains(" 0 damaged"));
    let blob = blob_of(&host, 300_000);
    let mut bytes = fs::read(&blob).expect("it is there");
    bytes[1000] ^= 1;
    fs::remove_file(&blob).and_then(|()| fs::write(&blob, &bytes)).expect("the cache is ours");
    host.run(&project, &["cache", "verify"]).refused(1, "cache-damaged", &[]);
    assert!(!blob.exists());
    assert!(host.run(&project, &["cache", "verify"]).success().contains(" 0 damaged"));
    let _ = host.run(&project, &["build", "old.bst", "new.bst"]).success();
    assert_eq!(fs::metadata(&blob).expect("it was stored again").len(), 300_000);
}

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use proptest::prelude::*;

use super::*;
use crate::{Cas, ImportMode};

#[test]
fn what_was_sent_longest_ago_is_forgotten() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("seen");
    let open =
        |name: usize| StatCache::open(&store, &folder.path().join(name.to_string()), DigestFunction::Sha256);
    let replace = |name: usize, time: u64| {
        let found = (FileIdentity([0, time, 0, 0, 0, 0, 0]), Digest::of(b""));
        let mut seen = open(name);
        seen.replace([found].into_iter(), SystemTime::now());
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(time);
        fs::File::open(seen.file).and_then(|file| file.set_modified(written)).expect("it was written");
    };
    let known = || (0..=FOLDERS).filter(|name| !open(*name).is_empty()).collect::<Vec<_>>();
    (0..FOLDERS).for_each(|name| replace(name, name as u64));
    replace(5, 100);
    assert_eq!(known().len(), FOLDERS, "one that is known takes no room");
    replace(FOLDERS, 101);
    assert_eq!(known(), (1..=FOLDERS).collect::<Vec<_>>());
}

/// A store, a folder of a project, and where its digests are kept.
struct Project {
    folder: tempfile::TempDir,
    cas: Cas,
}

impl Project {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("project/part/below")).expect("room");
        let cas = Cas::open(folder.path().join("cas")).expect("a store");
        Self { folder, cas }
    }

    fn part(&self) -> PathBuf {
        self.folder.path().join("project/part")
    }

    fn digests(&self) -> SharedStatCache {
        let (store, project) = (self.folder.path().join("seen"), self.folder.path().join("project"));
        SharedStatCache::open(&store, &project, self.cas.function())
    }

    /// Imports the part as a process does that looks at `now`.
    fn import_at(&self, now: SystemTime) -> Digest {
        let digests = self.digests();
        let root = self.cas.import_part_at(now, &self.part(), &digests).expect("it is imported");
        digests.save();
        root
    }

    fn import(&self) -> Digest {
        self.import_at(SystemTime::now())
    }

    /// The tree without digests of earlier processes.
    fn read_anew(&self) -> Digest {
        let special = self.part().join("socket");
        let wanted = |path: &str| !special.exists() || path != "socket";
        self.cas.import_dir(&self.part(), ImportMode::Copy, wanted).expect("it is imported")
    }

    fn kept(&self) -> PathBuf {
        self.digests().0.lock().expect("no panic").file.clone()
    }
}

/// When everything that was just written has been left alone for long.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(10)
}

#[test]
fn a_file_that_was_written_just_before_is_read_again() {
    let project = Project::new();
    let file = project.part().join("a");
    fs::write(&file, "one").expect("room");
    let written = fs::metadata(&file).and_then(|meta| meta.modified()).expect("a time");
    let first = project.import();
    assert!(project.digests().0.lock().expect("no panic").is_empty());
    fs::write(&file, "two").expect("room");
    fs::File::options().write(true).open(&file).and_then(|file| file.set_modified(written)).expect("a time");
    assert_ne!(project.import(), first);
    assert_eq!(project.import(), project.read_anew());
}

#[test]
fn a_damaged_file_of_digests_is_dropped() {
    let project = Project::new();
    fs::write(project.part().join("a"), "one").expect("room");
    let root = project.import_at(later());
    let (kept, whole) = (project.kept(), fs::read(project.kept()).expect("it was saved"));
    for at in (0..whole.len()).step_by(7) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        for bytes in [&damaged[..], &whole[..at]] {
            fs::write(&kept, bytes).expect("room");
            assert!(project.digests().0.lock().expect("no panic").is_empty(), "at {at}");
        }
    }
    assert_eq!(project.import(), root);
}

#[test]
fn what_several_processes_save_is_whole() {
    let project = Project::new();
    (0..50).for_each(|n| fs::write(project.part().join(n.to_string()), n.to_string()).expect("room"));
    std::thread::scope(|scope| (0..8).for_each(|_| _ = scope.spawn(|| project.import_at(later()))));
    assert_eq!(project.digests().0.lock().expect("no panic").known.len(), 50);
    assert_eq!(project.import(), project.read_anew());
}

#[test]
fn contents_that_are_gone_from_the_store_are_read_again() {
    let project = Project::new();
    fs::write(project.part().join("a"), "one").expect("room");
    let root = project.import_at(later());
    fs::remove_file(project.cas.blob_path(&Digest::of(b"one"))).expect("it is there");
    assert_eq!(project.import(), root);
    assert!(project.cas.contains(&Digest::of(b"one")).expect("a store"));
}

#[test]
fn beyond_a_number_only_files_that_were_seen_are_kept() {
    let project = Project::new();
    let digests = project.digests();
    let found = |numbers: std::ops::Range<u64>| {
        numbers.map(|number| (FileIdentity([0, number, 0, 0, 0, 0, 0]), Digest::of(b"")))
    };
    digests.note(found(0..10), SystemTime::now());
    digests.save();
    let digests = project.digests();
    digests.note(found(10..MAX_FILES as u64 + 1), SystemTime::now());
    digests.save();
    assert_eq!(project.digests().0.lock().expect("no panic").known.len(), MAX_FILES - 9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_tree_is_the_same_with_and_without_digests(steps in proptest::collection::vec((0u8..7, 0u8..4), 1..12)) {
        let project = Project::new();
        for (count, (step, number)) in steps.into_iter().enumerate() {
            let file = project.part().join(["a", "b", "below/a", "below/c"][usize::from(number)]);
            // Every content has another size.
            let content = "x".repeat(count);
            let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode));
            let _ = match step {
                0..=2 => fs::write(&file, content),
                3 => fs::remove_file(&file),
                4 => mode(0o755),
                5 => fs::rename(&file, project.part().join("renamed")),
                _ if number == 0 => UnixListener::bind(project.part().join("socket")).map(drop),
                _ => symlink(content, &file),
            };
            prop_assert_eq!(project.import_at(later()), project.read_anew());
        }
    }
}

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use proptest::prelude::*;
use rustix::fs::{CWD, FileType, Mode};
use spec_model::{Cancel, UserError};
use tempfile::TempDir;

use super::*;
use crate::limits::Limits;
use crate::test_trees::{arbitrary_paths, function, store};
use crate::tree::{EntryRef, Walk};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn import_undoes_checkout(paths in arbitrary_paths(), function in function()) {
        let folder = tempfile::tempdir()?;
        let cas = Cas::open_with(folder.path().join("store"), function)?;
        let root = store(&cas, &paths)?;
        let dest = folder.path().join("dest");
        cas.checkout_into(&root, &dest)?;
        prop_assert_eq!(cas.import_dir(&dest, ImportMode::Copy, |_| true)?, root);
        let other = Cas::open_with(folder.path().join("other"), function)?;
        prop_assert_eq!(other.import_dir(&dest, ImportMode::Move, |_| true)?, root);
        prop_assert!(other.is_complete(&root)?);
        other.checkout_into(&root, &folder.path().join("again"))?;
    }

    #[test]
    fn modes_decide_nothing_but_what_is_executable(paths in arbitrary_paths(), modes in prop::collection::vec(0..0o10000_u32, 30), take: bool) {
        let take = if take { ImportMode::Move } else { ImportMode::Copy };
        let (folder, cas) = store_at();
        let root = store(&cas, &paths)?;
        let upper = folder.path().join("upper");
        cas.checkout_into(&root, &upper)?;
        let mut entries = vec![String::new()];
        let mut executable = vec![];
        cas.walk(&root, |path, entry| {
            if !matches!(entry, EntryRef::Symlink(_)) {
                entries.push(path.to_owned());
            }
            Ok(Walk::Enter)
        })?;
        let set: Vec<_> = entries.iter().zip(modes.iter().cycle()).collect();
        for (path, mode) in set.iter().rev() {
            let path = upper.join(path);
            if path.is_file() && **mode & 0o100 != 0 {
                executable.push(path.clone());
            }
            fs::set_permissions(&path, fs::Permissions::from_mode(**mode))?;
        }
        let captured = cas.import_upper(&of_user(&upper, &Digest::of(b"")), take, |_| true)?;
        if take == ImportMode::Copy {
            // Each can be looked at once the modes of those above are known to be what they were.
            for (path, mode) in &set {
                let path = upper.join(path);
                let kept = fs::metadata(&path)?.mode() & 0o777;
                prop_assert_eq!(kept, **mode & 0o777, "{}", path.display());
                fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
            }
        }
        cas.walk(&captured.root, |path, entry| {
            if let EntryRef::File(file) = entry {
                assert_eq!(file.executable, executable.contains(&upper.join(path)), "{path}");
            }
            Ok(Walk::Enter)
        })?;
        let expected = crate::test_trees::picture(&cas, &root)?;
        let found = crate::test_trees::picture(&cas, &captured.root)?;
        prop_assert!(expected.keys().eq(found.keys()));
        crate::remove_tree::remove_all(&upper)?;
    }
}

fn of_user<'a>(folder: &'a Path, below: &Digest) -> UpperDir<'a> {
    UpperDir {
        folder,
        xattrs: OverlayXattrs::User,
        below: *below,
        root_below: &|| unreachable!("no mark leads there"),
    }
}

fn store_at() -> (TempDir, Cas) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("store")).expect("a store");
    fs::create_dir(folder.path().join("upper.d")).expect("a folder");
    (folder, cas)
}

/// Captures an upper folder that `make` fills, over a tree with the files `x` and `d/y`.
fn capture(cas: &Cas, folder: &TempDir, make: impl FnOnce(&Path)) -> Result<CapturedTree> {
    let upper = folder.path().join("upper.d");
    make(&upper);
    let mut lower = crate::TreeBuilder::new();
    lower.add_file("x", cas.put_bytes(b"x")?, false)?;
    lower.add_file("d/y", cas.put_bytes(b"y")?, false)?;
    let lower = lower.store(cas)?;
    cas.import_upper(&of_user(&upper, &lower), ImportMode::Move, |_| true)
}

fn paths(cas: &Cas, root: &Digest) -> Vec<String> {
    crate::test_trees::picture(cas, root).expect("it was stored").into_keys().collect()
}

#[test]
fn special_files_are_passed_by_and_hide_what_was_there() -> Result<()> {
    let (folder, cas) = store_at();
    let captured = capture(&cas, &folder, |upper| {
        let pipe = |path: &str| {
            rustix::fs::mknodat(CWD, upper.join(path), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
        };
        fs::create_dir_all(upper.join("d/deep")).expect("a folder");
        pipe("x");
        pipe("d/deep/pipe");
        drop(std::os::unix::net::UnixListener::bind(upper.join("d/socket")).expect("a socket"));
        fs::write(upper.join("d/z"), "z").expect("a file");
    })?;
    let found = captured.special.iter().map(|one| (one.path.as_str(), one.kind));
    let mut found: Vec<_> = found.collect();
    found.sort_unstable();
    assert_eq!(found, [("d/deep/pipe", "named pipe"), ("d/socket", "socket"), ("x", "named pipe")]);
    assert_eq!(paths(&cas, &captured.root), ["d", "d/deep", "d/y", "d/z"]);
    Ok(())
}

#[test]
fn a_bad_name_is_told_as_the_commands_saw_it() {
    let bad = OsStr::from_bytes(b"caf\xe9");
    type Make<'a> = &'a dyn Fn(&Path);
    let table: [(Make<'_>, &str); 3] = [
        (&|etc| fs::write(etc.join(bad), "").expect("a file"), "'/d/etc/caf\\xe9'"),
        (&|etc| symlink(bad, etc.join("link")).expect("a link"), "'/d/etc/link -> caf\\xe9'"),
        (&|etc| fs::create_dir(etc.join(bad)).expect("a folder"), "'/d/etc/caf\\xe9'"),
    ];
    for (make, expected) in table {
        let (folder, cas) = store_at();
        let error = capture(&cas, &folder, |upper| {
            fs::create_dir_all(upper.join("d/etc")).expect("a folder");
            make(&upper.join("d/etc"));
        });
        let error = error.expect_err("no tree can hold it");
        assert_eq!(error.reason(), "cas-bad-path");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_bad_name_that_nobody_wants_is_no_error() -> Result<()> {
    let (folder, cas) = store_at();
    let upper = folder.path().join("upper.d");
    fs::write(upper.join(OsStr::from_bytes(b"caf\xe9")), "").expect("a file");
    let captured = cas
        .import_upper(&of_user(&upper, &Digest::of(b"")), ImportMode::Move, |path| path.starts_with("usr"))?;
    assert_eq!(captured.root, Digest::of(b""));
    Ok(())
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let limits = Limits { entries: 10, bytes: 1000, depth: 3 };
    let files =
        |upper: &Path| (0..11).for_each(|n| fs::write(upper.join(n.to_string()), "").expect("a file"));
    let sparse = |upper: &Path| {
        // Reading as much would take longer than any test may.
        File::create(upper.join("x")).and_then(|file| file.set_len(1 << 42)).expect("a file");
    };
    let deep = |upper: &Path| fs::create_dir_all(upper.join("a/b/c/d")).expect("folders");
    type Make<'a> = &'a dyn Fn(&Path);
    let table: [(Make<'_>, &str); 3] = [
        (&files, "11 entries"),
        (&sparse, "4398046511104 bytes"),
        (&deep, "/a/b/c/d has 4 levels of folders"),
    ];
    for (make, expected) in table {
        let (folder, cas) = store_at();
        let error = capture(&cas.with_limits(limits), &folder, make).expect_err("there is too much");
        assert_eq!(error.reason(), "tree-too-large");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn folders_deeper_than_any_path_are_an_error_of_their_own() {
    let (folder, cas) = store_at();
    let error = capture(&cas, &folder, |upper| {
        let open = |at: &OwnedFd, name: &str| {
            rustix::fs::openat(at, name, rustix::fs::OFlags::DIRECTORY, Mode::empty()).expect("it is there")
        };
        let mut at: OwnedFd = File::open(upper).expect("it is there").into();
        for _ in 0..5000 {
            rustix::fs::mkdirat(&at, "folder", Mode::RWXU).expect("there is room");
            at = open(&at, "folder");
        }
    });
    assert_eq!(error.expect_err("no tree can hold it").reason(), "tree-too-large");
    crate::remove_tree::remove_all(&folder.path().join("upper.d")).expect("all is ours");
}

#[test]
fn paths_longer_than_the_kernel_takes_are_read() -> Result<()> {
    let (folder, cas) = store_at();
    let name = "n".repeat(200);
    let captured = capture(&cas, &folder, |upper| {
        let mut at: OwnedFd = File::open(upper).expect("it is there").into();
        for _ in 0..50 {
            rustix::fs::mkdirat(&at, &*name, Mode::RWXU).expect("there is room");
            let flags = rustix::fs::OFlags::DIRECTORY;
            at = rustix::fs::openat(&at, &*name, flags, Mode::empty()).expect("it is there");
        }
        let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
        let file = rustix::fs::openat(&at, "file", flags, Mode::empty()).expect("there is room");
        rustix::io::write(file, b"deep down").expect("there is room");
    })?;
    assert!(cas.contains(&Digest::of(b"deep down"))?);
    assert_ne!(captured.root, Digest::of(b""));
    Ok(())
}

#[test]
fn work_that_is_given_up_stores_nothing_and_says_so() {
    let (folder, cas) = store_at();
    let cancel = Cancel::new();
    cancel.cancel();
    let error =
        capture(&cas.with_cancel(&cancel), &folder, |upper| fs::write(upper.join("z"), "z").expect("a file"));
    assert_eq!(error.expect_err("it was given up").reason(), "cancelled");
}

#[test]
fn holes_stay_holes() -> Result<()> {
    const SIZE: u64 = 256 << 20;
    for take in [ImportMode::Move, ImportMode::Copy] {
        let (folder, cas) = store_at();
        let upper = folder.path().join("upper.d");
        File::create(upper.join("image")).and_then(|file| file.set_len(SIZE)).expect("a file");
        let root = cas.import_upper(&of_user(&upper, &Digest::of(b"")), take, |_| true)?.root;
        let blob =
            fs::metadata(cas.blob_path(&cas.lookup(&root, "image")?.map_or(root, |entry| match entry {
                crate::Entry::File(file) => file.digest,
                _ => root,
            })));
        let dest = folder.path().join("dest");
        cas.checkout_into(&root, &dest)?;
        for meta in [blob, fs::metadata(dest.join("image"))] {
            let meta = meta.expect("it is there");
            assert_eq!((meta.len(), meta.blocks() < 1000), (SIZE, true), "{} blocks", meta.blocks());
        }
    }
    Ok(())
}

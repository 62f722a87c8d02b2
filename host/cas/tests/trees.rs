//! Trees: captured, checked out, shared.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode};
use spec_cas::{
    Cas, Entry, ImportMode, LayerCache, MergeInput, OverlayXattrs, Result, TreeBuilder, UpperDir, Walk,
};
use spec_model::{Digest, DigestFunction, LayerForm, UserError};
use tempfile::TempDir;

fn of_user<'a>(folder: &'a Path, below: &Digest) -> UpperDir<'a> {
    UpperDir {
        folder,
        xattrs: OverlayXattrs::User,
        below: *below,
        root_below: &|| unreachable!("no mark leads there"),
    }
}

fn store() -> (TempDir, Cas) {
    store_with(DigestFunction::Sha256)
}

fn store_with(function: DigestFunction) -> (TempDir, Cas) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open_with(folder.path().join("store"), function).expect("a store");
    (folder, cas)
}

fn small_tree(cas: &Cas) -> Result<Digest> {
    let mut builder = TreeBuilder::new();
    builder.add_file("bin/run", cas.put_bytes(b"#!/bin/sh\n")?, true)?;
    builder.add_file("share/same", cas.put_bytes(b"#!/bin/sh\n")?, false)?;
    builder.add_symlink("lib", "usr/lib")?;
    builder.add_directory("empty/er")?;
    builder.store(cas)
}

#[test]
fn a_checkout_has_fixed_modes_and_times() -> Result<()> {
    let (folder, cas) = store();
    let dest = folder.path().join("dest");
    cas.checkout_into(&small_tree(&cas)?, &dest)?;
    let cases = [("bin/run", 0o755), ("share/same", 0o644), ("empty/er", 0o755), ("bin", 0o755), ("", 0o755)];
    for (path, expect) in cases {
        let meta = fs::metadata(dest.join(path)).expect("what was checked out");
        assert_eq!((meta.mode() & 0o7777, meta.mtime()), (expect, 1_321_009_871), "{path}");
        assert!(meta.is_dir() || meta.nlink() == 1, "{path} is a file of its own");
    }
    let link = fs::symlink_metadata(dest.join("lib")).expect("the link");
    assert_eq!((link.mtime(), fs::read_link(dest.join("lib")).ok()), (1_321_009_871, Some("usr/lib".into())));
    Ok(())
}

#[test]
fn a_checkout_names_what_is_missing() -> Result<()> {
    let (folder, cas) = store();
    let mut builder = TreeBuilder::new();
    builder.add_file("here", cas.put_bytes(b"here")?, false)?;
    builder.add_file("deep/down/gone", Digest::of(b"gone"), false)?;
    let root = builder.store(&cas)?;
    let error = cas.checkout_into(&root, &folder.path().join("dest")).expect_err("a blob is missing");
    assert_eq!(error.reason(), "cas-missing");
    assert!(error.to_string().starts_with("file /deep/down/gone"), "{error}");
    Ok(())
}

#[test]
fn what_no_tree_can_hold_is_named() {
    let (folder, cas) = store();
    let make_pipe =
        |path: &Path| rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
    let make_socket = |path: &Path| drop(std::os::unix::net::UnixListener::bind(path).expect("a socket"));
    for (kind, make) in [("named pipe", &make_pipe as &dyn Fn(&Path)), ("socket", &make_socket)] {
        let host = folder.path().join(kind.replace(' ', "-"));
        fs::create_dir(&host).expect("a folder");
        make(&host.join("it"));
        let error = cas.import_dir(&host, ImportMode::Copy, |_| true).expect_err("a tree cannot hold it");
        assert_eq!(error.reason(), "cas-special-file");
        assert!(error.to_string().contains(&format!("it is a {kind}")), "{error}");
        assert!(cas.import_dir(&host, ImportMode::Copy, |path| path != "it").is_ok());
    }
}

#[test]
fn builders_refuse_what_cannot_be() {
    let digest = Digest::of(b"");
    let (bad, taken) = ("cas-bad-path", "cas-collision");
    let cases = [
        ("", bad),
        ("/x", bad),
        ("x/", bad),
        ("a//b", bad),
        ("../x", bad),
        ("a/./b", bad),
        ("a\0", bad),
        ("file/x", taken),
        ("link/x", taken),
        ("dir", taken),
        ("tree/x", taken),
    ];
    let mut builder = TreeBuilder::new();
    builder.add_file("file", digest, false).expect("nothing is there");
    builder.add_symlink("link", "dir").expect("nothing is there");
    builder.add_directory("dir").expect("nothing is there");
    builder.add_tree("tree", digest).expect("nothing is there");
    for (path, expect) in cases {
        let error = builder.add_file(path, digest, false).expect_err(path);
        assert_eq!(error.reason(), expect, "{path}");
    }
    builder.add_file("link", digest, false).expect("a file takes a link's place");
}

/// Overlayfs as root uses the `trusted` name space, others `user`; the latter needs no privilege.
fn opaque(folder: &Path) {
    rustix::fs::setxattr(folder, "user.overlay.opaque", b"y", rustix::fs::XattrFlags::empty())
        .expect("a file system with user attributes");
}

fn whiteout(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, Mode::RUSR, 0)
        .expect("a whiteout needs no privilege");
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap_or(&path)).and_then(|()| fs::write(&path, text)).expect("a file");
}

#[test]
fn an_upper_folder_changes_only_what_it_says() -> Result<()> {
    DigestFunction::ALL.into_iter().try_for_each(|function| {
        let (folder, cas) = store_with(function);
        check_upper(&folder, &cas)
    })
}

fn check_upper(folder: &TempDir, cas: &Cas) -> Result<()> {
    let (lower, upper, expect) =
        (folder.path().join("lower"), folder.path().join("upper"), folder.path().join("expect"));
    for path in
        ["same/a", "dir/kept", "dir/gone", "dir/new-kind", "hidden/old", "was-dir/x", "removed/deep/x"]
    {
        write(lower.join(path), path);
    }
    write(upper.join("dir/added"), "added");
    write(upper.join("hidden/only"), "only");
    opaque(&upper.join("hidden"));
    write(upper.join("was-dir"), "a file now");
    whiteout(&upper.join("dir/gone"));
    whiteout(&upper.join("removed"));
    symlink("kept", upper.join("dir/new-kind")).expect("a link");
    for (path, text) in [
        ("same/a", "same/a"),
        ("dir/kept", "dir/kept"),
        ("dir/added", "added"),
        ("hidden/only", "only"),
        ("was-dir", "a file now"),
    ] {
        write(expect.join(path), text);
    }
    symlink("kept", expect.join("dir/new-kind")).expect("a link");

    let lower = cas.import_dir(&lower, ImportMode::Copy, |_| true)?;
    let expect = cas.import_dir(&expect, ImportMode::Copy, |_| true)?;
    let merged = cas.import_upper(&of_user(&upper, &lower), ImportMode::Move, |_| true)?.root;
    assert_eq!(cas.diff(&expect, &merged)?, []);
    assert_eq!(merged, expect);
    assert!(!upper.join("dir/added").exists());
    Ok(())
}

#[test]
fn paths_lead_where_they_should() -> Result<()> {
    let (_folder, cas) = store();
    let root = small_tree(&cas)?;
    let kind = |path| {
        Ok::<_, spec_cas::CasError>(cas.lookup(&root, path)?.map(|entry| match entry {
            Entry::File(file) => {
                if file.executable {
                    "executable"
                } else {
                    "file"
                }
            }
            Entry::Symlink(_) => "link",
            Entry::Directory(_) => "directory",
        }))
    };
    let cases = [
        ("", Some("directory")),
        ("bin/run", Some("executable")),
        ("share/same", Some("file")),
        ("lib", Some("link")),
        ("empty/er", Some("directory")),
        ("lib/x", None),
        ("bin/run/x", None),
        ("none", None),
    ];
    for (path, expect) in cases {
        assert_eq!(kind(path)?, expect, "{path}");
    }
    assert_eq!(cas.subtree(&root, "empty/er")?, Some(Digest::of(b"")));
    Ok(())
}

#[test]
fn completeness_is_remembered_until_something_goes() -> Result<()> {
    let (_folder, cas) = store();
    let root = small_tree(&cas)?;
    let file = Digest::of(b"#!/bin/sh\n");
    assert!(cas.is_complete(&root)?);
    // Removed without the store's knowledge: the answer comes from the marker.
    let object = cas.root().join("objects").join(&file.hex()[..2]).join(file.hex());
    fs::rename(&object, cas.root().join("aside")).expect("the blob's file");
    assert!(cas.is_complete(&root)?);
    fs::rename(cas.root().join("aside"), &object).expect("the blob's file");
    cas.quarantine(&file)?;
    assert!(!cas.is_complete(&root)?);
    cas.put_bytes(b"#!/bin/sh\n")?;
    assert!(cas.is_complete(&root)?);
    let folder = cas.subtree(&root, "share")?.expect("a directory");
    cas.quarantine(&folder)?;
    assert!(!cas.is_complete(&root)?, "a directory that is still in memory does not count");
    assert!(!cas.is_complete(&Digest::of(b"no such tree"))?);
    Ok(())
}

#[test]
fn layers_are_shared_and_say_where_their_contents_are() -> Result<()> {
    for form in [LayerForm::Image, LayerForm::Metacopy, LayerForm::Copied] {
        let (_folder, cas) = store();
        let root = small_tree(&cas)?;
        let layers = LayerCache::new(cas.clone(), form);
        let first = layers.layer(&root)?;
        let again = LayerCache::new(Cas::open(cas.root())?, form).layer(&root)?;
        assert_eq!(first.path(), again.path());
        assert_eq!(layers.contents().is_some(), form != LayerForm::Copied);
        if form == LayerForm::Image {
            continue;
        }
        for (path, mode, text) in [("bin/run", 0o755, "#!/bin/sh\n"), ("share/same", 0o644, "#!/bin/sh\n")] {
            let meta = fs::metadata(first.path().join(path)).expect("it is there");
            let found = (meta.mode() & 0o7777, meta.nlink(), meta.len(), meta.mtime());
            assert_eq!(found, (mode, 1, text.len() as u64, spec_cas::FIXED_MTIME), "{path} {form:?}");
        }
    }
    Ok(())
}

#[test]
fn an_image_that_was_cut_short_is_made_again() -> Result<()> {
    let (_folder, cas) = store();
    let (root, layers) = (small_tree(&cas)?, LayerCache::new(cas.clone(), LayerForm::Image));
    let path = layers.layer(&root)?.path().to_owned();
    let whole = fs::read(&path).expect("it was made");
    for length in [0, 1000, whole.len() as u64 - 1] {
        File::options().write(true).open(&path).and_then(|file| file.set_len(length)).expect("it is ours");
        assert_eq!(fs::read(layers.layer(&root)?.path()).ok(), Some(whole.clone()), "{length} bytes");
    }
    Ok(())
}

#[test]
fn a_copy_whose_files_were_cut_short_is_made_again_after_a_start_of_the_machine() -> Result<()> {
    let (_folder, cas) = store();
    let (root, layers) = (small_tree(&cas)?, LayerCache::new(cas.clone(), LayerForm::Copied));
    let path = layers.layer(&root)?.path().to_owned();
    let mut lock = path.clone().into_os_string();
    lock.push(".lock");
    let file = path.join("share/same");
    for (boot, again) in [(None, false), (Some("10 another-boot"), true), (Some(""), true)] {
        fs::write(&file, "#!").expect("it is ours");
        boot.map(|boot| fs::write(&lock, boot)).transpose().expect("it is ours");
        let found = fs::read_to_string(layers.layer(&root)?.path().join("share/same")).expect("a file");
        assert_eq!(found == "#!/bin/sh\n", again, "{boot:?}");
    }
    fs::write(&lock, "10 another-boot").expect("it is ours");
    let inode = fs::metadata(&file).expect("a file").ino();
    assert_eq!(fs::metadata(layers.layer(&root)?.path().join("share/same")).expect("a file").ino(), inode);
    Ok(())
}

#[test]
fn trees_deeper_than_any_path_are_refused() -> Result<()> {
    let (_folder, cas) = store();
    let mut digest = Digest::of(b"");
    for depth in 1..=257 {
        let mut builder = TreeBuilder::new();
        builder.add_tree("d", digest)?;
        digest = builder.store(&cas)?;
        if depth == 256 {
            cas.walk(&digest, |_, _| Ok(Walk::Enter))?;
            let layers = [MergeInput::whole(digest), MergeInput::whole(digest)];
            assert_eq!(cas.merge(&layers)?.root, digest);
        }
    }
    let walked = cas.walk(&digest, |_, _| Ok(Walk::Enter)).expect_err("257 names");
    assert_eq!(walked.reason(), "cas-bad-path");
    assert!(TreeBuilder::new().add_directory(&"d/".repeat(257)).is_err_and(|e| e.reason() == "cas-bad-path"));
    Ok(())
}

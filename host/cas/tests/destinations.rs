//! Trees in folders of users: existing files stay as they are, and a failure leaves nothing behind.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use spec_cas::{Cas, Destination, Result, TreeBuilder};
use spec_model::tree::{Directory, FileNode, NodeProperties};
use spec_model::{Cancel, Digest, UserError};
use tempfile::TempDir;

struct Lab {
    folder: TempDir,
    cas: Cas,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = Cas::open(folder.path().join("store")).expect("a store");
        fs::create_dir(folder.path().join("user")).expect("a folder");
        Self { folder, cas }
    }

    /// A path in a folder outside of the store.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("user").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn tree(&self) -> Result<Digest> {
        let mut builder = TreeBuilder::new();
        builder.add_file("bin/run", self.cas.put_bytes(b"#!/bin/sh\n")?, true)?;
        builder.add_file("share/same", self.cas.put_bytes(b"#!/bin/sh\n")?, false)?;
        builder.add_symlink("lib", "usr/lib")?;
        builder.add_directory("empty/er")?;
        builder.store(&self.cas)
    }

    fn check_out(&self, root: &Digest, to: &Path, force: bool) -> Result<()> {
        let dest = Destination::prepare(to, force)?;
        self.cas.export(root, &dest, &Cancel::new())?;
        dest.finish(&[])
    }

    fn names(&self, name: &str) -> Vec<OsString> {
        let entries = fs::read_dir(self.path(name)).expect("a folder");
        let mut names: Vec<OsString> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").mode() & 0o7777
}

#[test]
fn a_tree_goes_to_what_is_given() -> Result<()> {
    let lab = Lab::new();
    let tree = lab.tree()?;
    fs::create_dir(lab.path("there")).expect("a folder");
    fs::set_permissions(lab.path("there"), Permissions::from_mode(0o750)).expect("it is ours");
    let inode = fs::metadata(lab.path("there")).expect("it is there").ino();
    fs::create_dir(lab.path("real")).expect("a folder");
    symlink("real", lab.path("link")).expect("a link");
    for name in ["there", "link", "new", "not/yet/there"] {
        lab.check_out(&tree, &lab.path(name), false)?;
        assert_eq!(lab.names(name), ["bin", "empty", "lib", "share"], "{name}");
        assert_eq!(fs::read(lab.path(name).join("bin/run")).ok().as_deref(), Some(&b"#!/bin/sh\n"[..]));
    }
    assert_eq!(
        (mode(&lab.path("there")), fs::metadata(lab.path("there")).map(|meta| meta.ino()).ok()),
        (0o750, Some(inode))
    );
    assert!(lab.path("link").is_symlink());
    assert_eq!(lab.names(""), ["link", "new", "not", "real", "there"]);
    let file = fs::metadata(lab.path("new/share/same")).expect("it is there");
    assert_eq!((file.nlink(), file.mtime()), (1, 1_321_009_871), "a file of the user's own");
    Ok(())
}

#[test]
fn modes_are_those_of_the_umask_and_nobody_elses() -> Result<()> {
    let lab = Lab::new();
    let file = |name: &str, executable, unix_mode| {
        let properties = NodeProperties { unix_mode: Some(unix_mode), ..NodeProperties::default() };
        let digest = lab.cas.put_bytes(name.as_bytes()).expect("room");
        FileNode { name: name.to_owned(), digest, executable, properties }
    };
    let properties = NodeProperties { unix_mode: Some(0o7000), ..NodeProperties::default() };
    let files = vec![file("run", true, 0o6777), file("text", false, 0o4000)];
    let tree = lab.cas.store_directory(&Directory { files, properties, ..Directory::default() })?;
    lab.check_out(&tree, &lab.path("new"), false)?;
    lab.write("usual", "");
    fs::create_dir(lab.path("folder")).expect("a folder");
    let (file, folder) = (mode(&lab.path("usual")), mode(&lab.path("folder")));
    let found = ["new", "new/run", "new/text"].map(|name| mode(&lab.path(name)));
    assert_eq!(found, [folder, folder, file]);
    Ok(())
}

#[test]
fn a_failure_leaves_what_was_there() -> Result<()> {
    let lab = Lab::new();
    let mut builder = TreeBuilder::new();
    builder.add_file("here", lab.cas.put_bytes(b"here")?, false)?;
    builder.add_file("deep/down/gone", Digest::of(b"gone"), false)?;
    let broken = builder.store(&lab.cas)?;
    lab.write("full/here", "mine");
    fs::create_dir(lab.path("empty")).expect("a folder");
    for (name, force) in [("not/yet", false), ("empty", false), ("full", true)] {
        let error = lab.check_out(&broken, &lab.path(name), force).expect_err("a blob is missing");
        assert_eq!(error.reason(), "cas-missing", "{name}");
        assert!(error.to_string().starts_with("file /deep/down/gone"), "{error}");
    }
    let cancel = Cancel::new();
    cancel.cancel();
    let dest = Destination::prepare(&lab.path("new"), false)?;
    assert_eq!(
        lab.cas.export(&lab.tree()?, &dest, &cancel).map_err(|error| error.reason().to_owned()),
        Err("cancelled".to_owned())
    );
    drop(dest);
    assert_eq!(
        (lab.names(""), lab.names("empty"), lab.names("full")),
        (vec!["empty".into(), "full".into()], vec![], vec!["here".into()])
    );
    assert_eq!(fs::read(lab.path("full/here")).ok().as_deref(), Some(&b"mine"[..]));
    Ok(())
}

#[test]
fn what_is_no_free_folder_is_refused() -> Result<()> {
    let lab = Lab::new();
    lab.write("full/file", "");
    lab.write("file", "");
    symlink("nowhere", lab.path("dangling")).expect("a link");
    for (name, reason) in [
        ("full", "checkout-directory-not-empty"),
        ("file", "destination-no-folder"),
        ("dangling", "destination-no-folder"),
    ] {
        let error = Destination::prepare(&lab.path(name), false).expect_err(name);
        assert_eq!(error.reason(), reason, "{name}");
    }
    assert_eq!(lab.names(""), ["dangling", "file", "full"]);
    Ok(())
}

#[test]
fn force_overwrites_files_and_nothing_else() -> Result<()> {
    let lab = Lab::new();
    let tree = lab.tree()?;
    for (name, text) in
        [("d/bin/run", "old"), ("d/bin/kept", "mine"), ("d/empty", "a file"), ("aside/same", "mine")]
    {
        lab.write(name, text);
    }
    // No link inside is followed: a folder takes the place of this one.
    symlink("../aside", lab.path("d/share")).expect("a link");
    fs::create_dir(lab.path("d/lib")).expect("a folder");
    lab.check_out(&tree, &lab.path("d"), true)?;
    assert_eq!(lab.names("d/bin"), ["kept", "run"]);
    assert_eq!(fs::read(lab.path("d/bin/run")).ok().as_deref(), Some(&b"#!/bin/sh\n"[..]));
    assert!(lab.path("d/empty/er").is_dir() && lab.path("d/lib").is_symlink());
    assert_eq!(fs::read(lab.path("aside/same")).ok().as_deref(), Some(&b"mine"[..]));
    assert_eq!(lab.names("d"), ["bin", "empty", "lib", "share"]);
    lab.write("e/lib/precious", "mine");
    let error = lab.check_out(&tree, &lab.path("e"), true).expect_err("a folder with something in it");
    assert_eq!(error.reason(), "destination-taken");
    assert_eq!((lab.names("e"), lab.names("e/lib")), (vec!["lib".into()], vec!["precious".into()]));
    Ok(())
}

#[test]
fn only_what_we_made_is_swept() -> Result<()> {
    let lab = Lab::new();
    let tree = lab.tree()?;
    let name = |digit: &str| format!(".spec-host-{}", digit.repeat(32));
    lab.write("precious/file", "mine");
    for old in [".spec-host-checkout", ".spec-host-pull", &name("a")] {
        symlink("precious", lab.path(old)).expect("a link");
    }
    // Folders of this user that have such a name by coincidence.
    lab.write(&format!("{}/tree/file", name("b")), "mine");
    fs::set_permissions(lab.path(&name("b")), Permissions::from_mode(0o700)).expect("it is ours");
    lab.write(&format!("{}/made-by-spec-host", name("c")), "");
    fs::set_permissions(lab.path(&name("c")), Permissions::from_mode(0o755)).expect("it is ours");
    // A killed process left this one.
    lab.write(&format!("{}/made-by-spec-host", name("d")), "");
    lab.write(&format!("{}/tree/file", name("d")), "half");
    fs::set_permissions(lab.path(&name("d")), Permissions::from_mode(0o700)).expect("it is ours");
    // This one is in use.
    let other = Destination::prepare(&lab.path("other"), false)?;
    lab.check_out(&tree, &lab.path("new"), false)?;
    assert_eq!(fs::read(lab.path("precious/file")).ok().as_deref(), Some(&b"mine"[..]));
    let left = lab.names("");
    let there = |digit: &str| left.contains(&name(digit).into());
    assert_eq!(["a", "b", "c", "d"].map(there), [true, true, true, false], "{left:?}");
    lab.cas.export(&tree, &other, &Cancel::new())?;
    other.finish(&[])?;
    drop(other);
    assert_eq!(lab.names("other").len(), 4);
    assert_eq!(lab.names("").len(), left.len(), "one folder went, one came: {left:?}");
    Ok(())
}

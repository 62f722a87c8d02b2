//! Images as the kernel reads them. Only root may mount them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};
use rustix::mount::{fsconfig_create, fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen};

use super::*;
use crate::builder::TreeBuilder;
use crate::test_trees::{arbitrary_paths, store};

/// What is compared of an entry: type and mode, size (not of directories), time, target of a link, number of links
/// (not of directories).
type Seen = BTreeMap<PathBuf, (u32, u64, i64, Option<PathBuf>, u64)>;

fn mounted(cas: &Cas, root: &Digest, folder: &Path) -> OwnedFd {
    let path = folder.join(root.hex());
    let mut file = std::io::BufWriter::new(File::create(&path).expect("a file"));
    write_image(cas, root, FileOwner::of_process(), &mut file).expect("the tree is here");
    drop(file.into_inner().expect("it is written"));
    let fs = fsopen("erofs", FsOpenFlags::FSOPEN_CLOEXEC).expect("a kernel with EROFS");
    fsconfig_set_string(&fs, "source", path).expect("a path");
    fsconfig_set_flag(&fs, "ro").expect("an option");
    fsconfig_create(&fs).expect("the kernel takes the image");
    fsmount(&fs, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty()).expect("a mount")
}

fn look(folder: &Path) -> Seen {
    let (mut seen, mut open) = (Seen::new(), vec![folder.to_owned()]);
    while let Some(path) = open.pop() {
        let meta = fs::symlink_metadata(&path).expect("it is listed");
        if meta.is_dir() {
            open.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        }
        let (size, links) = if meta.is_dir() { (0, 0) } else { (meta.len(), meta.nlink()) };
        let what = (meta.mode(), size, meta.mtime(), fs::read_link(&path).ok(), links);
        seen.insert(path.strip_prefix(folder).expect("it is below").to_owned(), what);
    }
    seen
}

fn check(cas: &Cas, root: &Digest, folder: &Path) {
    let mount = mounted(cas, root, folder);
    let copy = folder.join(format!("{}-copy", root.hex()));
    cas.checkout_into(root, &copy).expect("the tree is here");
    let found = look(&PathBuf::from(format!("/proc/self/fd/{}/.", mount.as_raw_fd())));
    assert_eq!(found, look(&copy));
    fs::remove_dir_all(&copy).expect("it was made");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn folders_and_links_of_any_length_are_read_back() {
    if !is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cas = Cas::open(folder.path().join("store")).expect("a store");
    for count in [0, 1, 20, 90, 128, 129, 130, 300, 5000] {
        let mut builder = TreeBuilder::new();
        for number in 0..count {
            let blob = cas.put_bytes(&vec![1; number % 5]).expect("stored");
            builder.add_file(&format!("d/file number {number:04}"), blob, number % 2 == 0).expect("a name");
            builder.add_symlink(&format!("links/{number}"), &"t".repeat(1 + number % 4095)).expect("a name");
        }
        builder.add_directory(&format!("empty/{}", "n".repeat(255))).expect("a name");
        check(&cas, &builder.store(&cas).expect("stored"), folder.path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn an_image_shows_what_a_copy_shows(paths in arbitrary_paths()) {
        if is_root() {
            let folder = tempfile::tempdir()?;
            let cas = Cas::open(folder.path().join("store"))?;
            check(&cas, &store(&cas, &paths)?, folder.path());
        }
    }
}

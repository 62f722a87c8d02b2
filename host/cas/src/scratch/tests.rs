use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::*;

#[test]
fn a_dropped_folder_is_gone_with_all_it_holds() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let scratch = Cas::open(folder.path())?.scratch()?;
    let path = scratch.path().to_owned();
    let closed = path.join("closed");
    fs::create_dir_all(closed.join("inner")).map_err(CasError::io("create", &closed))?;
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).map_err(CasError::io("close", &closed))?;
    drop(scratch);
    assert!(!path.exists());
    Ok(())
}

/// An access list that gives another user all rights, as the kernel stores it.
fn access_list() -> Vec<u8> {
    const ANY: u32 = u32::MAX;
    let entries: [(u16, u32); 5] = [(1, ANY), (2, 4242), (4, ANY), (0x10, ANY), (0x20, ANY)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(7_u16.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    list
}

#[test]
fn nothing_of_the_folder_around_reaches_a_scratch_folder() -> Result<()> {
    let around = tempfile::tempdir().expect("a temporary folder");
    let (path, list) = (around.path(), access_list());
    fs::set_permissions(path, fs::Permissions::from_mode(0o2777)).map_err(CasError::io("open", path))?;
    let set = |name| rustix::fs::setxattr(path, name, &list, rustix::fs::XattrFlags::empty());
    set("system.posix_acl_default").expect("a file system with access lists");
    if rustix::process::geteuid().is_root() {
        let group = Some(rustix::fs::Gid::from_raw(4242));
        rustix::fs::chown(path, None, group).expect("root may");
    }
    let cas = Cas::open(path.join("store"))?;
    let scratch = cas.scratch()?;
    let upper = scratch.folder("upper", 0o755)?;
    let inner = upper.join("inner");
    fs::create_dir(&inner).map_err(CasError::io("create", &inner))?;
    fs::write(inner.join("file"), "").map_err(CasError::io("create", &inner))?;
    for (path, mode) in [(upper, 0o755), (inner.clone(), 0o755), (inner.join("file"), 0o644)] {
        let meta = fs::metadata(&path).map_err(CasError::io("look up", &path))?;
        let group = rustix::process::getegid().as_raw();
        assert_eq!((meta.mode() & 0o7777, meta.gid()), (mode, group), "{}", path.display());
        for name in ["system.posix_acl_default", "system.posix_acl_access"] {
            let list = rustix::fs::getxattr(&path, name, &mut [0_u8; 256][..]);
            assert!(list.is_err(), "{} has {name}", path.display());
        }
    }
    Ok(())
}

//! Runs the tests that depend on rights again without those of root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A user who is not root.
const NOBODY: u32 = 65534;

#[test]
fn all_of_it_holds_for_ordinary_users_too() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = tempfile::Builder::new().tempdir_in("/tmp").expect("a temporary folder");
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("we are root");
    // Copied, because other users may have no access to the folder that the tests are built in.
    let program = folder.path().join("tests");
    let own = std::env::current_exe().expect("this is a program");
    std::fs::copy(own, &program).expect("there is room");
    let modules = [
        "capture::",
        "host_folder::",
        "remove_tree::",
        "scratch::",
        "digested_folder::",
        "sparse::",
        "upper_reader::",
    ];
    let ran = Command::new(program)
        .args(modules)
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .expect("it can be run");
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("remove_tree::tests::modes_keep_nothing ... ok"), "{said}");
}

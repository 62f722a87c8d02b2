use super::*;

use crate::staging::LayerSupport;

/// The numbers of the running kernel's version.
fn kernel() -> (u32, u32) {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok());
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Root in a container may not mount, so nothing is asked of root but a reason.
#[test]
fn ordinary_users_have_metacopy_folders_on_new_kernels() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let staging = LayerSupport::examine(&Cas::open(folder.path()).expect("a store"));
    let is_root = rustix::process::geteuid().is_root();
    match staging.form {
        LayerForm::Image => assert!(is_root && staging.refused.is_empty()),
        LayerForm::Metacopy => assert_eq!(staging.refused.is_empty(), !is_root),
        LayerForm::Copied => assert!(kernel() < (6, 16), "{:?}", staging.refused),
    }
}

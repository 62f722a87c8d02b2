use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn a_folder_is_closed_whether_it_was_there_or_not() -> io::Result<()> {
    let parent = tempfile::tempdir()?;
    let mode = |path: &Path| Ok::<_, io::Error>(fs::metadata(path)?.mode() & 0o7777);
    let folder = parent.path().join("new/cache");
    for wider in [0o755, 0o777, 0o2770, 0o6755] {
        assert_eq!(make_private(&folder)?, FolderAccess::Private);
        assert_eq!(mode(&folder)?, 0o700);
        fs::set_permissions(&folder, Permissions::from_mode(wider))?;
    }
    std::os::unix::fs::symlink("new/cache", parent.path().join("link"))?;
    assert_eq!(make_private(&parent.path().join("link"))?, FolderAccess::Private);
    assert_eq!(mode(&folder)?, 0o700);
    fs::set_permissions(&folder, Permissions::from_mode(0o1777))?;
    assert_eq!(make_private(&folder)?, FolderAccess::Shared);
    assert_eq!(mode(&folder)?, 0o1777, "what is everybody's stays so");
    Ok(())
}

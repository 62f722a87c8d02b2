//! The folder of everything that can be made again: whose it is, who may look into it, and the store in it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use rustix::fs::Mode;
use spec_cas::Cas;
use spec_model::DigestFunction;

use crate::app::App;
use crate::error::CommandResult;
use crate::term::{Style, TextRole};

/// What others may do, and bits that are inherited.
const FOR_OTHERS: u32 = 0o7077;
const STICKY: u32 = 0o1000;

/// Why a folder is as it is.
#[derive(Debug, PartialEq, Eq)]
enum FolderAccess {
    /// Nobody else can look into it.
    Private,
    /// It belongs to this user.
    OwnedBy(u32),
    /// Everybody may make folders in it, so it is not ours alone.
    Shared,
}

impl App {
    /// Opens the store of the cache, which nobody else can look into from now on if it is ours.
    ///
    /// # Errors
    /// When the store cannot be made or read.
    pub(crate) fn open_cas(&self, function: DigestFunction) -> CommandResult<Cas> {
        self.make_cache_private();
        let cas = Cas::open_with(self.config.cache("cas"), function)?.with_limits(self.config.bounds.trees);
        let style = self.err;
        cas.tell_of_damage(move |path, why| {
            warn(
                style,
                "damaged-file",
                &format!("{}: {why}; it counts as not there and is made again", path.display()),
            );
        });
        Ok(cas)
    }

    /// Makes the folders of the cache and closes them to others. Says whose they are when they are not ours; what cannot
    /// be made is told by whoever needs it.
    pub(crate) fn make_cache_private(&self) {
        // Both are access before anything is said.
        let folders = [self.config.cache_dir.clone(), self.config.cache("cas")];
        let access = folders.map(|folder| (make_private(&folder), folder));
        let open =
            access.iter().find_map(|(access, folder)| Some((access_warning(access.as_ref().ok()?)?, folder)));
        if let (Some((text, folder)), false) = (open, self.warned_of_cache.replace(true)) {
            self.warn("cache-of-others", &format!("the cache {} {text}", folder.display()));
        }
    }

    /// Says something that is probably wrong.
    pub(crate) fn warn(&self, reason: &str, text: &str) {
        warn(self.err, reason, text);
    }
}

/// Who else has to do with a folder; `None` when nobody has.
fn access_warning(access: &FolderAccess) -> Option<String> {
    match access {
        FolderAccess::Private => None,
        FolderAccess::OwnedBy(user) => {
            Some(format!("belongs to user {user}, who can change what is built from it"))
        }
        FolderAccess::Shared => {
            Some("is open to everybody; set 'cachedir' to a folder of your own".to_owned())
        }
    }
}

fn warn(style: Style, reason: &str, text: &str) {
    let title = style.paint(TextRole::Warning, format_args!("warning[{reason}]"));
    crate::term::write_stderr(&format!("{title}: {}\n", crate::term::sanitize_lines(text)), style);
}

/// Makes a folder that only this user can look into, or closes the one that is there; a link to it is followed.
fn make_private(folder: &Path) -> io::Result<FolderAccess> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // What is access is what was looked at, whatever the name leads to by then.
    let open = File::open(folder)?;
    let found = open.metadata()?;
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Ok(FolderAccess::OwnedBy(found.uid()));
    }
    if found.mode() & STICKY != 0 || folder.parent().is_none() {
        return Ok(FolderAccess::Shared);
    }
    if found.mode() & FOR_OTHERS != 0 {
        rustix::fs::fchmod(&open, Mode::RWXU)?;
    }
    Ok(FolderAccess::Private)
}

#[cfg(test)]
mod tests {
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
}

//! The cache directory: its owner, its permissions and the store in it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use rustix::fs::Mode;
use spec_cas::{Cas, CasError};
use spec_model::DigestFunction;

use crate::app::App;
use crate::error::CommandResult;
use crate::term::{Style, TextRole};

/// The permissions of others, and the bits that new folders inherit.
const FOR_OTHERS: u32 = 0o7077;
const STICKY: u32 = 0o1000;

/// Who has access to a folder.
#[derive(Debug, PartialEq, Eq)]
enum FolderAccess {
    /// Only this user.
    Private,
    /// Its owner, who is another user.
    OwnedBy(u32),
    /// All users may create folders in it.
    Shared,
}

impl App {
    /// Opens the store of the cache, and closes the cache to other users if this user owns it.
    ///
    /// # Errors
    /// When the store cannot be made or read.
    pub(crate) fn open_cas(&self, function: DigestFunction) -> CommandResult<Cas> {
        Ok(self.try_open_cas(function)?)
    }

    /// As [`open_cas`](Self::open_cas), with the error of the store.
    ///
    /// # Errors
    /// When the store cannot be made or read.
    pub(crate) fn try_open_cas(&self, function: DigestFunction) -> Result<Cas, CasError> {
        self.make_cache_private();
        let cas = Cas::open_with(self.config.cache("cas"), function)?.with_limits(self.config.bounds.trees);
        let style = self.err;
        cas.on_damaged_file(move |path, why| {
            warn(
                style,
                "damaged-file",
                &format!("{}: {why}; it counts as missing and is made again", path.display()),
            );
        });
        Ok(cas)
    }

    /// Makes the folders of the cache and closes them to other users. Warns when another user has access. A folder that cannot
    /// be made is an error of the commands that need it.
    pub(crate) fn make_cache_private(&self) {
        // Both folders are closed before the warning.
        let folders = [self.config.cache_dir.clone(), self.config.cache("cas")];
        let access = folders.map(|folder| (make_private(&folder), folder));
        let open =
            access.iter().find_map(|(access, folder)| Some((access_warning(access.as_ref().ok()?)?, folder)));
        if let (Some((text, folder)), false) = (open, self.warned_of_cache.replace(true)) {
            self.warn("cache-of-others", &format!("the cache {} {text}", folder.display()));
        }
    }

    /// Prints a warning.
    pub(crate) fn warn(&self, reason: &str, text: &str) {
        warn(self.err, reason, text);
    }
}

/// The warning about a folder that others have access to.
fn access_warning(access: &FolderAccess) -> Option<String> {
    match access {
        FolderAccess::Private => None,
        FolderAccess::OwnedBy(user) => {
            Some(format!("belongs to user {user}, who can change what is built from it"))
        }
        FolderAccess::Shared => {
            Some("is open to everybody: 'cachedir' should name a folder of your own".to_owned())
        }
    }
}

/// Prints a warning.
pub(crate) fn warn(style: Style, reason: &str, text: &str) {
    let title = style.paint(TextRole::Warning, format_args!("warning[{reason}]"));
    crate::term::write_stderr(&format!("{title}: {}\n", crate::term::sanitize_lines(text)), style);
}

/// Makes a folder that only this user can read, or closes an existing one to others. Follows symbolic links.
fn make_private(folder: &Path) -> io::Result<FolderAccess> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // The mode is changed through the open folder, since its name may refer to another folder by then.
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
mod tests;

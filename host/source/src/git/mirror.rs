//! The copy of what was fetched of a repository: a bare repository in the folder of downloads, which git and BuildStream
//! can read.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use git2::{Oid, Reference, Repository};

use crate::git_error::GitError;

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";
const HEAD: &str = "ref: refs/heads/main\n";
/// Bytes of the list of shallow commits. Real ones have hundreds.
const LARGEST_SHALLOW: u64 = 64 << 20;

/// Makes names of temporary files differ within this process.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// A bare repository in the folder of downloads.
#[derive(Clone, Debug)]
pub(crate) struct Mirror {
    path: PathBuf,
}

impl Mirror {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it if it does not exist.
    pub(crate) fn create(&self) -> Result<(), GitError> {
        match self.path.join("HEAD").is_file() {
            true => Ok(()),
            false => self.make().map_err(|error| self.cannot_write(error)),
        }
    }

    fn make(&self) -> io::Result<()> {
        let above = self.path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(above)?;
        let temporary = above.join(temporary_name(".new"));
        for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
            fs::create_dir_all(temporary.join(folder))?;
        }
        fs::write(temporary.join("config"), CONFIG)?;
        fs::write(temporary.join("HEAD"), HEAD)?;
        let renamed = fs::rename(&temporary, &self.path);
        if renamed.is_err() {
            fs::remove_dir_all(&temporary)?;
        }
        // Another process may have made it at the same time.
        if self.path.join("HEAD").is_file() { Ok(()) } else { renamed }
    }

    /// Notes commits whose parents were not fetched.
    pub(crate) fn add_shallow(&self, commits: &BTreeSet<Oid>) -> Result<(), GitError> {
        if commits.is_empty() {
            return Ok(());
        }
        self.add_shallow_locked(commits).map_err(|error| self.cannot_write(error))
    }

    fn add_shallow_locked(&self, commits: &BTreeSet<Oid>) -> io::Result<()> {
        let lock = File::options().create(true).append(true).open(self.path.join("spec-host.lock"))?;
        lock.lock()?;
        let path = self.path.join("shallow");
        let before = match spec_files::read_text(&path, LARGEST_SHALLOW) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let added: Vec<String> = commits.iter().map(ToString::to_string).collect();
        let lines: BTreeSet<&str> = before.lines().chain(added.iter().map(String::as_str)).collect();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.replace("shallow", text.as_bytes())
    }

    /// Notes a tag that was fetched.
    pub(crate) fn add_tag(&self, tag: &str, object: Oid) -> Result<(), GitError> {
        let path = format!("refs/tags/{tag}");
        if !Reference::is_valid_name(&path) {
            return Err(GitError::NoTag { tag: tag.to_owned() });
        }
        let folder = self.path.join(&path);
        let made = folder.parent().map_or(Ok(()), fs::create_dir_all);
        made.and_then(|()| self.replace(&path, format!("{object}\n").as_bytes()))
            .map_err(|error| self.cannot_write(error))
    }

    /// Whether a tag was fetched.
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        let found = Repository::open_bare(&self.path);
        found.is_ok_and(|mirror| mirror.find_reference(&format!("refs/tags/{tag}")).is_ok())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path.join(temporary_name("tmp_file"));
        let mut file = File::create_new(&temporary)?;
        let written = file.write_all(bytes).and_then(|()| fs::rename(&temporary, self.path.join(name)));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    pub(crate) fn cannot_write(&self, error: io::Error) -> GitError {
        GitError::Io { action: "write to", path: self.path.clone(), error }
    }
}

fn temporary_name(start: &str) -> String {
    format!("{start}_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}

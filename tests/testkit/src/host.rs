//! Runs the binary with a new cache or with the one that tests share.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::{Outcome, Project};

/// The time limit of a run, which is enough for a build on a busy machine.
const DEADLINE: Duration = Duration::from_secs(300);

/// The `spec-host` binary with a cache, and with logs and a configuration that are removed when this is dropped.
#[derive(Debug)]
pub struct Host {
    binary: PathBuf,
    cache: PathBuf,
    folder: TempDir,
}

impl Host {
    /// A binary with an empty cache, which is removed when this is dropped.
    ///
    /// # Panics
    /// If there is no binary, or its configuration cannot be written.
    #[must_use]
    pub fn new() -> Host {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let cache = folder.path().join("cache");
        Host::on(folder, cache)
    }

    /// A binary with the cache that the tests of one build of the binary share: the Debian base is in it. Elements
    /// that a test builds there must have keys of their own, as those of [`Project::on_base`] have.
    ///
    /// # Panics
    /// As [`Host::new`], or if the base cannot be imported.
    #[must_use]
    pub fn shared() -> Host {
        static CACHE: OnceLock<PathBuf> = OnceLock::new();
        let cache = CACHE.get_or_init(|| cache_with_base("shared"));
        Host::on(tempfile::tempdir().expect("a temporary folder can be made"), cache.clone())
    }

    /// This binary with an empty cache, which goes when this goes.
    ///
    /// # Panics
    /// If its configuration cannot be written.
    #[must_use]
    pub fn of(binary: &Path) -> Host {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let host = Host { binary: binary.to_path_buf(), cache: folder.path().join("cache"), folder };
        host.configure("");
        host
    }

    /// A binary with a cache of its own in which nothing is built but the Debian base: as a machine that has nothing else.
    ///
    /// # Panics
    /// As [`Host::shared`].
    #[must_use]
    pub fn with_base() -> Host {
        static CACHE: OnceLock<PathBuf> = OnceLock::new();
        let base = CACHE.get_or_init(|| cache_with_base("base"));
        let host = Host::new();
        // Blobs never change, so that links are as good as copies.
        for mode in ["-al", "-a"] {
            let copy = Command::new("cp").arg(mode).arg(base).arg(&host.cache).status();
            if copy.expect("cp can be run").success() {
                return host;
            }
            let _ = fs::remove_dir_all(&host.cache);
        }
        panic!("{} cannot be copied", base.display());
    }

    fn on(folder: TempDir, cache: PathBuf) -> Host {
        let host = Host { binary: binary(), cache, folder };
        host.configure("");
        host
    }

    /// Adds lines to the user configuration, replacing those added before.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn configure(&self, lines: &str) {
        // Tests have the same results on a disk that is nearly full.
        let quota = if lines.contains("cache:\n") { "" } else { "cache: {reserved-disk-space: 0}\n" };
        self.configure_exactly(&format!("{lines}\n{quota}"));
    }

    /// As [`configure`](Self::configure), for lines that may be no YAML.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn configure_exactly(&self, lines: &str) {
        let (cache, logs) = (self.cache.display(), self.logs());
        let text = format!("cachedir: {cache}\nlogdir: {}\n{lines}", logs.display());
        fs::write(self.configuration(), text).expect("a file of our own folder can be written");
    }

    /// The folder of its configuration and logs, which goes when this goes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the cache.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.cache.clone()
    }

    /// The files of the cache except for blobs, which are always complete, compiled kinds, and recordings: records of artifacts
    /// and sources, downloads, checkouts, temporary files.
    #[must_use]
    pub fn left(&self) -> Vec<PathBuf> {
        let kept = ["plugins", "cas/objects", "recordings"].map(|folder| self.cache.join(folder));
        let mut left = files(&self.cache);
        left.retain(|file| !kept.iter().any(|kept| file.starts_with(kept)));
        left
    }

    /// The folder of the logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// A command on a project, to which arguments are added.
    #[must_use]
    pub fn command(&self, project: &Project) -> Command {
        self.command_in(project.path())
    }

    /// A command in a folder, to which arguments are added.
    #[must_use]
    pub fn command_in(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--config").arg(self.configuration()).arg("--directory").arg(folder);
        // The environment of the tests must not change builds.
        command.env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }

    /// Runs a command on a project.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn run(&self, project: &Project, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(project).args(arguments), DEADLINE)
    }

    /// Runs a command in a folder.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn run_in(&self, folder: &Path, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command_in(folder).args(arguments), DEADLINE)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("spec-host.conf")
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

/// All files below a folder, at any depth; none if the folder does not exist.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let inner = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        _ => vec![entry.path()],
    };
    entries.flat_map(inner).collect()
}

/// The binary that `SPEC_HOST` names, or the one that cargo put beside this test.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(binary) = std::env::var_os("SPEC_HOST") {
        return PathBuf::from(binary);
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let profile = test.ancestors().nth(2).expect("a test is in PROFILE/deps");
    let binary = profile.join("spec-host");
    assert!(binary.is_file(), "{} is not there: run `cargo xtask test`", binary.display());
    binary
}

/// Makes a cache of this name, with the base in it, beside the binary: one per build of the binary, of which the last is kept.
/// It is kept after the tests, because it is slow to make and slower to remove.
fn cache_with_base(name: &str) -> PathBuf {
    let binary = binary();
    let caches = std::env::current_exe().expect("a test knows its own path").with_file_name("../e2e-cache");
    let built = fs::metadata(&binary).and_then(|binary| binary.modified());
    let built = built.ok().and_then(|built| built.duration_since(SystemTime::UNIX_EPOCH).ok());
    let caches_of_build =
        caches.join(built.expect("the binary is a file of our days").as_nanos().to_string());
    let cache = caches_of_build.join(name);
    if !caches_of_build.exists() {
        // Leftovers do no harm.
        let _ = fs::remove_dir_all(&caches);
    }
    let host = Host::on(tempfile::tempdir().expect("a temporary folder can be made"), cache.clone());
    let _ = host.run(&Project::example(), &["build", "debian.bst"]).success();
    cache
}

//! recc of the base, in the base.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::engine_root::{EngineRoot, SCRATCH, TREE};
use crate::Outcome;

/// How long a command may take; the first on a base has to bring it to the worker.
const DEADLINE: Duration = Duration::from_secs(180);

/// recc with a folder of sources. Its actions are executed over the base.
#[derive(Debug)]
pub struct ReccClient {
    root: EngineRoot,
    folder: TempDir,
    url: String,
    base: String,
}

impl ReccClient {
    /// A client of the server at a URL, which has the base uploaded to it: with casd's own client.
    ///
    /// # Panics
    /// If the base cannot be uploaded.
    #[must_use]
    pub fn new(url: &str) -> ReccClient {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = EngineRoot::base();
        let mut upload = root.command(folder.path(), "casupload");
        upload.arg(format!("--remote={url}")).arg(format!("--output-digest-file={SCRATCH}/digest")).arg(TREE);
        let _ = Outcome::of(&mut upload, DEADLINE).success();
        let base = fs::read_to_string(folder.path().join("digest")).expect("it was just written");
        ReccClient { root, folder, url: url.to_owned(), base: base.trim().to_owned() }
    }

    /// The digest of the base, `HASH/SIZE`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its folder, in which it works.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `recc` with a compiler's command in its folder.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn run(&self, command: &[&str]) -> Outcome {
        let mut recc = self.root.command(self.folder.path(), "env");
        recc.args([
            format!("RECC_SERVER={}", self.url),
            format!("RECC_REMOTE_PLATFORM_chrootRootDigest={}", self.base),
        ]);
        recc.args(["RECC_REMOTE_PLATFORM_OSFamily=linux", "RECC_REMOTE_PLATFORM_ISA=x86-64"]);
        recc.args([
            "RECC_LINK=1",
            "RECC_DEPS_GLOBAL_PATHS=1",
            "RECC_NO_PATH_REWRITE=1",
            "RECC_LOG_LEVEL=info",
        ]);
        recc.arg("recc").args(command);
        Outcome::of(&mut recc, DEADLINE)
    }

    /// Has `trexe` execute any command over the base, with an empty input.
    ///
    /// # Panics
    /// If it does not end.
    #[must_use]
    pub fn execute(&self, command: &[&str]) -> Outcome {
        let mut trexe = self.root.command(self.folder.path(), "trexe");
        let platform = format!("chrootRootDigest={},OSFamily=linux,ISA=x86-64", self.base);
        trexe.args([format!("--remote={}", self.url), format!("--platform-properties={platform}")]);
        trexe.arg("--").args(command);
        Outcome::of(&mut trexe, DEADLINE)
    }
}

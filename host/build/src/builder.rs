//! Who builds elements, with the settings of a session.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use spec_artifact::Artifacts;
use spec_cas::Cas;
use spec_execution::{CommandRunner, InPlaceRunner, RemoteApis};

use crate::speculation::SpeculationHook;

/// Builds elements. Cheap to share between threads; every build has a root of its own.
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) cas: Cas,
    pub(crate) artifacts: Artifacts,
    pub(crate) remote_apis: Arc<dyn RemoteApis>,
    pub(crate) commands: Arc<dyn CommandRunner>,
    pub(crate) speculation: Option<Arc<dyn SpeculationHook>>,
    pub(crate) options: BuilderOptions,
    /// Whether it was said that elements have no records.
    pub(crate) told_unrecorded: Arc<AtomicBool>,
    /// Bytes that what is stored may take; `None` for no limit.
    pub(crate) quota: Option<u64>,
}

/// What holds for all builds of a session.
#[derive(Clone, Debug)]
pub struct BuilderOptions {
    /// The folder for build logs.
    pub logs: PathBuf,
    /// When build trees are kept with artifacts.
    pub cache_buildtrees: CacheBuildtrees,
    /// Bytes that an artifact may have, those of its build tree aside.
    pub artifact_size: u64,
    /// Digits of a key in the names of logs.
    pub key_length: usize,
    /// The projects whose commands may make user namespaces.
    pub user_namespaces: BTreeSet<String>,
}

/// When a build tree is kept with an artifact (BuildStream's `cache-buildtrees`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CacheBuildtrees {
    /// With every artifact.
    Always,
    /// With failed ones.
    #[default]
    Auto,
    /// With none.
    Never,
}

impl Builder {
    /// A builder that stores into `artifacts` and `cas`. Sandboxes that want a `remote-apis-socket` have it from
    /// `remote_apis`.
    #[must_use]
    pub fn new(
        cas: Cas,
        artifacts: Artifacts,
        remote_apis: Arc<dyn RemoteApis>,
        options: BuilderOptions,
    ) -> Self {
        let (commands, told_unrecorded) = (Arc::new(InPlaceRunner), Arc::default());
        let (speculation, quota) = (None, None);
        Self { cas, artifacts, remote_apis, commands, speculation, options, told_unrecorded, quota }
    }

    /// Has `commands` run the commands of plans and those that integrate dependencies. Without it they run in the root of
    /// the element on this machine.
    #[must_use]
    pub fn with_command_runner(mut self, commands: Arc<dyn CommandRunner>) -> Self {
        self.commands = commands;
        self
    }

    /// Has builds fail once this process has stored more than `quota` bytes, none of which can be evicted while it runs.
    #[must_use]
    pub fn with_quota(mut self, quota: Option<u64>) -> Self {
        self.quota = quota;
        self
    }

    /// Has builds with a socket tell `speculation` what they ask for, and keep what it makes of it.
    #[must_use]
    pub fn with_speculation(mut self, speculation: Arc<dyn SpeculationHook>) -> Self {
        self.speculation = Some(speculation);
        self
    }
}

//! The record of one build.

use std::path::PathBuf;

use spec_cas::Need;
use spec_model::{Digest, ElementName, Key};

/// The result of one build of one element, successful or not (`buildstream.v2.Artifact`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its keys.
    pub keys: ArtifactKeys,
    /// How the build ended.
    pub outcome: Outcome,
    /// Whether the element was built from an open workspace.
    pub was_workspaced: bool,
    /// The trees that it made.
    pub trees: ArtifactTrees,
    /// The sandbox of the build, if its root was kept.
    pub sandbox: Option<SandboxState>,
    /// All build dependencies, the indirect ones included, in the order of staging.
    pub build_deps: Vec<BuildDependency>,
    /// A YAML file with the public data as the build left it.
    pub public_data: Digest,
    /// A YAML file that many artifacts share: environment and sandbox configuration.
    pub low_diversity_meta: Digest,
    /// A YAML file of this artifact's own: its variables.
    pub high_diversity_meta: Digest,
    /// The logs of the build.
    pub logs: Vec<Log>,
    /// The record of the actions that the build requested, for predictions (`buildstream.v2.SpeculativeActions`).
    /// BuildStream's artifacts do not have it.
    pub speculative_actions: Option<Digest>,
    /// The record of the actions that the build requested, with their answers (`spec.v1.BuildRecord`), if there were
    /// any. BuildStream's artifacts do not have it.
    pub subactions: Option<Digest>,
    /// The canonical JSON whose SHA-256 is the strong key. BuildStream's artifacts do not have it.
    pub key_description: Option<Digest>,
    /// The predicted actions that the build did not request as predicted (`spec.v1.Misses`), if any. BuildStream's
    /// artifacts do not have it.
    pub misses: Option<Digest>,
}

/// An artifact to be stored: as [`Artifact`], with contents instead of digests of blobs.
#[derive(Clone, Debug)]
pub struct ArtifactDraft {
    /// The keys it will be found by.
    pub keys: ArtifactKeys,
    /// How the build ended.
    pub outcome: Outcome,
    /// Whether the element was built from an open workspace.
    pub was_workspaced: bool,
    /// The trees that it made; in the CAS already.
    pub trees: ArtifactTrees,
    /// The sandbox of the build; BuildStream records it only together with [`ArtifactTrees::buildroot`].
    pub sandbox: Option<SandboxState>,
    /// All build dependencies, the indirect ones included, in the order of staging.
    pub build_deps: Vec<BuildDependency>,
    /// The public data as YAML.
    pub public_data: Vec<u8>,
    /// Environment and sandbox configuration as YAML.
    pub low_diversity_meta: Vec<u8>,
    /// The variables as YAML.
    pub high_diversity_meta: Vec<u8>,
    /// The logs of the build.
    pub logs: Vec<LogDraft>,
    /// As [`Artifact::speculative_actions`]; in the CAS already.
    pub speculative_actions: Option<Digest>,
    /// As [`Artifact::subactions`]; in the CAS already.
    pub subactions: Option<Digest>,
    /// The canonical JSON whose SHA-256 is the strong key, if it is to be stored.
    pub key_description: Option<String>,
    /// As [`Artifact::misses`]; in the CAS already.
    pub misses: Option<Digest>,
}

/// The keys of one artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtifactKeys {
    /// The key of the element and of the artifacts that it was built with; the artifact is stored under it.
    pub strong: Key,
    /// The strong key in strict mode; computed from the project alone.
    pub strict: Key,
    /// The key of the element and of the names of its dependencies; the artifact is stored under it, too.
    pub weak: Key,
}

/// How a build ended. A failure is cached like a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With files to use.
    Succeeded,
    /// With an error.
    Failed {
        /// One line.
        error: String,
        /// More lines; may be empty.
        details: String,
    },
}

/// The digests of the trees that a build made. Only [`files`](Self::files) must be in the CAS for the artifact to
/// count as cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArtifactTrees {
    /// The installed files; none when the build failed before there were any.
    pub files: Option<Digest>,
    /// The build folder after the build.
    pub buildtree: Option<Digest>,
    /// The sources as they were staged.
    pub sources: Option<Digest>,
    /// The whole root of the sandbox after the build.
    pub buildroot: Option<Digest>,
}

/// How the sandbox of a build was set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SandboxState {
    /// The variables of the commands' environment, sorted by name.
    pub environment: Vec<(String, String)>,
    /// Where commands start, absolute; empty when never set.
    pub working_directory: String,
    /// The roots of sandboxes within this one.
    pub subsandboxes: Vec<Digest>,
    /// Absolute directories that stay writable when the root is not.
    pub marked_directories: Vec<String>,
}

/// An element that was staged for the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildDependency {
    /// The name of its project.
    pub project: String,
    /// Its name in that project, without junctions.
    pub element: ElementName,
    /// The strong key of the artifact that was used.
    pub key: Key,
    /// Whether that artifact was built from an open workspace.
    pub was_workspaced: bool,
}

/// A log of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its file name, without folders.
    pub name: String,
    /// Its text.
    pub digest: Digest,
}

/// A log to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDraft {
    /// Its file name in the artifact, without folders.
    pub name: String,
    /// The file on the host; it is copied and stays.
    pub file: PathBuf,
}

impl Artifact {
    /// Whether the build succeeded.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Succeeded
    }

    /// The blobs without which the artifact does not count as cached, beside the tree of files.
    #[must_use]
    pub fn required_blobs(&self) -> Vec<Digest> {
        let metadata = [self.low_diversity_meta, self.high_diversity_meta, self.public_data];
        metadata.into_iter().chain(self.logs.iter().map(|log| log.digest)).collect()
    }

    /// Everything that an eviction keeps for the artifact; a part of it is not needed for the artifact to count as
    /// cached.
    #[must_use]
    pub fn needs(&self) -> Vec<Need> {
        let trees = [self.trees.files, self.trees.buildtree, self.trees.sources, self.trees.buildroot];
        let blobs = self.required_blobs().into_iter().chain(self.speculative_actions).chain(self.subactions);
        let blobs = blobs.chain(self.key_description).chain(self.misses);
        let subsandboxes = self.sandbox.iter().flat_map(|sandbox| sandbox.subsandboxes.iter().copied());
        trees.into_iter().flatten().chain(subsandboxes).map(Need::Tree).chain(blobs.map(Need::Blob)).collect()
    }
}

//! The entry of the room.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use spec_artifact::{Artifact, Artifacts};
use spec_cas::Cas;
use spec_execution::RemoteApis;
use spec_model::{Cancel, Digest, Key};
use spec_project::{Element, Project};

use crate::BuildError;
use crate::job::{Job, Observer};
use crate::speculation::Speculation;

/// Builds elements. Cheap to share between threads; every build has a root of its own.
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) cas: Cas,
    pub(crate) artifacts: Artifacts,
    pub(crate) remote_apis: Arc<dyn RemoteApis>,
    pub(crate) speculation: Option<Arc<dyn Speculation>>,
    pub(crate) options: BuilderOptions,
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

/// The keys of an element in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ElementKeys {
    /// The key that its artifact has or will have; in strict mode equal to `strict`.
    pub strong: Key,
    /// See [`spec_model::KeyPair::strict`].
    pub strict: Key,
    /// See [`spec_model::KeyPair::weak`].
    pub weak: Key,
}

/// One element to work on.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The loaded project.
    pub project: &'a Project,
    /// The element's index.
    pub element: usize,
    /// The keys of any element that this one needs, and its own.
    pub keys: &'a dyn Fn(usize) -> ElementKeys,
    /// The tree of its staged sources; `None` when it has none.
    pub sources: Option<Digest>,
    /// What its strong key is the SHA-256 of, to be kept with its artifact.
    pub key_description: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(crate) fn element(&self) -> &'a Element {
        &self.project.elements[self.element]
    }

    pub(crate) fn keys_of(&self, element: usize) -> ElementKeys {
        (self.keys)(element)
    }
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
        Self { cas, artifacts, remote_apis, speculation: None, options }
    }

    /// Has builds with a socket tell `speculation` what they ask for, and keep what it makes of it.
    #[must_use]
    pub fn with_speculation(mut self, speculation: Arc<dyn Speculation>) -> Self {
        self.speculation = Some(speculation);
        self
    }

    /// Builds one element; its build dependencies must be there. Nothing is stored when the build is cancelled or
    /// does not come to its commands; a command that fails leaves a failed artifact.
    ///
    /// # Errors
    /// See [`BuildError`].
    pub fn build(
        &self,
        request: &Request<'_>,
        observer: &dyn Observer,
        cancel: &Cancel,
    ) -> Result<Artifact, BuildError> {
        let mut job = Job::new(self, request, observer, cancel)?;
        job.start_log("build")?;
        let made = job.execute_plan();
        job.socket.close();
        if cancel.is_cancelled() {
            return Err(BuildError::Cancelled);
        }
        match made {
            Ok(()) => job.store_success(),
            Err(BuildError::Command(failure)) => Err(job.store_failure(*failure)),
            Err(error) => Err(error),
        }
    }
}

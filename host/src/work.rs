//! What jobs do: fetching and building.

use std::sync::{Arc, Mutex, PoisonError};

use spec_artifact::{Artifact, ArtifactKeys};
use spec_build::{BuildRequest, Builder, BuilderOptions, CacheBuildtrees, ElementKeys};
use spec_model::{Digest, Value};
use spec_project::keys::strong_description;
use spec_scheduler::{Context, Failure, Job, JobEnd, Message, MessageLevel, Task, Work};
use spec_source::Watch;

use crate::cli::CacheBuildTrees;
use crate::failure;
use crate::session::SharedSession;
use crate::speculation::Speculation;
use crate::standing::Standing;

/// Does the jobs of a session.
pub(crate) struct Worker {
    session: SharedSession,
    builder: Builder,
    retry_failed: bool,
    speculation: Option<Arc<Speculation>>,
    /// The keys that artifacts have, or will have, as far as they are known.
    keys: Mutex<Vec<Option<ElementKeys>>>,
}

type Ended = Result<JobEnd, Box<Failure>>;

impl Worker {
    /// Work on elements that stand so; `retry_failed` builds again what failed before.
    pub(crate) fn new(
        session: SharedSession,
        standings: &[Standing],
        retry_failed: bool,
        speculation: Option<Arc<Speculation>>,
    ) -> Self {
        let keys = standings.iter().map(|standing| standing.artifact().map(|artifact| known(artifact.keys)));
        let keys = Mutex::new(keys.collect());
        let mut builder = builder(&session);
        if let Some(speculation) = &speculation {
            builder = builder.with_speculation(speculation.clone());
        }
        Self { builder, session, retry_failed, speculation, keys }
    }

    fn fetch(&self, element: usize, context: &Context) -> Ended {
        let sources = self.session.sources(element);
        if sources.cached().map_err(failure::of)?.is_some() {
            return Ok(JobEnd::Unneeded);
        }
        let tree = sources.fetch(&watch(context, "fetching")).map_err(failure::of)?;
        self.speculate(|speculation| speculation.sources(element, tree));
        Ok(JobEnd::Done)
    }

    fn build(&self, element: usize, context: &Context) -> Ended {
        let keys = self.own_keys(element)?;
        if let Some(artifact) = self.cached(element, keys)? {
            if artifact.succeeded() {
                self.note(element, &artifact);
                return Ok(JobEnd::Unneeded);
            }
            if !self.retry_failed {
                return Err(failure::of_artifact(&artifact, self.session.config.error_lines));
            }
        }
        self.set(element, keys);
        let sources = self.stage(element, context)?;
        let all = self.lock().clone();
        let description = self.description(element, &all).ok_or_else(no_reference)?.canonical();
        let keys_of =
            move |element: usize| all[element].expect("what a build needs was built before or is cached");
        let request = BuildRequest {
            project: &self.session.project,
            element,
            keys: &keys_of,
            sources,
            key_description: Some(&description),
        };
        let built = self.builder.build(&request, &Told(context), &context.cancel);
        let built = built.map_err(|error| failure::of_build(error, self.session.config.error_lines))?;
        self.note(element, &built);
        Ok(JobEnd::Done)
    }

    /// An artifact that is there by now, for example since another process built it.
    fn cached(&self, element: usize, keys: ElementKeys) -> Result<Option<Artifact>, Box<Failure>> {
        let element = &self.session.project.elements[element];
        self.session.artifacts.lookup(&element.project, &element.name, &keys.strong).map_err(failure::of)
    }

    /// The staged sources; `None` when there are none.
    fn stage(&self, element: usize, context: &Context) -> Result<Option<Digest>, Box<Failure>> {
        if self.session.project.elements[element].sources.is_empty() {
            return Ok(None);
        }
        let watch = watch(context, "staging sources");
        let tree = self.session.sources(element).stage(&watch).map_err(failure::of)?;
        self.speculate(|speculation| speculation.sources(element, tree));
        Ok(Some(tree))
    }

    /// The keys that the element's artifact will have, on what is below it by now.
    fn own_keys(&self, element: usize) -> Result<ElementKeys, Box<Failure>> {
        if let (Some(keys), false) = (self.lock()[element], self.retry_failed) {
            return Ok(keys);
        }
        let pair = self.session.pairs[element].ok_or_else(no_reference)?;
        let mut keys = ElementKeys { strong: pair.strict, strict: pair.strict, weak: pair.weak };
        if !self.session.strict {
            keys.strong = self.description(element, &self.lock()).ok_or_else(no_reference)?.key();
        }
        Ok(keys)
    }

    /// What the element's strong key is the key of, on artifacts with these keys.
    fn description(&self, element: usize, known: &[Option<ElementKeys>]) -> Option<Value> {
        let project = &self.session.project;
        let scope = project.build_scope(element);
        let below: Option<Vec<_>> = scope.iter().map(|below| Some((*below, known[*below]?.strong))).collect();
        let sources = self.session.source_keys[element].as_ref()?;
        Some(strong_description(project, element, sources, &below?, self.session.pairs[element]?.weak))
    }

    fn note(&self, element: usize, artifact: &Artifact) {
        self.set(element, known(artifact.keys));
        self.speculate(|speculation| speculation.artifact(element, artifact.trees.files));
    }

    fn speculate(&self, tell: impl FnOnce(&Speculation)) {
        if let Some(speculation) = &self.speculation {
            tell(speculation);
        }
    }

    fn set(&self, element: usize, keys: ElementKeys) {
        self.lock()[element] = Some(keys);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Option<ElementKeys>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work for Worker {
    fn run(&self, job: Job, context: &Context) -> Ended {
        match job.task {
            Task::Fetch => self.fetch(job.element, context),
            Task::Build => {
                let ended = self.build(job.element, context);
                self.speculate(|speculation| speculation.ended(job.element));
                ended
            }
            Task::Track => Err(no_track_jobs()),
        }
    }
}

fn no_track_jobs() -> Box<Failure> {
    Box::new(Failure {
        reason: "internal-error".to_owned(),
        message: "a session that builds or fetches was given a job that tracks".to_owned(),
        ..Failure::default()
    })
}

fn no_reference() -> Box<Failure> {
    Box::new(Failure {
        reason: "missing-ref".to_owned(),
        message: "a source of it, or of something below it, has no reference".to_owned(),
        ..Failure::default()
    })
}

/// A builder as the configuration has it.
pub(crate) fn builder(session: &SharedSession) -> Builder {
    let options = BuilderOptions {
        logs: session.config.log_dir.clone(),
        cache_buildtrees: match session.config.cache_buildtrees {
            CacheBuildTrees::Always => CacheBuildtrees::Always,
            CacheBuildTrees::Auto => CacheBuildtrees::Auto,
            CacheBuildTrees::Never => CacheBuildtrees::Never,
        },
        artifact_size: session.config.bounds.artifact,
        key_length: session.config.key_length,
        user_namespaces: session.config.user_namespaces(),
    };
    Builder::new(session.cas.clone(), session.artifacts.clone(), session.remote_apis.clone(), options)
}

/// The keys of an artifact that is there.
pub(crate) fn known(keys: ArtifactKeys) -> ElementKeys {
    ElementKeys { strong: keys.strong, strict: keys.strict, weak: keys.weak }
}

/// Progress of a download as that of a job.
pub(crate) fn watch(context: &Context, activity: &'static str) -> Watch {
    let told = Arc::new(context.clone());
    let warned = told.clone();
    let progress = move |done, total: Option<u64>| told.progress(activity, Some((done, total.unwrap_or(0))));
    Watch::new(context.cancel.clone(), progress).with_warnings(move |reason, text| {
        warned.message(Message {
            element: None,
            level: MessageLevel::Warning,
            reason: reason.to_owned(),
            text: text.to_owned(),
            detail: None,
            figures: Vec::new(),
        });
    })
}

/// Tells a job's context what a build tells.
struct Told<'a>(&'a Context);

impl spec_build::BuildObserver for Told<'_> {
    fn activity(&self, text: &str, commands: Option<(u64, u64)>) {
        self.0.progress(text, commands);
    }

    fn warning(&self, warning: spec_build::Warning) {
        self.0.message(Message {
            element: None,
            level: MessageLevel::Warning,
            reason: warning.reason.to_owned(),
            text: warning.text,
            detail: (!warning.detail.is_empty()).then_some(warning.detail),
            figures: Vec::new(),
        });
    }
}

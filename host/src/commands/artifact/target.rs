//! The targets of artifact commands: elements of the project, or artifacts by their names.

use std::collections::HashSet;

use spec_artifact::{Artifact, ArtifactName, Artifacts};
use spec_cas::Cas;
use spec_model::{Blame, Digest, DigestFunction};
use spec_session::Session;

use crate::app::App;
use crate::cli::Deps;
use crate::error::{CommandError, CommandResult};

/// The artifacts that a command selects, and the cache that they are in.
pub(in crate::commands) struct ArtifactTargets {
    /// The cache.
    pub(in crate::commands) cas: Cas,
    /// The artifacts in it.
    pub(in crate::commands) artifacts: Artifacts,
    /// The selected artifacts.
    pub(in crate::commands) found: Vec<ArtifactTarget>,
}

/// One selected artifact.
pub(in crate::commands) struct ArtifactTarget {
    /// The name of the element or of the artifact, for people.
    pub(in crate::commands) shown: String,
    /// The names of its artifacts, first the one with its key.
    pub(in crate::commands) names: Vec<ArtifactName>,
    /// The artifact, if it is cached.
    pub(in crate::commands) artifact: Option<Artifact>,
}

impl ArtifactTargets {
    /// Finds the artifacts that `words` select: words that end in `.bst` are elements of the project, which is loaded
    /// only when there are any; others are names or patterns of artifacts. The record of an artifact has its build
    /// dependencies, but not its runtime dependencies.
    ///
    /// # Errors
    /// What is wrong with the project, `deps-not-supported`, or `artifact-not-found` when nothing matches.
    pub(in crate::commands) fn find(app: &App, words: &[String], deps: Deps) -> CommandResult<Self> {
        let (elements, names): (Vec<String>, Vec<String>) =
            words.iter().cloned().partition(|w| w.ends_with(".bst"));
        if !names.is_empty() {
            check_deps(deps)?;
        }
        let mut found = Vec::new();
        let (cas, artifacts) = if !elements.is_empty() || names.is_empty() {
            let session = app.open_session(&elements)?;
            for element in session.select(deps.scope()) {
                found.push(of_element(&session, element)?);
            }
            (session.cas.clone(), session.artifacts.clone())
        } else {
            let cas = app.open_cas(DigestFunction::Sha256)?;
            (cas.clone(), Artifacts::new(cas))
        };
        for word in &names {
            let named = by_name(&artifacts, word)?;
            match deps {
                Deps::Build => found.extend(built_with(&artifacts, &named)?),
                _ => found.extend(named),
            }
        }
        Ok(Self { cas, artifacts, found })
    }
}

impl ArtifactTarget {
    /// Its artifact.
    ///
    /// # Errors
    /// `uncached-artifact` when there is none.
    pub(in crate::commands) fn cached(&self) -> CommandResult<&Artifact> {
        self.artifact.as_ref().ok_or_else(|| self.missing())
    }

    /// The tree of its files.
    ///
    /// # Errors
    /// `uncached-artifact` when there is none, `failed-artifact` when it is a failed build without files.
    pub(in crate::commands) fn files(&self) -> CommandResult<Digest> {
        let failed = || {
            let message = format!("the build of '{}' failed, so there are no files of it", self.shown);
            CommandError::new(Blame::Build, "failed-artifact", message)
                .hint(format!("see why: spec-host artifact log {}", self.shown))
        };
        self.cached()?.trees.files.ok_or_else(failed)
    }

    fn missing(&self) -> CommandError {
        let error = CommandError::new(
            Blame::Build,
            "uncached-artifact",
            format!("there is no artifact of '{}' in the cache", self.shown),
        );
        // Only elements can be built, not names of artifacts.
        let command = if self.shown.ends_with(".bst") { "build" } else { "artifact pull" };
        error.hint(format!("spec-host {command} {}", self.shown))
    }
}

fn of_element(session: &Session, index: usize) -> CommandResult<ArtifactTarget> {
    let element = &session.project.elements[index];
    let shown = element.name.to_string();
    let Some(pair) = session.key_pairs[index] else {
        return Ok(ArtifactTarget { shown, names: Vec::new(), artifact: None });
    };
    let artifact = session.cached_artifact(index, pair)?;
    let strong = artifact.as_ref().map_or(pair.strict, |artifact| artifact.keys.strong);
    let names = [strong, pair.weak].map(|key| ArtifactName::new(&element.project, &element.name, key));
    Ok(ArtifactTarget { shown, names: names.to_vec(), artifact })
}

/// Refuses scopes that artifacts have no record of, as BuildStream does.
///
/// # Errors
/// `deps-not-supported`.
pub(super) fn check_deps(deps: Deps) -> CommandResult {
    let asked = match deps {
        Deps::None | Deps::Build => return Ok(()),
        Deps::Run => "run",
        Deps::All => "all",
    };
    let message = format!("'--deps {asked}' is not supported for names of artifacts");
    let hint =
        "an artifact knows only what it was built with: use --deps build or --deps none, or name the element";
    Err(CommandError::usage("deps-not-supported", message).hint(hint))
}

fn by_name(artifacts: &Artifacts, word: &str) -> CommandResult<Vec<ArtifactTarget>> {
    let names = names_of_pattern(artifacts, word)?;
    // A whole name means something, cached or not: a server may have it.
    if let (true, Ok(name)) = (names.is_empty(), word.parse()) {
        return Ok(vec![target(artifacts, name)?]);
    }
    if names.is_empty() {
        let message = format!("no artifact in the cache is called '{word}'");
        let hint =
            "expected an element (NAME.bst) or PROJECT/ELEMENT/KEY, where * and ? may stand for some of it";
        return Err(CommandError::new(Blame::Build, "artifact-not-found", message).hint(hint));
    }
    names.into_iter().map(|name| target(artifacts, name)).collect()
}

/// The names in the cache that a pattern matches. An artifact that it finds under both of its keys is one, and its strong key is the one
/// that counts.
///
/// # Errors
/// When the pattern is wrong, or the store fails.
pub(super) fn names_of_pattern(artifacts: &Artifacts, pattern: &str) -> CommandResult<Vec<ArtifactName>> {
    let names = artifacts.list(pattern)?;
    let all: HashSet<ArtifactName> = names.iter().cloned().collect();
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        let strong = artifacts.get(&name)?.map(|artifact| artifact.keys.strong);
        if strong.is_none_or(|key| key == name.key() || !all.contains(&name.with_key(key))) {
            found.push(name);
        }
    }
    Ok(found)
}

fn target(artifacts: &Artifacts, name: ArtifactName) -> CommandResult<ArtifactTarget> {
    let artifact = artifacts.get(&name)?;
    Ok(ArtifactTarget { shown: name.to_string(), names: vec![name], artifact })
}

/// The artifacts that these were built with, in the order of staging, without these themselves.
fn built_with(artifacts: &Artifacts, named: &[ArtifactTarget]) -> CommandResult<Vec<ArtifactTarget>> {
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for name in named.iter().flat_map(|target| &target.names) {
        for below in build_dependencies(artifacts, name)? {
            if seen.insert(below.clone()) {
                found.push(target(artifacts, below)?);
            }
        }
    }
    Ok(found)
}

/// The names of the artifacts that one was built with. Its record is enough, its blobs are not needed.
///
/// # Errors
/// `uncached-artifact` without a record of it.
pub(super) fn build_dependencies(
    artifacts: &Artifacts,
    name: &ArtifactName,
) -> CommandResult<Vec<ArtifactName>> {
    let missing = || ArtifactTarget { shown: name.to_string(), names: Vec::new(), artifact: None }.missing();
    let record = artifacts.record(name)?.ok_or_else(missing)?;
    let below = record.build_deps.iter();
    Ok(below.map(|below| ArtifactName::new(&below.project, &below.element, below.key)).collect())
}

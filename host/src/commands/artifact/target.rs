//! What artifact commands are about: elements of the project, or artifacts by their names.

use spec_artifact::{Artifact, ArtifactName, Artifacts};
use spec_cas::Cas;

use crate::app::App;
use crate::cli::Deps;
use crate::error::{BlameUser, CommandError, CommandResult};
use crate::session::Session;

/// The artifacts that a command is about, and the cache they are in.
pub(in crate::commands) struct Targets {
    /// The cache.
    pub(in crate::commands) cas: Cas,
    /// The artifacts in it.
    pub(in crate::commands) artifacts: Artifacts,
    /// What was asked for.
    pub(in crate::commands) found: Vec<Target>,
}

/// One thing that was asked for.
pub(in crate::commands) struct Target {
    /// What people call it: an element's name or an artifact's.
    pub(in crate::commands) shown: String,
    /// The names of its artifacts: that of its key, first.
    pub(in crate::commands) names: Vec<ArtifactName>,
    /// The artifact, if it is cached.
    pub(in crate::commands) artifact: Option<Artifact>,
}

impl Targets {
    /// Finds what `words` mean: names that end in `.bst` are elements of the project, which is loaded only when there
    /// are any; others are names or patterns of artifacts.
    ///
    /// # Errors
    /// What is wrong with the project, or `artifact-not-found` when nothing matches.
    pub(in crate::commands) fn find(app: &App, words: &[String], deps: Deps) -> CommandResult<Self> {
        let (elements, names): (Vec<String>, Vec<String>) =
            words.iter().cloned().partition(|w| w.ends_with(".bst"));
        let mut found = Vec::new();
        let (cas, artifacts) = if !elements.is_empty() || names.is_empty() {
            let session = Session::open(app, &elements)?;
            for element in session.select(deps, &[])? {
                found.push(of_element(&session, element)?);
            }
            (session.cas.clone(), session.artifacts)
        } else {
            let cas = Cas::open(app.config.cache("cas"))?;
            (cas.clone(), Artifacts::new(cas))
        };
        for word in &names {
            found.extend(by_name(&artifacts, word)?);
        }
        Ok(Self { cas, artifacts, found })
    }
}

impl Target {
    /// Its artifact.
    ///
    /// # Errors
    /// `uncached-artifact` when there is none.
    pub(in crate::commands) fn cached(&self) -> CommandResult<&Artifact> {
        let missing = || {
            let message = format!("there is no artifact of '{}' in the cache", self.shown);
            CommandError::failure("uncached-artifact", message)
                .hint(format!("spec-host build {}", self.shown))
        };
        self.artifact.as_ref().ok_or_else(missing)
    }
}

fn of_element(session: &Session, index: usize) -> CommandResult<Target> {
    let element = &session.project.elements[index];
    let shown = element.name.to_string();
    let Some(pair) = session.pairs[index] else {
        return Ok(Target { shown, names: Vec::new(), artifact: None });
    };
    let artifact = session.cached(index, pair)?;
    let strong = artifact.as_ref().map_or(pair.strict, |artifact| artifact.keys.strong);
    let names = [strong, pair.weak].map(|key| ArtifactName::new(&element.project, &element.name, key));
    Ok(Target { shown, names: names.to_vec(), artifact })
}

fn by_name(artifacts: &Artifacts, word: &str) -> CommandResult<Vec<Target>> {
    let names = artifacts.list(word).or_usage()?;
    if names.is_empty() {
        let message = format!("no artifact in the cache is called '{word}'");
        let hint =
            "expected an element (NAME.bst) or PROJECT/ELEMENT/KEY, where * and ? may stand for some of it";
        return Err(CommandError::failure("artifact-not-found", message).hint(hint));
    }
    let target = |name: ArtifactName| {
        let artifact = artifacts.get(&name)?;
        Ok(Target { shown: name.to_string(), names: vec![name], artifact })
    };
    names.into_iter().map(target).collect()
}

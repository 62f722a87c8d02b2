//! `artifact checkout`

use std::path::PathBuf;

use spec_artifact::{ArtifactName, Artifacts, integration_commands};
use spec_build::BuildRequest;
use spec_cas::{Cas, MergeInput};
use spec_model::{Blame, Cancel, Digest, DigestFunction};
use spec_project::yaml::parse_text;
use spec_session::{Session, SharedCaches};

use super::shared::{Direction, StderrMonitor, caches_of_name, pull};
use super::target::{ArtifactTarget, ArtifactTargets, build_dependencies};
use crate::app::App;
use crate::cli::{CheckoutArgs, Deps};
use crate::commands::pull_missing::pull_missing;
use crate::commands::shell::WarningPrinter;
use crate::commands::{destination, named_or_default, tarball};
use crate::error::{CommandError, CommandResult};
use crate::signals;

/// Writes the files of an artifact to a folder or an archive.
///
/// `--hardlinks` is BuildStream's option and has no effect: through hard links users could change files of the cache.
/// Where the file system can, every checkout shares blocks with the cache.
pub(super) fn run(app: &App, args: &CheckoutArgs) -> CommandResult {
    let artifact = named_or_default(app, args.artifact.as_deref())?;
    let default = || PathBuf::from(artifact.trim_end_matches(".bst"));
    let folder = args.directory.clone().unwrap_or_else(default);
    // Before the first write, because the checks try whether the destination can be written.
    let cancel = signals::cancel()?;
    tarball::check_compression(args.compression, args.tar.as_deref())?;
    match &args.tar {
        Some(file) => tarball::check(file, args.force)?,
        None => destination::check(&folder, args.force)?,
    }
    let (cas, tree) = match artifact.ends_with(".bst") {
        true => of_element(app, &artifact, args, &cancel)?,
        false => by_name(app, &artifact, args, &cancel)?,
    };
    match &args.tar {
        // The names that BuildStream gives the members.
        Some(file) => tarball::write_below("./", &cas, &tree, file, args.compression, args.force),
        None => destination::write_tree(&cas, &tree, &folder, args.force, &cancel),
    }
}

/// The tree of an element with the selected dependencies.
fn of_element(
    app: &App,
    artifact: &String,
    args: &CheckoutArgs,
    cancel: &Cancel,
) -> CommandResult<(Cas, Digest)> {
    let session = app.open_session(std::slice::from_ref(artifact))?;
    let wanted = session.select(args.deps.unwrap_or(Deps::Run).scope());
    let caches = SharedCaches::of_session(&session, Some(&args.remotes.artifacts()), None)?;
    pull_missing(app, &session, &wanted, &caches)?;
    let element = session.target()?;
    check_cached(&session, &wanted)?;
    let keys = session.current_keys()?;
    let request = BuildRequest {
        project: &session.project,
        element,
        keys: &|element: usize| keys[element],
        previous: None,
        sources: None,
        key_description: None,
    };
    let scope = args.deps.unwrap_or(Deps::Run).scope();
    // A checkout only reads the cache, which must be possible where nothing can be written.
    session.cas.allow_unstored_directories();
    let builder = session.builder();
    let mut root = builder.runtime_root(&request, scope, args.integrate(), &WarningPrinter, cancel)?;
    Ok((session.cas.clone(), root.digest()?))
}

/// Refuses a checkout of what is not cached, with BuildStream's reason.
fn check_cached(session: &Session, elements: &[usize]) -> CommandResult {
    let mut missing = Vec::new();
    for &element in elements {
        let pair = session.key_pairs[element];
        let artifact = pair.map(|pair| session.cached_artifact(element, pair)).transpose()?.flatten();
        missing.extend(artifact.is_none().then(|| session.name(element)));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let missing = missing.join(" ");
    let message = format!("these artifacts are not in the cache: {missing}");
    Err(CommandError::new(Blame::Build, "uncached-checkout-attempt", message)
        .hint(format!("spec-host build {missing}")))
}

/// The tree of one artifact in the cache, or of the artifacts that it was built with.
fn by_name(
    app: &App,
    artifact: &String,
    args: &CheckoutArgs,
    cancel: &Cancel,
) -> CommandResult<(Cas, Digest)> {
    let deps = args.deps.unwrap_or(Deps::None);
    pull_by_name(app, artifact, args, cancel)?;
    let targets = ArtifactTargets::find(app, std::slice::from_ref(artifact), deps)?;
    if args.integrate() {
        warn_of_integration(app, &targets)?;
    }
    if deps == Deps::Build {
        let roots = targets.found.iter().map(ArtifactTarget::files).collect::<CommandResult<Vec<_>>>()?;
        targets.cas.allow_unstored_directories();
        let layers: Vec<_> =
            roots.iter().map(|root| MergeInput { root: *root, location: "", filter: None }).collect();
        return Ok((targets.cas.clone(), targets.cas.merge(&layers)?.root));
    }
    let [target] = targets.found.as_slice() else {
        let message = format!("'{artifact}' means {} artifacts", targets.found.len());
        return Err(CommandError::usage("ambiguous-artifact", message).hint("name one of them"));
    };
    Ok((targets.cas.clone(), target.files()?))
}

/// Pulls the artifact of that name, or those that it was built with, if they are not cached and a server has them.
fn pull_by_name(app: &App, artifact: &str, args: &CheckoutArgs, cancel: &Cancel) -> CommandResult {
    let Ok(name) = artifact.parse::<ArtifactName>() else { return Ok(()) };
    let cas = app.open_cas(DigestFunction::Sha256)?;
    let artifacts = Artifacts::new(cas.clone());
    let pull_missing = |name: &ArtifactName| -> CommandResult {
        if artifacts.get(name)?.is_some() {
            return Ok(());
        }
        let caches = caches_of_name(app, name, &cas, &args.remotes.artifacts())?;
        match caches.pulled_artifacts().is_some() {
            true => pull(app, &caches, name, Direction::Pull, &StderrMonitor { app, cancel: cancel.clone() }),
            false => Ok(()),
        }
    };
    if args.deps != Some(Deps::Build) {
        return pull_missing(&name);
    }
    // Its record says what it was built with, which is what is checked out.
    if artifacts.record(&name)?.is_none() {
        pull_missing(&name)?;
    }
    let below = artifacts.record(&name)?.map(|_| build_dependencies(&artifacts, &name)).transpose()?;
    below.iter().flatten().try_for_each(pull_missing)
}

/// Integration commands need the sandbox that their project describes.
fn warn_of_integration(app: &App, targets: &ArtifactTargets) -> CommandResult {
    for target in &targets.found {
        let public = targets.cas.get(&target.cached()?.public_data)?;
        let public = parse_text(&String::from_utf8_lossy(&public), &target.shown)?;
        if !integration_commands(&public)?.is_empty() {
            let text =
                "its integration commands are not run: name the element for that, or say --no-integrate";
            app.warn("not-integrated", &format!("{}: {text}", target.shown));
        }
    }
    Ok(())
}

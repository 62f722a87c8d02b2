//! `artifact checkout`

use std::path::PathBuf;

use spec_build::Request;
use spec_cas::{Cas, CheckoutMode};
use spec_model::{Cancel, Digest};
use spec_project::Scope;

use super::target::Targets;
use crate::app::App;
use crate::cli::{CheckoutArgs, Deps};
use crate::commands::shell::Quiet;
use crate::commands::{place, tarball};
use crate::error::{CommandError, CommandResult};
use crate::session::{Session, SharedSession};
use crate::work::builder;

/// Writes the files of an artifact to a folder or an archive.
pub(super) fn run(app: &App, args: &CheckoutArgs) -> CommandResult {
    let (cas, tree) = match args.artifact.ends_with(".bst") {
        true => of_element(app, args)?,
        false => by_name(app, args)?,
    };
    if let Some(file) = &args.tar {
        return tarball::write(&cas, &tree, file, args.compression);
    }
    let default = || PathBuf::from(args.artifact.trim_end_matches(".bst"));
    let mode = if args.hardlinks { CheckoutMode::HardLink } else { CheckoutMode::Copy };
    place::tree(&cas, &tree, &args.directory.clone().unwrap_or_else(default), args.force, mode)
}

/// The tree of an element with the dependencies that were asked for.
fn of_element(app: &App, args: &CheckoutArgs) -> CommandResult<(Cas, Digest)> {
    let session = SharedSession::new(Session::open(app, std::slice::from_ref(&args.artifact))?);
    let element = session.target()?;
    let keys = session.keys_now()?;
    let request = Request {
        project: &session.project,
        element,
        keys: &|element: usize| keys[element],
        sources: None,
        key_description: None,
    };
    let scope = match args.deps {
        Deps::None => None,
        Deps::Run => Some(Scope::Run),
        Deps::Build => Some(Scope::Build),
        Deps::All => Some(Scope::All),
    };
    let (builder, cancel) = (builder(&session), Cancel::new());
    let mut root = builder.runtime_root(&request, scope, args.integrate(), &Quiet, &cancel)?;
    Ok((session.cas.clone(), root.digest()?))
}

/// The tree of one artifact in the cache; without its project nothing is known of its dependencies.
fn by_name(app: &App, args: &CheckoutArgs) -> CommandResult<(Cas, Digest)> {
    let targets = Targets::find(app, std::slice::from_ref(&args.artifact), Deps::None)?;
    let [target] = targets.found.as_slice() else {
        let message = format!("'{}' means {} artifacts; name one", args.artifact, targets.found.len());
        return Err(CommandError::usage("ambiguous-artifact", message));
    };
    let failed =
        || CommandError::failure("no-files", format!("'{}' is a failed build without files", target.shown));
    Ok((targets.cas.clone(), target.cached()?.trees.files.ok_or_else(failed)?))
}

//! `source checkout`

use std::path::Path;
use std::process::ExitCode;

use spec_cas::TreeBuilder;
use spec_project::Element;
use spec_session::SharedCaches;
use spec_source::{ElementSources, FetchMonitor};

use super::build_scripts;
use crate::app::App;
use crate::cli::SourceCheckoutArgs;
use crate::commands::{destination, named_or_default, tarball};
use crate::error::CommandResult;
use crate::session::SessionTargets;
use crate::signals;
use crate::term::write_stderr;

/// Writes the sources of elements to a folder or an archive, each below the element's name as bst does.
pub(super) fn run(app: &App, args: &SourceCheckoutArgs) -> CommandResult<ExitCode> {
    let element = named_or_default(app, args.element.as_deref())?;
    let session = app.open_session_for(SessionTargets {
        except: &args.except,
        ..SessionTargets::of(std::slice::from_ref(&element))
    })?;
    let cancel = signals::cancel()?;
    let dest = args.directory.as_deref().unwrap_or(Path::new("source-checkout"));
    tarball::check_compression(args.compression, args.tar.as_deref())?;
    match &args.tar {
        Some(file) => tarball::check(file, args.force)?,
        None => destination::check(dest, args.force)?,
    }
    let caches = SharedCaches::of_session(&session, None, Some(&args.remotes.sources()))?;
    let style = app.err;
    let watch = FetchMonitor::silent(cancel.clone()).with_warnings(move |reason, text| {
        write_stderr(&format!("warning[{reason}]: {text}\n"), style);
    });
    let fetch = |element: &Element, sources: &ElementSources| match caches.pulled_sources_of(element) {
        Some(cache) => sources.fetch_through(cache, &watch),
        None => sources.fetch(&watch),
    };
    let mut tree = TreeBuilder::new();
    for index in session.select(args.deps.scope()) {
        let element = &session.project.elements[index];
        if !element.sources.is_empty() {
            tree.add_tree(&element.name.normal(), fetch(element, session.sources(index))?)?;
        }
    }
    if args.include_build_scripts {
        build_scripts::add(&session, &session.select(args.deps.scope()), &mut tree)?;
    }
    let tree = tree.store(&session.cas)?;
    match &args.tar {
        Some(file) => tarball::write(&session.cas, &tree, file, args.compression, args.force)?,
        None => destination::write_tree(&session.cas, &tree, dest, args.force, &cancel)?,
    }
    Ok(ExitCode::SUCCESS)
}

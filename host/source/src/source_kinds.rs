//! The list of source kinds.

use std::sync::Arc;

use crate::context::{SourceContext, SourceSpec};
use crate::error::{SourceError, SourceName};
use crate::local::LocalSource;
use crate::remote::RemoteSource;
use crate::source::Source;
use crate::tar::TarSource;
use crate::workspace::WorkspaceSource;

/// All of [`configure_source`], for people.
const KNOWN: &str = "local, remote, tar";

/// The source that `spec` declares, the `index`th of `element`.
///
/// # Errors
/// `unknown-source-kind`, or what is wrong with the configuration, with its place.
pub(crate) fn configure_source(
    element: &Arc<str>,
    index: usize,
    context: &SourceContext,
    spec: &SourceSpec,
) -> Result<Box<dyn Source>, SourceError> {
    let name = |kind| SourceName { element: element.clone(), index, kind, position: spec.position.clone() };
    Ok(match spec.kind.as_str() {
        "local" => Box::new(LocalSource::configure(name("local"), context, &spec.config)?),
        "remote" => Box::new(RemoteSource::configure(name("remote"), context, &spec.config)?),
        "tar" => Box::new(TarSource::configure(name("tar"), context, &spec.config)?),
        "workspace" => Box::new(WorkspaceSource::configure(name("workspace"), context, &spec.config)?),
        _ => {
            let (kind, position) = (spec.kind.clone(), spec.position.clone());
            return Err(SourceError::UnknownKind { element: element.clone(), kind, known: KNOWN, position });
        }
    })
}

//! Files of artifacts, selected by the domains of their elements.

use spec_artifact::{SplitFilter, SplitRules};
use spec_cas::{Cas, MergeInput};
use spec_model::{Digest, DomainSelection};
use spec_project::Element;

use crate::error::BuildError;

/// The part of the tree of an element's artifact that is in the domains.
pub(crate) fn files_of_domains(
    cas: &Cas,
    element: &Element,
    tree: Digest,
    domains: &DomainSelection,
) -> Result<Digest, BuildError> {
    if *domains == DomainSelection::default() {
        return Ok(tree);
    }
    let filter = split_filter(element, domains)?;
    let selects = |path: &str| filter.selects(path);
    Ok(cas.merge(&[MergeInput { filter: Some(&selects), ..MergeInput::whole(tree) }])?.root)
}

/// Decides which files of an element's artifact are in the domains.
pub(crate) fn split_filter(element: &Element, domains: &DomainSelection) -> Result<SplitFilter, BuildError> {
    Ok(SplitRules::from_public(element.artifact_public())?.filter(domains))
}

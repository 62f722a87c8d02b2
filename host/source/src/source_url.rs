//! The URLs of a source: aliases are resolved, and those without one are warned of.

use std::sync::Arc;

use spec_model::{FilePosition, Node};

use crate::context::SourceContext;
use crate::error::{SourceError, SourceName};
use crate::source::SourceWarning;
use crate::url::{AliasProblem, AliasedUrl, is_short, without_password};

/// A URL of a source, and where it is written.
#[derive(Clone, Debug)]
pub(crate) struct SourceUrl {
    pub(crate) url: Arc<AliasedUrl>,
    /// `None` for the kind's default.
    pub(crate) position: Option<FilePosition>,
}

impl SourceUrl {
    /// The URL that a node has.
    pub(crate) fn of_node(
        name: &SourceName,
        context: &SourceContext,
        node: &Node,
    ) -> Result<Self, SourceError> {
        Self::new(name, context, node.as_str()?, node.position.clone())
    }

    /// The URL `written` at a place.
    pub(crate) fn new(
        name: &SourceName,
        context: &SourceContext,
        written: &str,
        position: Option<FilePosition>,
    ) -> Result<Self, SourceError> {
        match AliasedUrl::new(written, |alias| context.alias(alias)) {
            Ok(url) => Ok(Self { url: Arc::new(url), position }),
            Err(AliasProblem::Unknown(alias)) => Err(SourceError::UnknownAlias {
                name: name.clone(),
                alias,
                url: written.to_owned(),
                position,
            }),
            Err(AliasProblem::Refused(refusal)) => {
                Err(SourceError::RefusedAlias { name: name.clone(), refusal, position })
            }
        }
    }

    /// The URL of a submodule as its repository has it, where git's short form of addresses over ssh is no alias.
    pub(crate) fn of_submodule(
        name: &SourceName,
        context: &SourceContext,
        written: &str,
    ) -> Result<Self, SourceError> {
        match Self::new(name, context, written, name.position.clone()) {
            Err(SourceError::UnknownAlias { .. }) if is_short(written) && written.contains('@') => {
                Ok(Self { url: Arc::new(AliasedUrl::plain(written)), position: name.position.clone() })
            }
            found => found,
        }
    }

    /// The warning that it uses no alias, if it uses none.
    pub(crate) fn warning(&self, name: &SourceName) -> Option<SourceWarning> {
        let url = || without_password(&self.url.original);
        let message = || format!("{name}: the url '{}' uses no alias", url());
        let warning =
            || SourceWarning { token: "unaliased-url", message: message(), position: self.position.clone() };
        self.url.unaliased.then(warning)
    }
}

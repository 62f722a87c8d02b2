//! Aliases of URLs.

use std::sync::Arc;

use crate::junction::MappedAliases;

/// What an alias stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasTarget {
    /// The beginning of URLs that stands for `ALIAS:`.
    pub url: String,
    /// The same on mirrors, the preferred one first.
    pub mirrors: Vec<String>,
}

/// The aliases of a project, as far as its parent does not map them to its own.
#[derive(Clone, Debug, Default)]
pub struct Aliases {
    own: Vec<(String, AliasTarget)>,
    parent: Option<Arc<ParentAliases>>,
}

/// What the project that has the junction says about the aliases of the project behind it.
#[derive(Clone, Debug)]
pub(crate) struct ParentAliases {
    pub(crate) aliases: Aliases,
    pub(crate) mapped: MappedAliases,
    /// Whether aliases that are not mapped are refused.
    pub(crate) only_mapped: bool,
    /// The junction's full name.
    pub(crate) junction: String,
}

/// Why an alias cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AliasError {
    /// The junction maps it to an alias that its own project lacks. Reason `invalid-source-alias`, as BuildStream's.
    #[error(
        "the junction '{junction}' maps the alias '{alias}' to '{mapped}', which its project does not have"
    )]
    NotInParent {
        /// The junction.
        junction: String,
        /// The alias of the subproject.
        alias: String,
        /// The alias of the parent.
        mapped: String,
    },
    /// The junction does not map it, and its project permits only mapped ones. Reason `missing-alias-mapping`, as
    /// BuildStream's.
    #[error("the junction '{junction}' does not map the alias '{alias}', and its project disallows others")]
    NotMapped {
        /// The junction.
        junction: String,
        /// The alias of the subproject.
        alias: String,
    },
}

impl AliasError {
    /// A stable code.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotInParent { .. } => "invalid-source-alias",
            Self::NotMapped { .. } => "missing-alias-mapping",
        }
    }
}

impl Aliases {
    pub(super) fn new(own: Vec<(String, AliasTarget)>, parent: Option<Arc<ParentAliases>>) -> Self {
        Self { own, parent }
    }

    /// Replaces the parent's aliases, where there is a parent, by those with all of its settings.
    pub(crate) fn set_parent(&mut self, aliases: &Self) {
        if let Some(parent) = &mut self.parent {
            let parent = Arc::make_mut(parent);
            parent.aliases = aliases.clone();
        }
    }

    /// What an alias stands for; `None` when there is no such alias.
    ///
    /// # Errors
    /// When the parent's rules forbid it, or its own alias is missing.
    pub fn find(&self, alias: &str) -> Result<Option<AliasTarget>, AliasError> {
        let own = || self.own.iter().find(|(name, _)| name == alias).map(|(_, target)| target.clone());
        let Some(parent) = &self.parent else { return Ok(own()) };
        let (junction, alias) = (parent.junction.clone(), alias.to_owned());
        match parent.mapped.of_parent(&alias) {
            Some(mapped) => match parent.aliases.find(mapped)? {
                None => Err(AliasError::NotInParent { junction, mapped: mapped.to_owned(), alias }),
                target => Ok(target),
            },
            None if parent.only_mapped => Err(AliasError::NotMapped { junction, alias }),
            None => Ok(own()),
        }
    }
}

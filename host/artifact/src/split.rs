//! Split rules: which files of an artifact belong to which domains, and selecting files by domain.

use std::sync::Arc;

use spec_model::{DomainSelection, Globs, Mapping, NodeError};

use crate::public_data::{bst_data, globs_of};

/// The domains of an element: its public data's `bst: split-rules`.
#[derive(Clone, Debug, Default)]
pub struct SplitRules {
    domains: Arc<[(String, Globs)]>,
}

/// Decides for each file whether it is wanted.
#[derive(Clone, Debug)]
pub struct SplitFilter {
    domains: Arc<[(String, Globs)]>,
    roles: Vec<DomainRole>,
    orphans: bool,
}

/// The role of one domain in a [`DomainSelection`].
#[derive(Clone, Copy, Debug, Default)]
struct DomainRole {
    include: bool,
    exclude: bool,
}

impl SplitRules {
    /// Reads the rules in an element's public data. Without any, every file is an orphan.
    ///
    /// # Errors
    /// `invalid-data` when they are no lists, `invalid-glob` when a rule is no pattern; both with their place.
    pub fn from_public(public: &Mapping) -> Result<Self, NodeError> {
        let rules = bst_data(public)?.map(|bst| bst.opt_mapping("split-rules")).transpose()?.flatten();
        let entries = rules.iter().flat_map(|rules| &rules.entries);
        let domains =
            entries.map(|(domain, patterns)| Ok((domain.to_string(), globs_of(patterns.as_sequence()?)?)));
        Ok(Self { domains: domains.collect::<Result<_, NodeError>>()? })
    }

    /// The names of the domains, in the order of the rules.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(|(name, _)| name.as_str())
    }

    /// The filter for a selection.
    #[must_use]
    pub fn filter(&self, selection: &DomainSelection) -> SplitFilter {
        let all = selection.include.is_empty();
        let role = |domain: &String| DomainRole {
            include: all || selection.include.contains(domain),
            exclude: selection.exclude.contains(domain),
        };
        SplitFilter {
            roles: self.domains.iter().map(|(domain, _)| role(domain)).collect(),
            domains: self.domains.clone(),
            orphans: selection.orphans,
        }
    }
}

impl SplitFilter {
    /// Whether the file (or symbolic link) at `path`, relative to the artifact's root, is wanted.
    #[must_use]
    pub fn selects(&self, path: &str) -> bool {
        let absolute = crate::public_data::absolute(path);
        let matching =
            self.domains.iter().zip(&self.roles).filter(|((_, globs), _)| globs.matches(&absolute));
        let found = matching.map(|(_, role)| *role).reduce(DomainRole::or);
        found.map_or(self.orphans, |role| role.include && !role.exclude)
    }
}

impl DomainRole {
    fn or(self, other: Self) -> Self {
        Self { include: self.include || other.include, exclude: self.exclude || other.exclude }
    }
}

#[cfg(test)]
mod tests;

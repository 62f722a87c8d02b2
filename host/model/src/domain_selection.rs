//! Which files of artifacts are wanted.

use serde::{Deserialize, Serialize};

/// Which files of artifacts are wanted, by the domains of `split-rules`. By default, all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainSelection {
    /// Only files of these domains; of every domain when empty. Domains that an element does not have are ignored.
    pub include: Vec<String>,
    /// No files of these domains, even if another of their domains is included.
    pub exclude: Vec<String>,
    /// Whether files of no domain are wanted.
    pub orphans: bool,
}

impl Default for DomainSelection {
    fn default() -> Self {
        Self { include: Vec::new(), exclude: Vec::new(), orphans: true }
    }
}

//! The rights of the actions of clients of `serve`.

use std::ops::RangeInclusive;

use spec_execution::{AllowedIds, Rights};
use spec_model::{Mapping, NodeError};

use crate::values::number_ranges;

/// The rights of the actions of clients of `serve`: the section `serve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServeRights {
    /// The host's network.
    pub(crate) network: bool,
    /// Sockets of the server.
    pub(crate) sockets: bool,
    /// User numbers in addition to 0; `None` for all.
    pub(crate) users: Option<Vec<RangeInclusive<u32>>>,
    /// Group numbers in addition to 0; `None` for all.
    pub(crate) groups: Option<Vec<RangeInclusive<u32>>>,
}

impl Default for ServeRights {
    fn default() -> Self {
        Self { network: false, sockets: true, users: None, groups: None }
    }
}

impl ServeRights {
    /// Reads the section.
    ///
    /// # Errors
    /// When a key is unknown or a value is invalid.
    pub(super) fn of(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&["allow-network", "allow-sockets", "allow-users", "allow-groups"])?;
        let usual = Self::default();
        let numbers = |key: &str| match section.get(key) {
            Some(node) => number_ranges(node.as_str()?).map_err(|expected| node.expected(&expected)),
            None => Ok(None),
        };
        Ok(Self {
            network: section.bool_or("allow-network", usual.network)?,
            sockets: section.bool_or("allow-sockets", usual.sockets)?,
            users: numbers("allow-users")?,
            groups: numbers("allow-groups")?,
        })
    }

    /// The rights of clients' actions.
    pub(crate) fn rights(&self) -> Rights {
        let numbers = |some: &Option<Vec<_>>| some.clone().map_or_else(AllowedIds::all, AllowedIds::zero_and);
        let (users, groups) = (numbers(&self.users), numbers(&self.groups));
        Rights { network: self.network, sockets: self.sockets, users, groups, ..Rights::of_clients() }
    }
}

//! What the actions of clients of `serve` may have.

use std::ops::RangeInclusive;

use spec_execution::{AllowedIds, Rights};
use spec_model::{Mapping, NodeError};

/// What the actions of clients of `serve` may have: the section `serve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServeRights {
    /// The host's network.
    pub(crate) network: bool,
    /// Sockets of the server.
    pub(crate) sockets: bool,
    /// User numbers beside 0; `None` for all.
    pub(crate) users: Option<Vec<RangeInclusive<u32>>>,
    /// Group numbers beside 0; `None` for all.
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
    /// When a key is not known or a value is none.
    pub(super) fn of(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&["allow-network", "allow-sockets", "allow-users", "allow-groups"])?;
        let usual = Self::default();
        let numbers = |key: &str| match section.get(key) {
            Some(node) => numbers_of(node.as_str()?).map_err(|expected| node.expected(&expected)),
            None => Ok(None),
        };
        Ok(Self {
            network: section.bool_or("allow-network", usual.network)?,
            sockets: section.bool_or("allow-sockets", usual.sockets)?,
            users: numbers("allow-users")?,
            groups: numbers("allow-groups")?,
        })
    }

    /// As rights.
    pub(crate) fn rights(&self) -> Rights {
        let numbers = |some: &Option<Vec<_>>| some.clone().map_or_else(AllowedIds::all, AllowedIds::zero_and);
        let (users, groups) = (numbers(&self.users), numbers(&self.groups));
        Rights { network: self.network, sockets: self.sockets, users, groups, ..Rights::of_clients() }
    }
}

/// Reads `all` (`None`), or numbers and ranges such as `0,1000-1999`.
///
/// # Errors
/// What was expected.
pub(crate) fn numbers_of(text: &str) -> Result<Option<Vec<RangeInclusive<u32>>>, String> {
    if text == "all" {
        return Ok(None);
    }
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(first..=last)
    };
    let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
    ranges.map(Some).ok_or_else(|| "all, or numbers and ranges such as 0,1000-1999".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_single_or_ranges() {
        assert_eq!(numbers_of("all"), Ok(None));
        assert_eq!(numbers_of("0"), Ok(Some(vec![0..=0])));
        assert_eq!(numbers_of("0, 1000-1999"), Ok(Some(vec![0..=0, 1000..=1999])));
        for bad in ["", "x", "1-", "-1", "5-4", "1,,2", "4294967296", "1-2-3"] {
            assert!(numbers_of(bad).is_err(), "{bad}");
        }
    }
}

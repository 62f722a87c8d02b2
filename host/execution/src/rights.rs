//! What the actions of a session may have.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use spec_model::{Action, Digest, Platform};

use crate::outcome::{ActionError, MissingRight};

/// What the actions of a session may have at most: those of a sandbox's socket what the sandbox has itself, those of a
/// server's clients what its settings allow.
///
/// Rights only ever say yes or no. What an action gets follows from the action itself and from the numbers that the
/// session gives to those that name none; results are kept, and executions joined, under both. So whoever may have an
/// action could have had it executed with the same effect, and it does not matter whose execution is joined, or whose
/// result is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The host's network (`network`).
    pub network: bool,
    /// User numbers (`unixUID`).
    pub users: AllowedIds,
    /// Group numbers (`unixGID`).
    pub groups: AllowedIds,
    /// A socket of the session (`remoteApisSocketPath`).
    pub sockets: bool,
    /// The longest time that actions may ask for; without one it is up to who executes.
    pub timeout: Option<Duration>,
    /// Whether results of actions that are not in the store, so that it cannot be told what they ask for, are given and
    /// taken all the same.
    pub unseen_results: bool,
}

impl Rights {
    /// Those of actions that come from a sandbox which has, or has not, the network, and runs under these numbers.
    #[must_use]
    pub fn of_sandbox(network: bool, user: u32, group: u32) -> Self {
        let (users, groups) = (AllowedIds::only(user), AllowedIds::only(group));
        Self { network, users, groups, sockets: true, timeout: None, unseen_results: false }
    }

    /// Those of a server's clients: everything but the network.
    #[must_use]
    pub fn of_clients() -> Self {
        let (users, groups) = (AllowedIds::all(), AllowedIds::all());
        Self { network: false, users, groups, sockets: true, timeout: None, unseen_results: true }
    }

    /// Looks whether an action may be had that asks for this.
    ///
    /// # Errors
    /// [`ActionError::MissingRights`]
    pub(crate) fn grant(
        &self,
        action: &Digest,
        asked: &RequestedRights,
    ) -> Result<GrantedAction, ActionError> {
        let missing: Vec<MissingRight> = asked.rights.iter().filter_map(|right| self.excess(right)).collect();
        if !missing.is_empty() {
            return Err(ActionError::MissingRights { missing });
        }
        let names = |property: fn(&RequestedRight) -> bool| asked.rights.iter().any(property);
        let fill = |named: bool, numbers: &AllowedIds| if named { AllowedIds::DEFAULT } else { numbers.own };
        Ok(GrantedAction {
            action: *action,
            user: fill(names(|right| matches!(right, RequestedRight::User(_))), &self.users),
            group: fill(names(|right| matches!(right, RequestedRight::Group(_))), &self.groups),
        })
    }

    fn excess(&self, right: &RequestedRight) -> Option<MissingRight> {
        let (name, asked, has) = match right {
            RequestedRight::Network if !self.network => ("network", "on".to_owned(), "off".to_owned()),
            RequestedRight::User(number) if !self.users.allow(*number) => {
                ("unixUID", number.to_string(), self.users.to_string())
            }
            RequestedRight::Group(number) if !self.groups.allow(*number) => {
                ("unixGID", number.to_string(), self.groups.to_string())
            }
            RequestedRight::Socket(path) if !self.sockets => {
                (Platform::REMOTE_APIS_SOCKET_PATH, path.clone(), "no sockets for actions".to_owned())
            }
            RequestedRight::Time(time) => {
                let most = self.timeout.filter(|most| time > most)?;
                ("timeout", format!("{time:?}"), format!("{most:?}"))
            }
            _ => return None,
        };
        Some(MissingRight { name, asked, has })
    }
}

/// User or group numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedIds {
    /// What actions have that name none.
    own: u32,
    others: Vec<RangeInclusive<u32>>,
}

impl AllowedIds {
    /// What actions have that name none, where sessions do not say otherwise.
    const DEFAULT: u32 = 0;

    /// Only this one, also for those that name none.
    #[must_use]
    pub fn only(own: u32) -> Self {
        Self { own, others: Vec::new() }
    }

    /// 0 for those that name none, and these.
    #[must_use]
    pub fn zero_and(others: Vec<RangeInclusive<u32>>) -> Self {
        Self { own: Self::DEFAULT, others }
    }

    /// All that there are.
    #[must_use]
    pub fn all() -> Self {
        Self::zero_and(vec![0..=u32::MAX])
    }

    fn allow(&self, number: u32) -> bool {
        number == self.own || self.others.iter().any(|range| range.contains(&number))
    }
}

impl fmt::Display for AllowedIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.own)?;
        self.others.iter().try_for_each(|range| match range.start() == range.end() {
            true => write!(f, ",{}", range.start()),
            false => write!(f, ",{}-{}", range.start(), range.end()),
        })
    }
}

/// An action that a session may have, with what the session adds to it. Only [`Rights`] make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedAction {
    action: Digest,
    /// For actions that name none; [`AllowedIds::DEFAULT`] for those that do.
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl GrantedAction {
    /// An action of which nothing is known, as only servers answer with results of such.
    pub(crate) fn unseen(action: &Digest) -> Self {
        Self { action: *action, user: AllowedIds::DEFAULT, group: AllowedIds::DEFAULT }
    }

    /// Of the encoded action.
    #[must_use]
    pub fn action(&self) -> Digest {
        self.action
    }

    /// What results are kept and executions joined under: the action, unless the session gives it numbers of its own.
    #[must_use]
    pub fn key(&self) -> Digest {
        match (self.user, self.group) {
            (AllowedIds::DEFAULT, AllowedIds::DEFAULT) => self.action,
            (user, group) => {
                let text = format!("{} as unixUID={user} unixGID={group}", self.action);
                Digest::of(text.as_bytes())
            }
        }
    }
}

/// What an action asks for that sessions may not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestedRights {
    rights: Vec<RequestedRight>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RequestedRight {
    Network,
    User(u32),
    Group(u32),
    Socket(String),
    Time(Duration),
}

impl RequestedRights {
    /// What an action asks for whose platform, be it its own or its command's, is this. What no executor understands is
    /// nothing that it could get.
    pub(crate) fn of(action: &Action, platform: Option<&Platform>) -> Self {
        let properties = platform.iter().flat_map(|platform| &platform.properties);
        let rights = properties.filter_map(|(name, value)| match name.as_str() {
            "network" => (value == "on").then_some(RequestedRight::Network),
            "unixUID" => value.parse().ok().map(RequestedRight::User),
            "unixGID" => value.parse().ok().map(RequestedRight::Group),
            Platform::REMOTE_APIS_SOCKET_PATH => {
                Some(RequestedRight::Socket(value.chars().take(200).collect()))
            }
            _ => None,
        });
        Self { rights: rights.chain(action.timeout.map(RequestedRight::Time)).collect() }
    }
}

#[cfg(test)]
mod tests;

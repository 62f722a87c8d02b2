//! What an action may demand of its worker.

use spec_action::path;
use spec_model::{Digest, Platform};

use crate::outcome::ActionError;
use crate::platform::{OS_FAMILY, isa};

/// Bytes of a path in `sockaddr_un`, without the zero at its end.
const LONGEST_SOCKET: usize = 107;

/// The demands of an action, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlatformRequirements {
    /// The tree that the input root is laid over (`chrootRootDigest`).
    pub(crate) chroot: Option<Digest>,
    /// User number inside (`unixUID`).
    pub(crate) uid: Option<u32>,
    /// Group number inside (`unixGID`).
    pub(crate) gid: Option<u32>,
    /// The host's network (`network`).
    pub(crate) network: bool,
    /// Where the socket of this session is wanted inside (`remoteApisSocketPath`): an absolute path.
    pub(crate) socket: Option<String>,
}

impl PlatformRequirements {
    /// Reads the properties of a platform.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] for unknown properties, bad values, and properties given twice;
    /// [`ActionError::NoWorker`] for another system or processor.
    pub(crate) fn of(platform: &Platform) -> Result<Self, ActionError> {
        let mut requirements = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &platform.properties {
            if seen.contains(&name.as_str()) {
                return Err(bad(name, value, "to be given once"));
            }
            seen.push(name);
            requirements.take(name, value)?;
        }
        Ok(requirements)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), ActionError> {
        match name {
            Platform::CHROOT_ROOT_DIGEST => {
                let digest = value.parse().map_err(|_| bad(name, value, "HASH/SIZE of a Directory"))?;
                self.chroot = Some(digest);
            }
            "OSFamily" => same(name, value, OS_FAMILY, value.eq_ignore_ascii_case(OS_FAMILY))?,
            "ISA" => same(name, value, isa(), value == isa())?,
            "unixUID" => self.uid = Some(number(name, value)?),
            "unixGID" => self.gid = Some(number(name, value)?),
            "network" => {
                self.network = match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(bad(name, value, "on or off")),
                }
            }
            Platform::REMOTE_APIS_SOCKET_PATH => self.socket = Some(socket(name, value)?),
            _ => {
                let what = format!(
                    "the platform property '{name}' is unknown; known are chrootRootDigest, OSFamily, ISA, \
                     unixUID, unixGID, network and remoteApisSocketPath"
                );
                return Err(ActionError::Invalid { what });
            }
        }
        Ok(())
    }
}

/// Where a socket can be: programs name it in an address, and what is mounted over the root has no room for it.
fn socket(name: &str, value: &str) -> Result<String, ActionError> {
    let inside = path::check_relative(name, value.trim_start_matches('/'))?;
    if inside.is_empty() {
        return Err(bad(name, value, "the path of a socket in the root"));
    }
    let socket = format!("/{inside}");
    if socket.len() > LONGEST_SOCKET {
        return Err(bad(name, value, "at most 107 bytes, as addresses of sockets have"));
    }
    match inside.split('/').next() {
        Some("proc" | "dev") => Err(bad(name, value, "a path that is not below /proc or /dev")),
        _ => Ok(socket),
    }
}

fn same(name: &str, value: &str, has: &str, same: bool) -> Result<(), ActionError> {
    match same {
        true => Ok(()),
        false => {
            Err(ActionError::NoWorker { name: name.to_owned(), value: value.to_owned(), has: has.to_owned() })
        }
    }
}

fn number(name: &str, value: &str) -> Result<u32, ActionError> {
    // The highest number stands for "none" in system calls.
    let number = value.parse().ok().filter(|number| *number != u32::MAX);
    number.ok_or_else(|| bad(name, value, "a number below 4294967295"))
}

fn bad(name: &str, value: &str, expected: &str) -> ActionError {
    let shown: String = value.chars().take(200).collect();
    ActionError::invalid(format!("the platform property {name}={shown}: expected {expected}"))
}

#[cfg(test)]
mod tests;

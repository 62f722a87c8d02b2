//! The sections `remote-execution:` and `execution:`.

use spec_model::{Mapping, NodeError};
use spec_remote::RemoteOptions;
use spec_remote_execution::ClusterOptions;

use super::numbers;

/// The section `execution:`: what is executed where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExecutionSettings {
    /// Whether the cluster executes actions.
    pub(crate) remote_actions: bool,
    /// Whether this machine executes what the cluster does not.
    pub(crate) local_fallback: bool,
    /// How many actions the cluster is given at a time.
    pub(crate) slots: usize,
}

impl Default for ExecutionSettings {
    fn default() -> Self {
        Self { remote_actions: true, local_fallback: true, slots: 64 }
    }
}

impl ExecutionSettings {
    /// Reads the section.
    ///
    /// # Errors
    /// When a key is unknown or a value wrong.
    pub(super) fn of(section: &Mapping) -> Result<Self, NodeError> {
        section.validate_keys(&["actions", "elements", "local-fallback", "slots"])?;
        let mut settings = Self::default();
        for key in ["actions", "elements"] {
            let is_remote = match section.get(key).map(|node| Ok((node, node.as_str()?))).transpose()? {
                Some((_, "remote")) => true,
                Some((_, "local")) => false,
                Some((node, _)) => return Err(node.expected("one of remote, local")),
                None => key == "actions",
            };
            if key == "actions" {
                settings.remote_actions = is_remote;
            }
        }
        settings.local_fallback = section.bool_or("local-fallback", true)?;
        let mut slots = 64;
        numbers::take(section, "slots", 1, &mut slots)?;
        settings.slots = slots as usize;
        Ok(settings)
    }
}

/// Reads the section `remote-execution:`.
///
/// # Errors
/// When a key is unknown or a value wrong.
pub(super) fn cluster(section: &Mapping) -> Result<ClusterOptions, NodeError> {
    section.validate_keys(&["execution-service", "storage-service", "action-cache-service"])?;
    let service = |name: &str| section.opt_mapping(name)?.map(remote).transpose();
    let execution = remote(section.require("execution-service")?.as_mapping()?)?;
    let storage = service("storage-service")?.unwrap_or_else(|| execution.clone());
    Ok(ClusterOptions { action_cache: service("action-cache-service")?, storage, execution })
}

/// How to reach one server.
fn remote(section: &Mapping) -> Result<RemoteOptions, NodeError> {
    section.validate_keys(&["url", "instance-name"])?;
    let url = section.require("url")?;
    let address = url
        .as_str()?
        .parse()
        .map_err(|_| url.expected("http://HOST:PORT, https://HOST:PORT or unix:PATH"))?;
    let mut options = RemoteOptions::new(address);
    options.instance = section.opt_str("instance-name")?.unwrap_or_default().to_owned();
    Ok(options)
}

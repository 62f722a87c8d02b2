//! The settings of an element's sandbox.

use std::collections::BTreeMap;

use spec_model::{Mapping, NodeError, Value};

use crate::platform;

/// The settings of an element's sandbox (BuildStream's `SandboxConfig`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandboxConfig {
    /// The system to build on, such as `linux`.
    pub build_os: String,
    /// The architecture to build on, by its canonical name such as `x86-64`.
    pub build_arch: String,
    /// The user number of the commands.
    pub build_uid: Option<i64>,
    /// The group number of the commands.
    pub build_gid: Option<i64>,
    /// The socket at which the commands find remote execution.
    pub remote_apis_socket: Option<RemoteApisSocket>,
}

/// A socket for the Remote Execution API inside the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteApisSocket {
    /// Its path in the sandbox.
    pub path: String,
    /// Whether the commands may write to the action cache.
    pub action_cache_enable_update: bool,
}

impl SandboxConfig {
    /// Reads expanded settings; the system and architecture default to this machine's.
    pub(super) fn new(config: &Mapping) -> Result<Self, NodeError> {
        config.validate_keys(&["build-uid", "build-gid", "build-os", "build-arch", "remote-apis-socket"])?;
        let build_os = match config.opt_str("build-os")? {
            Some(name) if !name.is_empty() => name.to_lowercase(),
            _ => platform::host_os(),
        };
        let build_arch = match config.get("build-arch") {
            Some(node) if !node.as_str()?.is_empty() => platform::canonical_arch(node.as_str()?)
                .ok_or_else(|| node.expected("the name of a machine architecture"))?,
            _ => platform::host_arch(),
        };
        Ok(Self {
            build_os,
            build_arch: build_arch.to_owned(),
            build_uid: config.opt_int("build-uid")?,
            build_gid: config.opt_int("build-gid")?,
            remote_apis_socket: config
                .opt_mapping("remote-apis-socket")?
                .map(RemoteApisSocket::new)
                .transpose()?,
        })
    }

    /// Its contribution to keys; settings that are not set are left out.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = BTreeMap::from([
            ("build-os".to_owned(), Value::from(self.build_os.as_str())),
            ("build-arch".to_owned(), Value::from(self.build_arch.as_str())),
        ]);
        for (name, number) in [("build-uid", self.build_uid), ("build-gid", self.build_gid)] {
            map.extend(number.map(|number| (name.to_owned(), Value::Int(number))));
        }
        if let Some(socket) = &self.remote_apis_socket {
            map.insert("remote-apis-socket".to_owned(), socket.to_value());
        }
        Value::Map(map)
    }
}

impl RemoteApisSocket {
    fn new(config: &Mapping) -> Result<Self, NodeError> {
        config.validate_keys(&["path", "action-cache-enable-update"])?;
        Ok(Self {
            path: config.str("path")?.to_owned(),
            action_cache_enable_update: config.bool_or("action-cache-enable-update", false)?,
        })
    }

    fn to_value(&self) -> Value {
        let update =
            self.action_cache_enable_update.then_some(("action-cache-enable-update", Value::Bool(true)));
        Value::map([("path", Value::from(self.path.as_str()))].into_iter().chain(update))
    }
}

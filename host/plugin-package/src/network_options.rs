//! How components are fetched.

use std::path::PathBuf;

use spec_source::HttpOptions;

/// How components are fetched.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// Whether nothing may be fetched.
    pub offline: bool,
    /// Attempts, time-outs, proxies and passwords.
    pub http: HttpOptions,
    /// The file with the logins of registries (`~/.docker/config.json`), if one is to be used.
    pub registry_logins: Option<PathBuf>,
}

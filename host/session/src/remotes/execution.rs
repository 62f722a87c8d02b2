//! `remote-execution:` the servers of remote execution.

use spec_model::{Mapping, NodeError};

use super::auth::CredentialPaths;
use super::spec::{RemoteService, RemoteSpec};

/// The servers of remote execution. There is an execution service or an action cache, or both.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteExecutionSpec {
    /// Who executes; `None` for this machine, with a shared action cache.
    pub execution: Option<RemoteSpec>,
    /// Who holds the blobs; `None` for the `storage-service` of the section `cache`.
    pub storage: Option<RemoteSpec>,
    /// Who knows the results of actions; `None` for the server that executes.
    pub action_cache: Option<RemoteSpec>,
}

impl RemoteExecutionSpec {
    /// Reads the section. `has_storage` says whether the section `cache` has a `storage-service`.
    pub(super) fn from_node(
        section: &Mapping,
        has_storage: bool,
        paths: &CredentialPaths,
    ) -> Result<Self, NodeError> {
        section.validate_keys(&["execution-service", "storage-service", "action-cache-service"])?;
        let server = |key: &str, service| {
            let section = section.opt_mapping(key)?;
            section.map(|section| RemoteSpec::from_node(section, service, paths)).transpose()
        };
        let spec = Self {
            execution: server("execution-service", RemoteService::Execution)?,
            storage: server("storage-service", RemoteService::Execution)?,
            action_cache: server("action-cache-service", RemoteService::ActionCache)?,
        };
        let missing = |what: &str| NodeError::new("invalid-data", section.position.as_ref(), what);
        if spec.storage.is_none() && !has_storage {
            let what = "remote execution needs a 'storage-service', here or in the section 'cache'";
            return Err(missing(what));
        }
        if spec.execution.is_none() && spec.action_cache.is_none() {
            let what = "remote execution needs an 'execution-service' or an 'action-cache-service', or both";
            return Err(missing(what));
        }
        Ok(spec)
    }
}

//! The servers of the user configuration.

use std::collections::BTreeMap;

use spec_model::{Mapping, NodeError};

use super::auth::CredentialPaths;
use super::cache_servers::{CacheServers, CommandLineRemotes};
use super::execution::RemoteExecutionSpec;
use super::spec::{RemoteService, RemoteSpec, RemoteType};

/// The servers of the user configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserRemotes {
    /// `cache: storage-service`: who else holds the blobs of the cache.
    pub storage: Option<RemoteSpec>,
    /// Those for all projects.
    pub all: ProjectRemotes,
    /// Those of the section `projects`, by the project's name.
    pub projects: BTreeMap<String, ProjectRemotes>,
}

/// The servers of one project, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectRemotes {
    /// `artifacts:`
    pub artifacts: CacheServers,
    /// `source-caches:`
    pub sources: CacheServers,
    /// `remote-execution:`
    pub execution: Option<RemoteExecutionSpec>,
}

impl UserRemotes {
    /// Reads what a user configuration says of servers; other keys are not looked at.
    ///
    /// # Errors
    /// `invalid-data`, with their places.
    pub fn from_config(file: &Mapping, paths: &CredentialPaths) -> Result<Self, NodeError> {
        let storage = file.opt_mapping("cache")?.map(|cache| cache.opt_mapping("storage-service"));
        let storage = storage.transpose()?.flatten();
        let storage = storage.map(|section| RemoteSpec::from_node(section, RemoteService::Cache, paths));
        let storage = storage.transpose()?;
        let read = |section: &Mapping| ProjectRemotes::from_node(section, storage.is_some(), paths);
        let all = read(file)?;
        let mut projects = BTreeMap::new();
        for (name, node) in file.opt_mapping("projects")?.into_iter().flat_map(|all| &all.entries) {
            projects.insert(name.to_string(), read(node.as_mapping()?)?);
        }
        Ok(Self { storage, all, projects })
    }

    /// The servers of artifacts that count for a project, best first.
    #[must_use]
    pub fn artifact_servers(
        &self,
        project: &str,
        recommended: &[RemoteSpec],
        line: &CommandLineRemotes,
    ) -> Vec<RemoteSpec> {
        let of_project = self.projects.get(project).map(|own| &own.artifacts);
        self.with_storage(self.all.artifacts.choose(of_project, recommended, line))
    }

    /// The servers of sources that count for a project, best first.
    #[must_use]
    pub fn source_servers(
        &self,
        project: &str,
        recommended: &[RemoteSpec],
        line: &CommandLineRemotes,
    ) -> Vec<RemoteSpec> {
        let of_project = self.projects.get(project).map(|own| &own.sources);
        self.with_storage(self.all.sources.choose(of_project, recommended, line))
    }

    /// The `storage-service` of the cache after these servers, as one that is only read: machines on which BuildStream uses it have
    /// put their blobs there.
    fn with_storage(&self, mut servers: Vec<RemoteSpec>) -> Vec<RemoteSpec> {
        let Some(storage) = &self.storage else { return servers };
        let is_it = |server: &RemoteSpec| server.kind.is_storage() && server.address == storage.address;
        if !servers.is_empty() && !servers.iter().any(is_it) {
            servers.push(RemoteSpec { kind: RemoteType::Storage, push: false, ..storage.clone() });
        }
        servers
    }

    /// The servers of remote execution for a session over a project.
    #[must_use]
    pub fn execution_servers(&self, project: &str) -> Option<&RemoteExecutionSpec> {
        let of_project = self.projects.get(project).and_then(|own| own.execution.as_ref());
        of_project.or(self.all.execution.as_ref())
    }
}

impl ProjectRemotes {
    fn from_node(section: &Mapping, has_storage: bool, paths: &CredentialPaths) -> Result<Self, NodeError> {
        let servers = |key: &str| {
            let section = section.opt_mapping(key)?;
            Ok(section
                .map(|section| CacheServers::from_node(section, paths))
                .transpose()?
                .unwrap_or_default())
        };
        let execution = section.opt_mapping("remote-execution")?;
        let execution = execution.map(|own| RemoteExecutionSpec::from_node(own, has_storage, paths));
        Ok(Self {
            artifacts: servers("artifacts")?,
            sources: servers("source-caches")?,
            execution: execution.transpose()?,
        })
    }
}

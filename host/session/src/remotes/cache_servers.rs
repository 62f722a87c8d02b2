//! The servers of shared caches, and which of them count.

use std::path::Path;

use spec_model::{Mapping, Node, NodeError};

use super::auth::CredentialPaths;
use super::spec::{RemoteService, RemoteSpec};

/// `artifacts:` or `source-caches:` of the user configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheServers {
    /// Whether the servers that projects recommend are not used.
    pub override_projects: bool,
    /// The servers, best first.
    pub servers: Vec<RemoteSpec>,
}

/// What one command says of the servers of artifacts, or of sources.
#[derive(Clone, Debug, Default)]
pub struct CommandLineRemotes {
    /// The servers of the command line.
    pub servers: Vec<RemoteSpec>,
    /// Whether the servers that projects recommend are not used.
    pub ignore_project: bool,
}

impl CacheServers {
    /// Reads the section.
    pub(super) fn from_node(section: &Mapping, paths: &CredentialPaths) -> Result<Self, NodeError> {
        section.validate_keys(&["override-project-caches", "servers"])?;
        Ok(Self {
            override_projects: section.bool_or("override-project-caches", false)?,
            servers: servers(section.sequence_or_empty("servers")?, paths)?,
        })
    }

    /// The servers that count for a project, best first: those of the command line, or else those for the project, or else
    /// those for all; then those that the project recommends, unless somebody says no.
    pub(super) fn choose(
        &self,
        of_project: Option<&Self>,
        recommended: &[RemoteSpec],
        line: &CommandLineRemotes,
    ) -> Vec<RemoteSpec> {
        let of_project_servers = of_project.map(|own| own.servers.as_slice()).unwrap_or_default();
        let lists = [line.servers.as_slice(), of_project_servers, self.servers.as_slice()];
        let own = lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default();
        let overridden = of_project.is_some_and(|own| own.override_projects) || self.override_projects;
        let recommended = if line.ignore_project || overridden { &[] } else { recommended };
        let mut chosen: Vec<RemoteSpec> = Vec::new();
        for server in own.iter().chain(recommended) {
            if !chosen.contains(server) {
                chosen.push(server.clone());
            }
        }
        chosen
    }
}

/// The servers that a project recommends: `artifacts` or `source-caches` of project.conf.
///
/// # Errors
/// `invalid-data`, with their places.
pub fn recommended(nodes: &[Node], project: &Path, home: &Path) -> Result<Vec<RemoteSpec>, NodeError> {
    servers(nodes, &CredentialPaths { base: project.to_owned(), home: home.to_owned() })
}

fn servers(nodes: &[Node], paths: &CredentialPaths) -> Result<Vec<RemoteSpec>, NodeError> {
    nodes.iter().map(|node| RemoteSpec::from_node(node.as_mapping()?, RemoteService::Cache, paths)).collect()
}

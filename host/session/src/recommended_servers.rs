//! The servers of shared caches that the projects of a session recommend.

use std::path::Path;

use spec_model::{Node, NodeError};
use spec_project::{Project, ProjectConfig};

use crate::error::Result;
use crate::remotes::{self, RemoteSpec};

/// What counts as recommended for the elements of one project, best first.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecommendedServers {
    pub(crate) artifacts: Vec<RemoteSpec>,
    pub(crate) sources: Vec<RemoteSpec>,
}

impl RecommendedServers {
    /// Those of the top-level project, then those of the projects behind junctions: what the projects above one recommend counts
    /// for it, too, and comes first.
    ///
    /// # Errors
    /// `invalid-data`, with its place.
    pub(crate) fn of_projects(project: &Project, home: &Path) -> Result<Vec<Self>> {
        let mut all = vec![Self::own(&project.config, home)?];
        for subproject in &project.subprojects {
            let mut servers: Self = all[subproject.parent.map_or(0, |parent| parent + 1)].clone();
            let own = Self::own(&subproject.config, home)?;
            servers.artifacts.extend(own.artifacts.into_iter().filter(needs_no_secret));
            servers.sources.extend(own.sources.into_iter().filter(needs_no_secret));
            all.push(servers);
        }
        Ok(all)
    }

    fn own(config: &ProjectConfig, home: &Path) -> Result<Self, NodeError> {
        let read = |nodes: &[Node]| remotes::recommended(nodes, &config.directory, home);
        Ok(Self { artifacts: read(&config.artifact_servers)?, sources: read(&config.source_servers)? })
    }
}

/// Whether a server gets no key and no token. Others wrote what is behind a junction, and it may name files of the user: none of these
/// is sent to a server that they choose.
fn needs_no_secret(server: &RemoteSpec) -> bool {
    server.auth.client.is_none() && server.auth.access_token.is_none()
}

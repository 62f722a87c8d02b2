//! One server: BuildStream's `RemoteSpec`.

use spec_model::{FilePosition, Mapping, Node, NodeError};
use spec_remote::Address;

use super::auth::{CredentialPaths, RemoteAuth};
use super::connection_config::ConnectionConfig;

/// What a server of a shared cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoteType {
    /// What the keys of artifacts and sources stand for.
    Index,
    /// Blobs.
    Storage,
    /// Both.
    #[default]
    All,
    /// Neither: a service of remote execution. BuildStream takes the word for caches too, where it says nothing.
    Endpoint,
}

impl RemoteType {
    const NAMES: [(&'static str, Self); 4] = [
        ("index", Self::Index),
        ("storage", Self::Storage),
        ("all", Self::All),
        ("endpoint", Self::Endpoint),
    ];

    /// The type of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Whether it says what keys stand for.
    #[must_use]
    pub fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::All)
    }

    /// Whether it holds blobs.
    #[must_use]
    pub fn is_storage(self) -> bool {
        matches!(self, Self::Storage | Self::All)
    }
}

/// What a server is configured for; it decides which keys there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteService {
    /// A shared cache: has `type` and `push`.
    Cache,
    /// The action cache of remote execution: has `push`.
    ActionCache,
    /// Another service of remote execution.
    Execution,
}

/// One server, as it is configured. Two are equal if they say the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct RemoteSpec {
    /// Where it is.
    pub address: Address,
    /// The instance name in every request; usually the empty one.
    pub instance: String,
    /// What it holds.
    pub kind: RemoteType,
    /// Whether we may change it.
    pub push: bool,
    /// The credentials.
    pub auth: RemoteAuth,
    /// How patient the connection is.
    pub connection: ConnectionConfig,
    /// Where it is configured; `None` for the command line.
    pub position: Option<FilePosition>,
}

impl PartialEq for RemoteSpec {
    fn eq(&self, other: &Self) -> bool {
        (&self.address, &self.instance, self.kind, self.push, &self.auth, self.connection)
            == (&other.address, &other.instance, other.kind, other.push, &other.auth, other.connection)
    }
}

impl RemoteSpec {
    /// Reads the section of one server.
    ///
    /// # Errors
    /// `invalid-data`, with their places.
    pub fn from_node(
        section: &Mapping,
        service: RemoteService,
        paths: &CredentialPaths,
    ) -> Result<Self, NodeError> {
        let mut known = vec!["url", "instance-name", "auth", "connection-config"];
        known.extend((service == RemoteService::Cache).then_some("type"));
        known.extend((service != RemoteService::Execution).then_some("push"));
        section.validate_keys(&known)?;
        let kind = match (service, section.get("type")) {
            (RemoteService::Cache, None) => RemoteType::All,
            (RemoteService::Cache, Some(node)) => kind(node)?,
            _ => RemoteType::Endpoint,
        };
        let auth = section.opt_mapping("auth")?.map(|auth| RemoteAuth::from_node(auth, paths));
        let connection = section.opt_mapping("connection-config")?.map(ConnectionConfig::from_node);
        Ok(Self {
            address: address(section.require("url")?)?,
            instance: section.opt_str("instance-name")?.unwrap_or_default().to_owned(),
            kind,
            push: section.bool_or("push", false)?,
            auth: auth.transpose()?.unwrap_or_default(),
            connection: connection.transpose()?.unwrap_or_default(),
            position: section.position.clone(),
        })
    }
}

fn kind(node: &Node) -> Result<RemoteType, NodeError> {
    let kind = RemoteType::named(node.as_str()?);
    kind.ok_or_else(|| node.expected("one of index, storage, all"))
}

fn address(node: &Node) -> Result<Address, NodeError> {
    let expected = "the URL of a server such as https://HOST:PORT, http://HOST:PORT or unix:PATH";
    node.as_str()?.parse().map_err(|_| node.expected(expected))
}

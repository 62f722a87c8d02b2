//! `auth`: the files with the credentials of a server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use spec_model::{FilePosition, Mapping, Node, NodeError};

const MINUTE: u64 = 60;

/// From where names of files with credentials are resolved.
#[derive(Clone, Debug, Default)]
pub struct CredentialPaths {
    /// The folder that relative names start from; empty for the working directory. BuildStream takes the project's folder
    /// for project.conf, and the working directory for the user configuration and the command line.
    pub base: PathBuf,
    /// The folder that `~` stands for.
    pub home: PathBuf,
}

impl CredentialPaths {
    pub(super) fn resolve(&self, name: &str) -> PathBuf {
        match name.strip_prefix('~') {
            Some("") => self.home.clone(),
            Some(below) if below.starts_with('/') => self.home.join(below.trim_start_matches('/')),
            _ => self.base.join(name),
        }
    }
}

/// A file with a credential, and where it is named.
#[derive(Clone, Debug)]
pub struct CredentialFile {
    /// Where the file is.
    pub path: PathBuf,
    /// Where it is named; `None` for the command line.
    pub position: Option<FilePosition>,
}

impl PartialEq for CredentialFile {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

/// The client's certificate and its private key, for mutual TLS.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientCredential {
    /// The certificate, in PEM form.
    pub certificate: CredentialFile,
    /// The private key, in PEM form.
    pub key: CredentialFile,
}

/// The credentials of one server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RemoteAuth {
    /// Who vouches for the server, in PEM form; `None` for those that the system trusts.
    pub server_certificate: Option<CredentialFile>,
    /// Who we are.
    pub client: Option<ClientCredential>,
    /// The bearer token.
    pub access_token: Option<CredentialFile>,
    /// How often the token is read again; `None` for the default.
    pub token_reload_interval: Option<Duration>,
}

impl RemoteAuth {
    /// Reads the section.
    pub(super) fn from_node(section: &Mapping, paths: &CredentialPaths) -> Result<Self, NodeError> {
        section.validate_keys(&[
            "server-cert",
            "client-key",
            "client-cert",
            "access-token",
            "access-token-reload-interval",
        ])?;
        let file = |key: &str| section.get(key).map(|node| credential(node, paths)).transpose();
        let file = |key: &str| file(key).map(Option::flatten);
        let client = match (file("client-cert")?, file("client-key")?) {
            (Some(certificate), Some(key)) => Some(ClientCredential { certificate, key }),
            (None, None) => None,
            (Some(given), None) => return Err(alone(&given, "client-cert", "client-key")),
            (None, Some(given)) => return Err(alone(&given, "client-key", "client-cert")),
        };
        Ok(Self {
            server_certificate: file("server-cert")?,
            client,
            access_token: file("access-token")?,
            token_reload_interval: section
                .get("access-token-reload-interval")
                .map(|node| minutes(node).map(|minutes| Duration::from_secs(minutes * MINUTE)))
                .transpose()?,
        })
    }
}

/// An empty name is none, as for BuildStream.
fn credential(node: &Node, paths: &CredentialPaths) -> Result<Option<CredentialFile>, NodeError> {
    let name = node.as_str()?;
    let file = || CredentialFile { path: paths.resolve(name), position: node.position.clone() };
    Ok((!name.is_empty()).then(file))
}

fn alone(given: &CredentialFile, there: &str, missing: &str) -> NodeError {
    NodeError::new("invalid-data", given.position.as_ref(), format!("'{there}' is given without '{missing}'"))
}

fn minutes(node: &Node) -> Result<u64, NodeError> {
    let most = u64::MAX / MINUTE;
    let minutes = u64::try_from(node.as_int()?).ok().filter(|minutes| (1..=most).contains(minutes));
    minutes.ok_or_else(|| node.expected("a whole number of minutes, at least 1"))
}

/// The file that the command line names, relative to the working directory.
pub(super) fn named(name: &str, home: &Path) -> CredentialFile {
    let paths = CredentialPaths { base: PathBuf::new(), home: home.to_owned() };
    CredentialFile { path: paths.resolve(name), position: None }
}

//! A server as the command line has it: a URL, or `url=URL,type=TYPE,...`.

use std::path::Path;

use super::auth::{ClientCredential, RemoteAuth, named};
use super::connection_config::ConnectionConfig;
use super::spec::{RemoteSpec, RemoteType};

/// What the command does with a server; it decides whether `push` may be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemotePurpose {
    /// Pulls and pushes.
    All,
    /// Only pushes.
    Push,
    /// Only pulls.
    Pull,
}

impl RemoteSpec {
    /// Reads a server of the command line. Files are relative to the working directory, `~` stands for `home`.
    ///
    /// # Errors
    /// What is wrong with the text, as one line.
    pub fn from_text(text: &str, purpose: RemotePurpose, home: &Path) -> Result<Self, String> {
        // A URL alone has no key. A path of a socket may contain '='.
        let is_url = !text.contains(',') && !text.starts_with("url=");
        let pairs = match is_url {
            true => vec![("url", text)],
            false => text.split(',').map(|pair| split(pair, text)).collect::<Result<_, _>>()?,
        };
        Fields::of(&pairs, purpose)?.spec(home)
    }
}

fn split<'a>(pair: &'a str, text: &str) -> Result<(&'a str, &'a str), String> {
    let parts = pair.split_once('=').filter(|(_, value)| !value.contains('='));
    parts.ok_or_else(|| format!("'{pair}' of '{text}' is not KEY=VALUE"))
}

/// The values of the keys; the last of several counts.
#[derive(Default)]
struct Fields<'a> {
    url: Option<&'a str>,
    instance: &'a str,
    kind: RemoteType,
    push: bool,
    server_cert: Option<&'a str>,
    client_cert: Option<&'a str>,
    client_key: Option<&'a str>,
    access_token: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(pairs: &[(&'a str, &'a str)], purpose: RemotePurpose) -> Result<Self, String> {
        let mut fields = Self { push: purpose != RemotePurpose::Pull, ..Self::default() };
        for &(key, value) in pairs {
            match key {
                "url" => fields.url = Some(value),
                "instance-name" => fields.instance = value,
                "type" => fields.kind = kind(value)?,
                "push" => fields.push = push(value, purpose, fields.push)?,
                "server-cert" => fields.server_cert = Some(value),
                "client-cert" => fields.client_cert = Some(value),
                "client-key" => fields.client_key = Some(value),
                "access-token" => fields.access_token = Some(value),
                _ => return Err(format!("unexpected key '{key}'; expected one of {KEYS}")),
            }
        }
        Ok(fields)
    }

    fn spec(self, home: &Path) -> Result<RemoteSpec, String> {
        let url = self.url.filter(|url| !url.is_empty()).ok_or("the server has no URL")?;
        let file = |name: Option<&str>| name.filter(|name| !name.is_empty()).map(|name| named(name, home));
        let client = match (file(self.client_cert), file(self.client_key)) {
            (Some(certificate), Some(key)) => Some(ClientCredential { certificate, key }),
            (None, None) => None,
            (Some(_), None) => return Err("'client-cert' is given without 'client-key'".to_owned()),
            (None, Some(_)) => return Err("'client-key' is given without 'client-cert'".to_owned()),
        };
        Ok(RemoteSpec {
            address: url.parse().map_err(|error: spec_remote::RemoteError| error.to_string())?,
            instance: self.instance.to_owned(),
            kind: self.kind,
            push: self.push,
            auth: RemoteAuth {
                server_certificate: file(self.server_cert),
                client,
                access_token: file(self.access_token),
                token_reload_interval: None,
            },
            connection: ConnectionConfig::default(),
            position: None,
        })
    }
}

const KEYS: &str = "url, instance-name, type, push, server-cert, client-cert, client-key, access-token";

fn kind(value: &str) -> Result<RemoteType, String> {
    let kind = RemoteType::named(value).filter(|kind| *kind != RemoteType::Endpoint);
    kind.ok_or_else(|| format!("'{value}' is no type of a server; expected one of index, storage, all"))
}

fn push(value: &str, purpose: RemotePurpose, usual: bool) -> Result<bool, String> {
    match value {
        _ if purpose != RemotePurpose::All => {
            Err(format!("'push' cannot be said here: this command takes it to be {usual}"))
        }
        "True" | "true" => Ok(true),
        "False" | "false" => Ok(false),
        _ => Err(format!("'push' is '{value}'; expected True or False")),
    }
}

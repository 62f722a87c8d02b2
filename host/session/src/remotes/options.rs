//! From a configured server to the options of a connection: the files with credentials are read and checked here.

use std::path::PathBuf;

use spec_cas::Limits;
use spec_model::{Blame, FilePosition, UserError};
use spec_remote::{RemoteOptions, Tls, Token, pem};

use super::auth::{ClientCredential, CredentialFile};
use super::spec::RemoteSpec;

/// Bytes of a file with a credential.
const LARGEST_FILE: u64 = 1 << 20;

/// A file with a credential that cannot be used. Reason `load-remote-creds-failed`, as BuildStream names it.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {} as the {what} of {server}: {why}", path.display())]
pub struct CredentialError {
    /// What it is to be: "server-cert", "client-key".
    what: &'static str,
    /// The file.
    path: PathBuf,
    /// The address of the server.
    server: String,
    /// What is wrong with it, and what was expected.
    why: String,
    /// Where it is named.
    position: Option<FilePosition>,
}

impl UserError for CredentialError {
    fn reason(&self) -> &str {
        "load-remote-creds-failed"
    }

    fn blame(&self) -> Blame {
        if self.position.is_some() { Blame::Project } else { Blame::Usage }
    }

    fn position(&self) -> Option<&FilePosition> {
        self.position.as_ref()
    }
}

impl RemoteSpec {
    /// The options to connect with. `limits` are those of trees that are received.
    ///
    /// # Errors
    /// When a file with a credential cannot be read, or is not in PEM form, or is no token.
    pub fn options(&self, limits: Limits) -> Result<RemoteOptions, CredentialError> {
        let mut options = RemoteOptions::new(self.address.clone());
        options.instance.clone_from(&self.instance);
        options.limits = limits;
        options.tls = self.tls()?;
        options.token = self.auth.access_token.as_ref().map(|file| self.token(file)).transpose()?;
        let connection = &self.connection;
        options.push = self.push;
        options.retries = connection.retry_limit.unwrap_or(options.retries);
        options.retry_delay = connection.retry_delay.unwrap_or(options.retry_delay);
        let keep_alive = connection.keepalive_time.filter(|time| !time.is_zero());
        options.keep_alive = keep_alive.unwrap_or(options.keep_alive);
        if let Some(timeout) = connection.request_timeout.filter(|timeout| !timeout.is_zero()) {
            options.request_timeout = timeout;
            options.heartbeat = options.heartbeat.min(timeout);
        }
        Ok(options)
    }

    fn tls(&self) -> Result<Tls, CredentialError> {
        let server = |file| self.checked(file, "server-cert", pem::check_authorities);
        let server_ca = self.auth.server_certificate.as_ref().map(server).transpose()?;
        let identity = self.auth.client.as_ref().map(|client| self.identity(client)).transpose()?;
        Ok(Tls { server_ca, identity })
    }

    fn identity(&self, client: &ClientCredential) -> Result<(String, String), CredentialError> {
        let certificate = self.checked(&client.certificate, "client-cert", pem::check_certificates)?;
        let key = self.checked(&client.key, "client-key", pem::check_key)?;
        let pair = pem::check_identity(&certificate, &key);
        pair.map_err(|why| self.error(&client.key, "client-key", why))?;
        Ok((certificate, key))
    }

    fn token(&self, file: &CredentialFile) -> Result<Token, CredentialError> {
        let check = |text: &str| match text.trim() {
            "" => Err("it is empty; expected a token".to_owned()),
            token if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err("it is no token; expected one line of printable characters".to_owned())
            }
            _ => Ok(()),
        };
        self.checked(file, "access-token", check)?;
        Ok(Token::File { path: file.path.clone(), reload: self.auth.token_reload_interval })
    }

    fn checked(
        &self,
        file: &CredentialFile,
        what: &'static str,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Result<String, CredentialError> {
        let text = spec_files::read_text(&file.path, LARGEST_FILE);
        let text = text.map_err(|error| self.error(file, what, error.to_string()))?;
        check(&text).map_err(|why| self.error(file, what, why))?;
        Ok(text)
    }

    fn error(&self, file: &CredentialFile, what: &'static str, why: String) -> CredentialError {
        let (path, position) = (file.path.clone(), file.position.clone());
        CredentialError { what, path, server: self.address.to_string(), why, position }
    }
}

//! The bearer token of a connection, which is read again from its file when that is due.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tonic::metadata::{Ascii, MetadataValue};

use crate::error::RemoteError;
use crate::options::{RemoteOptions, Token};

/// Bytes of the largest file that is read as a token.
const LONGEST: u64 = 64 << 10;

type Header = MetadataValue<Ascii>;

/// The token of a connection as the value of the header `authorization`.
pub(crate) struct BearerToken {
    token: Option<Token>,
    current: Mutex<CurrentToken>,
}

struct CurrentToken {
    header: Option<Header>,
    read: Instant,
}

impl BearerToken {
    /// Reads the token.
    ///
    /// # Errors
    /// `remote-bad-credentials` when the file cannot be read, or when it holds what cannot be a token.
    pub(crate) fn read(options: &RemoteOptions) -> Result<Self, RemoteError> {
        let header = options.token.as_ref().map(header_of).transpose().map_err(|why| {
            RemoteError::BadCredentials { address: options.address.to_string(), what: "token", why }
        })?;
        let current = Mutex::new(CurrentToken { header, read: Instant::now() });
        Ok(Self { token: options.token.clone(), current })
    }

    /// The header, if there is a token. A file that can no longer be read leaves the last token in use.
    pub(crate) fn header(&self) -> Option<Header> {
        let mut current = self.lock();
        if self.reload_interval().is_some_and(|interval| current.read.elapsed() >= interval) {
            self.read_again(&mut current);
        }
        current.header.clone()
    }

    /// Reads the file again because the server did not accept the token; whether it is another token now.
    pub(crate) fn replace(&self) -> bool {
        let mut current = self.lock();
        let before = current.header.clone();
        self.read_again(&mut current);
        current.header != before
    }

    fn read_again(&self, current: &mut CurrentToken) {
        current.read = Instant::now();
        if let Some(token @ Token::File { .. }) = &self.token
            && let Ok(header) = header_of(token)
        {
            current.header = Some(header);
        }
    }

    fn reload_interval(&self) -> Option<Duration> {
        match &self.token {
            Some(Token::File { reload, .. }) => *reload,
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, CurrentToken> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.token.is_some() { "BearerToken(set)" } else { "BearerToken(none)" })
    }
}

/// The header for a token, or what is wrong with the token. Neither text has the token in it.
fn header_of(token: &Token) -> Result<Header, String> {
    let text = match token {
        Token::Fixed(text) => text.clone(),
        Token::File { path, .. } => {
            let read = spec_files::read_text(path, LONGEST);
            read.map_err(|error| format!("cannot read {}: {error}", path.display()))?
        }
    };
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut header: Header = format!("Bearer {text}")
        .parse()
        .map_err(|_| "it contains characters that an HTTP header must not have".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests;

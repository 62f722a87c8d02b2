//! Addresses of repositories that are reached over ssh.

use crate::url::{is_short, percent_decoded};

/// A repository on a server that is reached over ssh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SshAddress {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    /// The path as the server's shell gets it: one that does not begin with a slash is relative to the user's folder there.
    path: String,
}

/// The schemes of URLs over ssh, as git has them.
const SCHEMES: [&str; 3] = ["ssh", "git+ssh", "ssh+git"];
/// The characters of users beside letters and digits. Those that mean something to a shell are not among them, because
/// configurations of ssh may pass users and hosts to one.
const USER: &str = "._-+=@%,~";
/// The characters of hosts beside letters and digits; the colon is that of addresses of IPv6.
const HOST: &str = "._-:%";

impl SshAddress {
    /// The address in a URL, or in git's short form `USER@HOST:PATH`; `None` if it is neither. The error says what is wrong.
    pub(crate) fn parse(url: &str) -> Option<Result<Self, String>> {
        match url.split_once("://") {
            Some((scheme, rest)) if SCHEMES.contains(&scheme.to_lowercase().as_str()) => {
                Some(Self::of_url(rest))
            }
            Some(_) => None,
            None if is_short(url) => Some(Self::of_short(url)),
            None => None,
        }
    }

    fn of_url(rest: &str) -> Result<Self, String> {
        let decoded = String::from_utf8(percent_decoded(rest.as_bytes()));
        let rest = decoded.map_err(|_| "it is not UTF-8".to_owned())?;
        let at = rest.find('/').ok_or_else(|| "it has no path".to_owned())?;
        let (server, path) = rest.split_at(at);
        let (user, host) = split_user(server);
        let (host, port) = split_port(host)?;
        Self { user, host, port, path: with_home(path).to_owned() }.checked()
    }

    fn of_short(url: &str) -> Result<Self, String> {
        // A host in brackets may have colons.
        let colon = url.find("]:").map_or_else(|| url.find(':'), |at| Some(at + 1));
        let (server, path) = url.split_at(colon.unwrap_or(url.len()));
        let (user, host) = split_user(server.trim_start_matches('['));
        let in_brackets = host.trim_start_matches('[').trim_end_matches(']');
        let (host, port) = match in_brackets.matches(':').count() {
            1 if host != in_brackets || server.starts_with('[') => split_port(in_brackets)?,
            _ => (in_brackets.to_owned(), None),
        };
        Self { user, host, port, path: with_home(path.strip_prefix(':').unwrap_or(path)).to_owned() }
            .checked()
    }

    /// Refuses what a program would take for an option, and what is no name.
    fn checked(self) -> Result<Self, String> {
        let strange = |text: &str, more: &str| {
            text.starts_with('-') || text.chars().any(|c| !c.is_ascii_alphanumeric() && !more.contains(c))
        };
        if self.host.is_empty() {
            return Err("it has no host".to_owned());
        }
        if strange(&self.host, HOST) {
            return Err(format!("'{}' is no name of a host", self.host.escape_debug()));
        }
        match &self.user {
            Some(user) if user.contains(':') => {
                return Err("a URL of ssh has no password, because ssh logs in with keys".to_owned());
            }
            Some(user) if user.is_empty() || strange(user, USER) => {
                return Err(format!("'{}' is no name of a user", user.escape_debug()));
            }
            _ => {}
        }
        match self.path.as_str() {
            "" | "/" => Err("it has no path".to_owned()),
            path if path.starts_with('-') => {
                Err(format!("the path '{}' begins with '-'", path.escape_debug()))
            }
            path if path.contains(char::is_control) => Err("its path has a control character".to_owned()),
            _ => Ok(self),
        }
    }

    /// The user and host, as ssh takes them.
    pub(crate) fn destination(&self) -> String {
        match &self.user {
            Some(user) => format!("{user}@{}", self.host),
            None => self.host.clone(),
        }
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.port
    }

    /// The URL of the same repository over https, where servers have both.
    pub(crate) fn https_url(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("https://{host}/{}", self.path.trim_start_matches('/'))
    }

    /// The path, quoted for a shell.
    pub(crate) fn quoted_path(&self) -> String {
        format!("'{}'", self.path.replace('\'', r"'\''").replace('!', r"'\!'"))
    }
}

fn split_user(server: &str) -> (Option<String>, &str) {
    match server.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, server),
    }
}

/// A host, perhaps in brackets, and the port after it.
fn split_port(server: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match server.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').filter(|port| !port.is_empty())),
        None => match server.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (server, None),
        },
    };
    let number = |text: &str| {
        let digits = text.bytes().all(|c| c.is_ascii_digit());
        let wrong = || format!("'{}' is no port", text.escape_debug());
        text.parse().ok().filter(|port| digits && *port > 0).ok_or_else(wrong)
    };
    Ok((host.to_owned(), port.map(number).transpose()?))
}

/// A path below a user's folder, as in `/~user/repository`, without its slash.
fn with_home(path: &str) -> &str {
    if path.starts_with("/~") { &path[1..] } else { path }
}

#[cfg(test)]
mod tests;

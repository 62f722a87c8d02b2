//! The options of downloads: attempts, waiting, proxies and passwords.

use std::path::PathBuf;
use std::time::Duration;

/// How to download.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The number of attempts; broken downloads are resumed if the server supports that.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles before each further one.
    pub backoff: Duration,
    /// The time limit of connecting.
    pub connect_timeout: Duration,
    /// The longest silence of a server.
    pub read_timeout: Duration,
    /// The proxies.
    pub proxies: Proxies,
    /// The file with passwords of servers (`~/.netrc`), if one is to be used.
    pub netrc: Option<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(30),
            read_timeout: Duration::from_secs(60),
            proxies: Proxies::default(),
            netrc: None,
        }
    }
}

/// Proxies, as the variables of the environment name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The variable and the proxy of `http:` URLs.
    pub(crate) http: Option<(&'static str, String)>,
    /// The variable and the proxy of `https:` URLs.
    pub(crate) https: Option<(&'static str, String)>,
    /// The hosts that are reached without a proxy, separated by commas.
    pub(crate) except: String,
}

impl Proxies {
    /// The proxy of `http:` URLs.
    #[must_use]
    pub fn http_url(&self) -> Option<&str> {
        self.http.as_ref().map(|(_, url)| url.as_str())
    }

    /// The proxy of `https:` URLs.
    #[must_use]
    pub fn https_url(&self) -> Option<&str> {
        self.https.as_ref().map(|(_, url)| url.as_str())
    }

    /// The hosts that are reached without a proxy, separated by commas.
    #[must_use]
    pub fn except(&self) -> &str {
        &self.except
    }

    /// The proxies of an environment in which `lookup` finds variables: `http_proxy`, `https_proxy`, `all_proxy`,
    /// `no_proxy`, each also in capitals. As for curl, a lower-case name takes precedence over capitals, one for the
    /// scheme over `all_proxy`, and an empty one means no proxy.
    #[must_use]
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            let (name, value) = names.iter().find_map(|name| Some((*name, lookup(name)?)))?;
            (!value.trim().is_empty()).then(|| (name, with_scheme(value.trim())))
        };
        // In a CGI program HTTP_PROXY is the client's header 'Proxy', which must not be trusted.
        let cgi = lookup("REQUEST_METHOD").is_some();
        let http: &[_] = match cgi {
            true => &["http_proxy", "all_proxy", "ALL_PROXY"],
            false => &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
        };
        let except = lookup("no_proxy").or_else(|| lookup("NO_PROXY")).unwrap_or_default();
        let except: Vec<&str> = except.split([',', ' ', '\t']).filter(|name| !name.is_empty()).collect();
        if except.contains(&"*") {
            return Self::default();
        }
        Self {
            http: first(http),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            except: except.join(","),
        }
    }
}

fn with_scheme(proxy: &str) -> String {
    if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") }
}

#[cfg(test)]
mod tests;

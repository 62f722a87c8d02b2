//! An HTTP client that uses proxies, follows redirects and sends passwords.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use reqwest::{NoProxy, Proxy, RequestBuilder, Response, StatusCode, Url};
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;

use super::failure::Failure;
use super::netrc::{Netrc, NetrcEntry};
use crate::http_options::{HttpOptions, Proxies};

/// The limit on redirects of one request, as for curl and BuildStream.
const REDIRECTS: usize = 10;

/// An HTTP client that goes through proxies, follows redirects and logs in.
pub(crate) struct HttpClient {
    http: reqwest::Client,
    netrc: Netrc,
}

impl HttpClient {
    /// A client; requests with passwords take them from `netrc`.
    ///
    /// # Errors
    /// When a proxy's URL is wrong, or there is no TLS.
    pub(crate) fn new(options: &HttpOptions, netrc: Netrc) -> Result<Self, Failure> {
        let broken = |error: &dyn std::fmt::Display| Failure::Final(format!("no HTTP client: {error}"));
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let tls = tls.with_safe_default_protocol_versions().map_err(|error| broken(&error))?;
        let tls = tls.with_platform_verifier().map_err(|error| broken(&error))?.with_no_client_auth();
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("spec-host/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            // `Hop` decides which server of a redirect may get a password; reqwest cannot.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        for proxy in proxies(&options.proxies)? {
            builder = builder.proxy(proxy);
        }
        Ok(Self { http: builder.build().map_err(|error| broken(&error))?, netrc })
    }

    /// The answer to a GET, after redirects.
    pub(crate) async fn get(&self, url: &str, headers: &HeaderMap) -> Result<Response, Failure> {
        let first = Url::parse(url).map_err(|error| Failure::Final(error.to_string()))?;
        let mut at = first.clone();
        for _ in 0..=REDIRECTS {
            let response = self.ask(&Hop { first: &first, at: &at }, headers, None).await?;
            let Some(next) = redirect(&response) else { return Ok(response) };
            at = follow(&at, next)?;
        }
        Err(Failure::Final(format!("it redirects more than {REDIRECTS} times")))
    }

    /// The answer to a GET, after redirects. Only the first server gets the login, and nobody a password.
    pub(crate) async fn get_authorized(
        &self,
        url: &str,
        headers: &HeaderMap,
        login: Option<&HeaderValue>,
    ) -> Result<Response, Failure> {
        let first = Url::parse(url).map_err(|error| Failure::Final(error.to_string()))?;
        let mut at = first.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self.http.get(at.clone()).headers(headers.clone());
            if let Some(login) = login.filter(|_| first.origin() == at.origin()) {
                request = request.header(AUTHORIZATION, login.clone());
            }
            let response = send(request).await?;
            let Some(next) = redirect(&response) else { return Ok(response) };
            at = follow(&at, next)?;
        }
        Err(Failure::Final(format!("it redirects more than {REDIRECTS} times")))
    }

    /// The name and password for a server that another one names.
    pub(crate) fn login_of(&self, first: &Url, at: &Url) -> Option<(String, String)> {
        let entry = Hop { first, at }.entry(&self.netrc)?;
        Some((entry.login.clone()?, entry.password.clone()?))
    }

    /// The answer to a POST. Redirects are not followed.
    pub(crate) async fn post(
        &self,
        url: &Url,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Failure> {
        self.ask(&Hop { first: url, at: url }, headers, Some(body)).await
    }

    /// The answer of one server, to a POST if there is a body. It gets a password if it requests one.
    async fn ask(
        &self,
        hop: &Hop<'_>,
        headers: &HeaderMap,
        body: Option<&[u8]>,
    ) -> Result<Response, Failure> {
        let request = || match body {
            None => self.http.get(hop.at.clone()).headers(headers.clone()),
            Some(body) => self.http.post(hop.at.clone()).headers(headers.clone()).body(body.to_vec()),
        };
        let entry = hop.entry(&self.netrc);
        if let Some(NetrcEntry { login: None, password: Some(token), .. }) = entry {
            return send(request().bearer_auth(token)).await;
        }
        let response = send(request()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match entry.and_then(|entry| authorization(entry, response.headers(), request())) {
            Some(request) => send(request).await,
            None => Ok(response),
        }
    }
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    request.send().await.map_err(Failure::of)
}

fn proxies(proxies: &Proxies) -> Result<Vec<Proxy>, Failure> {
    let except = NoProxy::from_string(&proxies.except);
    let of = |named: &Option<(&'static str, String)>, http: bool| {
        let Some((variable, url)) = named else { return Ok(None) };
        let wrong = |_| Failure::Final(format!("the environment variable {variable} is no URL of a proxy"));
        let proxy = if http { Proxy::http(url.as_str()) } else { Proxy::https(url.as_str()) };
        Ok(Some(proxy.map_err(wrong)?.no_proxy(except.clone())))
    };
    Ok([of(&proxies.http, true)?, of(&proxies.https, false)?].into_iter().flatten().collect())
}

/// One request of a chain of redirects that begins at the URL in the project.
struct Hop<'u> {
    first: &'u Url,
    at: &'u Url,
}

impl Hop<'_> {
    /// The login that may be sent to this server. A password is for the server that the user named: after a redirect
    /// only an entry with the name of another machine counts, and nothing goes from https to plain http.
    fn entry<'n>(&self, netrc: &'n Netrc) -> Option<&'n NetrcEntry> {
        if !self.at.username().is_empty() || self.at.password().is_some() {
            return None;
        }
        let machine = host(self.at)?;
        if self.first.origin() == self.at.origin() || self.is_upgrade() {
            return netrc.of_machine(machine).or_else(|| netrc.default_entry());
        }
        let downgraded = self.first.scheme() == "https" && self.at.scheme() != "https";
        let same_machine = host(self.first) == Some(machine);
        netrc.of_machine(machine).filter(|_| !downgraded && !same_machine)
    }

    /// Whether it is the same server, by https instead of plain http, both at their usual ports.
    fn is_upgrade(&self) -> bool {
        let usual = |url: &Url, scheme: &str| url.scheme() == scheme && url.port().is_none();
        usual(self.first, "http") && usual(self.at, "https") && host(self.first) == host(self.at)
    }
}

fn host(url: &Url) -> Option<&str> {
    url.host_str().map(|host| host.trim_start_matches('[').trim_end_matches(']'))
}

/// The `Authorization` header that the server requests; `None` when it requests another scheme.
fn authorization(entry: &NetrcEntry, headers: &HeaderMap, request: RequestBuilder) -> Option<RequestBuilder> {
    let asks = |scheme: &str| headers.get_all(WWW_AUTHENTICATE).iter().any(|value| offers(value, scheme));
    match entry.login.as_ref() {
        Some(login) if asks("basic") => Some(request.basic_auth(login, entry.password.as_ref())),
        Some(_) if asks("bearer") => Some(request.bearer_auth(entry.password.as_ref()?)),
        _ => None,
    }
}

/// Whether one of the challenges is for this scheme. One header can have several, separated by commas.
fn offers(challenges: &HeaderValue, scheme: &str) -> bool {
    let text = challenges.to_str().unwrap_or_default();
    let mut words = text.split(',').filter_map(|part| part.split_whitespace().next());
    words.any(|word| word.eq_ignore_ascii_case(scheme))
}

/// Where a redirect leads, as the server writes it.
fn redirect(response: &Response) -> Option<&HeaderValue> {
    let moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    response.headers().get(LOCATION).filter(|_| moved)
}

fn follow(from: &Url, to: &HeaderValue) -> Result<Url, Failure> {
    let text = String::from_utf8_lossy(to.as_bytes());
    let wrong = || {
        Failure::Final(format!("it redirects to '{}', which is no http or https URL", text.escape_debug()))
    };
    let next = from.join(&text).map_err(|_| wrong())?;
    if matches!(next.scheme(), "http" | "https") { Ok(next) } else { Err(wrong()) }
}

/// The value of a header, without characters that are not text.
pub(super) fn text(headers: &HeaderMap, name: impl reqwest::header::AsHeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests;

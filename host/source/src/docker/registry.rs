//! The client of registries of images.

use std::cell::RefCell;
use std::io::{Seek, SeekFrom, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;
use spec_model::{Digest, DigestHasher};

use super::challenge::Challenge;
use super::manifest::ACCEPT as MANIFESTS;
use crate::download::{
    Failure, HttpClient, LONGEST, PartialDownload, WebQuestion, answered, body, broke_off,
};
use crate::error::SourceError;

/// Bytes of the largest manifest, and of the answer of a server for logins. Registries accept no larger manifests.
const LARGEST: usize = 4 << 20;

/// The images of one name in a registry.
pub(crate) struct Registry<'r> {
    pub(crate) ask: WebQuestion<'r>,
    /// The URL of the registry, without `/v2`.
    pub(crate) base: String,
    /// The name of the image.
    pub(crate) image: String,
    /// The login or token that it accepted.
    pub(crate) authorization: RefCell<Option<HeaderValue>>,
}

/// A manifest as it was received.
pub(crate) struct ReceivedManifest {
    pub(crate) bytes: Vec<u8>,
    pub(crate) content_type: Option<String>,
}

/// The answer of a server for logins.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Registry<'_> {
    /// The URL of something that belongs to the image.
    pub(crate) fn url(&self, kind: &str, name: &str) -> String {
        let image = self.image.trim_matches('/');
        format!("{}/v2/{image}/{kind}/{name}", self.base.trim_end_matches('/'))
    }

    /// The manifest of a tag or digest.
    pub(crate) fn manifest(&self, reference: &str) -> Result<ReceivedManifest, SourceError> {
        let url = self.url("manifests", reference);
        self.ask.run(&url, Some(LONGEST), async |client: &HttpClient| {
            let response = self.get(client, &url, MANIFESTS).await?;
            let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let content_type =
                content_type.map(|value| value.split(';').next().unwrap_or_default().to_owned());
            Ok(ReceivedManifest { bytes: body(response, LARGEST).await?, content_type })
        })
    }

    /// Receives a blob of at most `most` bytes into a file, and answers with its digest.
    pub(crate) fn blob(
        &self,
        sha256: &str,
        most: u64,
        part: &PartialDownload,
    ) -> Result<Digest, SourceError> {
        let url = self.url("blobs", &format!("sha256:{sha256}"));
        self.ask.run(&url, None, async |client: &HttpClient| {
            let response = self.get(client, &url, "*/*").await?;
            self.receive(response, most, part).await
        })
    }

    async fn receive(
        &self,
        mut response: Response,
        most: u64,
        part: &PartialDownload,
    ) -> Result<Digest, Failure> {
        let mut file = &part.file;
        file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(Failure::Disk)?;
        let (mut hasher, mut bytes, total) = (DigestHasher::new(), 0, response.content_length());
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(hasher.finish()),
                Err(error) => return Err(broke_off(&error, bytes, total)),
            };
            bytes += chunk.len() as u64;
            if bytes > most {
                return Err(Failure::Final(format!("the layer has more than {most} bytes")));
            }
            hasher.update(&chunk);
            file.write_all(&chunk).map_err(Failure::Disk)?;
            self.ask.monitor.report(bytes, total);
        }
    }

    /// The answer to a GET. Where the registry wants a login, it is asked again with one.
    async fn get(&self, client: &HttpClient, url: &str, accept: &'static str) -> Result<Response, Failure> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let known = self.authorization.borrow().clone();
        let response = client.get_authorized(url, &headers, known.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return answered(response);
        }
        let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
        let challenge = challenges.filter_map(|value| Challenge::parse(value.to_str().ok()?)).next();
        let login = match challenge {
            Some(challenge) => self.login(client, &challenge).await?,
            None => None,
        };
        let Some(login) = login else { return answered(response) };
        *self.authorization.borrow_mut() = Some(login.clone());
        answered(client.get_authorized(url, &headers, Some(&login)).await?)
    }

    /// What is sent to the registry as login; `None` when there is none for it.
    async fn login(
        &self,
        client: &HttpClient,
        challenge: &Challenge,
    ) -> Result<Option<HeaderValue>, Failure> {
        let base = Url::parse(&self.base).map_err(|error| Failure::Final(error.to_string()))?;
        match challenge {
            Challenge::Basic => Ok(client.login_of(&base, &base).and_then(|login| basic(&login))),
            Challenge::Token { realm, parameters } => {
                self.token(client, &base, realm, parameters).await.map(Some)
            }
        }
    }

    async fn token(
        &self,
        client: &HttpClient,
        base: &Url,
        realm: &str,
        parameters: &[(&'static str, String)],
    ) -> Result<HeaderValue, Failure> {
        let wrong =
            |why: &str| Failure::Final(format!("it wants a token of '{}', {why}", realm.escape_debug()));
        let mut url = Url::parse(realm).map_err(|_| wrong("which is no URL"))?;
        // What protects the token must not be weaker than what protects the registry.
        if url.scheme() != "https" && (url.scheme() != "http" || base.scheme() != "http") {
            return Err(wrong("which is not at https"));
        }
        url.query_pairs_mut().extend_pairs(parameters);
        let login = client.login_of(base, &url).and_then(|login| basic(&login));
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let response = client.get_authorized(url.as_str(), &headers, login.as_ref()).await?;
        let status = response.status();
        let answer = body(
            answered(response).map_err(|failure| match failure {
                Failure::Status(_) => wrong(&format!("which answers {status}")),
                failure => failure,
            })?,
            LARGEST,
        )
        .await?;
        let answer: TokenAnswer =
            serde_json::from_slice(&answer).map_err(|_| wrong("whose answer is not JSON with a token"))?;
        let token = answer.token.or(answer.access_token).ok_or_else(|| wrong("whose answer has no token"))?;
        sensitive(format!("Bearer {token}")).ok_or_else(|| wrong("whose token is not text"))
    }
}

fn basic((name, password): &(String, String)) -> Option<HeaderValue> {
    sensitive(format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
}

fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

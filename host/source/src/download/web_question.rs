//! Questions to servers whose answers are short, and are kept in memory.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::attempts::Attempts;
use super::failure::{Failure, answered, broke_off, is_transient};
use super::http_client::HttpClient;
use crate::error::{SourceError, SourceName};
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;
use crate::url::{EXPECTED_OF_SERVICES, UrlTarget, without_password};

/// The longest time that all attempts together may take. Answers have kilobytes, lists of packages some megabytes.
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

/// Bytes of the largest page that is read.
const LARGEST_PAGE: usize = 4 << 20;

/// Who asks servers, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebQuestion<'q> {
    pub(crate) name: &'q SourceName,
    pub(crate) options: &'q HttpOptions,
    pub(crate) monitor: &'q FetchMonitor,
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub(crate) struct WebAnswer {
    /// Who answered, after all redirects.
    pub(crate) url: String,
    /// The media type, in lower case.
    pub(crate) kind: String,
    pub(crate) body: Vec<u8>,
}

impl WebQuestion<'_> {
    /// The body of the answer to a GET, of at most `most` bytes.
    ///
    /// # Errors
    /// `download-failed`, `download-refused`, `invalid-source-url`, `cancelled`.
    pub(crate) fn get(&self, url: &str, accept: &'static str, most: usize) -> Result<Vec<u8>, SourceError> {
        self.get_answer(url, accept, most).map(|answer| answer.body)
    }

    /// As [`get`](Self::get), with what is said of the body.
    pub(crate) fn get_answer(
        &self,
        url: &str,
        accept: &'static str,
        most: usize,
    ) -> Result<WebAnswer, SourceError> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        self.run(url, Some(LONGEST), async |client: &HttpClient| {
            let response = answered(client.get(url, &headers).await?)?;
            let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
            let (kind, url) = (kind.trim().to_ascii_lowercase(), response.url().to_string());
            Ok(WebAnswer { url, kind, body: body(response, most).await? })
        })
    }

    /// A page of a website, whatever the status of the answer is.
    ///
    /// # Errors
    /// As [`get`](Self::get), without `download-refused`.
    pub(crate) fn get_page(&self, url: &str) -> Result<Vec<u8>, SourceError> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
        self.run(url, Some(LONGEST), async |client: &HttpClient| {
            let response = client.get(url, &headers).await?;
            let response = if is_transient(response.status()) { answered(response)? } else { response };
            body(response, LARGEST_PAGE).await
        })
    }

    /// As [`Attempts::run_http`], for a URL on a server.
    pub(crate) fn run<T>(
        &self,
        url: &str,
        longest: Option<Duration>,
        ask: impl AsyncFnMut(&HttpClient) -> Result<T, Failure>,
    ) -> Result<T, SourceError> {
        if !matches!(UrlTarget::of(url), Ok(UrlTarget::Http)) {
            let (name, url) = (self.name.clone(), without_password(url));
            let why = "it is not on a web server".to_owned();
            return Err(SourceError::BadUrl {
                position: name.position.clone(),
                name,
                url,
                why,
                expected: EXPECTED_OF_SERVICES,
            });
        }
        Attempts { options: self.options, monitor: self.monitor, longest }
            .run_http(ask)
            .map_err(|(failure, attempts)| failure.explain(self.name, url, attempts))
    }
}

/// The body of an answer, of at most `most` bytes.
pub(crate) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > most => {
                return Err(Failure::Final(format!("its answer has more than {most} bytes")));
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(broke_off(&error, bytes.len() as u64, None)),
        }
    }
}

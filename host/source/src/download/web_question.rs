//! Questions to servers whose answers are short, and are kept in memory.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use tokio::sync::Notify;

use super::failure::{Failure, answered, broke_off, is_transient};
use super::http_client::HttpClient;
use super::netrc::Netrc;
use crate::error::{SourceError, SourceName};
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;
use crate::url::{UrlTarget, without_password};

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

impl WebQuestion<'_> {
    /// The body of the answer to a GET, of at most `most` bytes.
    ///
    /// # Errors
    /// `download-failed`, `download-refused`, `invalid-source-url`, `cancelled`.
    pub(crate) fn get(&self, url: &str, accept: &'static str, most: usize) -> Result<Vec<u8>, SourceError> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        self.run(url, Some(LONGEST), async |client: &HttpClient| {
            let response = answered(client.get(url, &headers).await?)?;
            body(response, most).await
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

    /// Asks until an attempt succeeds, fails for good, or none is left. Cancelling ends it at once. All attempts together take at most
    /// `longest`; without that an attempt may take as long as the server goes on sending.
    pub(crate) fn run<T>(
        &self,
        url: &str,
        longest: Option<Duration>,
        ask: impl AsyncFn(&HttpClient) -> Result<T, Failure>,
    ) -> Result<T, SourceError> {
        if !matches!(UrlTarget::of(url), Ok(UrlTarget::Http)) {
            let (name, url) = (self.name.clone(), without_password(url));
            let why = "it is not on a server".to_owned();
            return Err(SourceError::BadUrl { position: name.position.clone(), name, url, why });
        }
        let failed = |(failure, attempts): (Failure, u32)| failure.explain(self.name, url, attempts);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed((Failure::Disk(error), 1)))?;
        let stopped = Arc::new(Notify::new());
        let stop = stopped.clone();
        let _guard = self.monitor.cancel.on_cancel(move || stop.notify_one());
        let outcome = runtime.block_on(async {
            tokio::select! {
                () = stopped.notified() => Err((Failure::Cancelled, 1)),
                () = tokio::time::sleep(longest.unwrap_or(Duration::MAX)) => {
                    Err((Failure::Final("the server has not answered in time".to_owned()), 1))
                }
                outcome = self.attempts(ask) => outcome,
            }
        });
        // A name lookup may still run; do not wait for it.
        runtime.shutdown_background();
        outcome.map_err(failed)
    }

    async fn attempts<T>(
        &self,
        ask: impl AsyncFn(&HttpClient) -> Result<T, Failure>,
    ) -> Result<T, (Failure, u32)> {
        let client = HttpClient::new(self.options, Netrc::of_options(self.options, self.monitor));
        let client = client.map_err(|failure| (failure, 1))?;
        let (mut backoff, mut attempt) = (self.options.backoff, 1);
        loop {
            match ask(&client).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Transient(_)) if attempt < self.options.attempts => {}
                Err(failure) => return Err((failure, attempt)),
            }
            tokio::time::sleep(backoff).await;
            backoff = backoff.saturating_mul(2);
            attempt += 1;
        }
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

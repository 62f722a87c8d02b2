//! Downloads over HTTP: several attempts, going on where the last one broke off.

use std::error::Error;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;

use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use reqwest::{Response, StatusCode};
use spec_model::DigestHasher;
use tokio::sync::Notify;

use super::client::{Client, text};
use super::mirror::{Mirror, Part};
use super::netrc::Netrc;
use crate::context::HttpOptions;
use crate::error::{SourceError, SourceName};
use crate::url::shown;
use crate::watch::Watch;

/// A download into a mirror.
pub(super) struct Download<'d> {
    pub(super) name: &'d SourceName,
    pub(super) url: &'d str,
    pub(super) options: &'d HttpOptions,
    pub(super) mirror: &'d Mirror,
    pub(super) watch: &'d Watch,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// Another attempt may do better.
    Transient(String),
    /// It will fail again.
    Final(String),
    Status(StatusCode),
    Disk(std::io::Error),
    Cancelled,
}

/// What has arrived so far.
struct Arrived {
    part: Part,
    hasher: DigestHasher,
    bytes: u64,
    /// The ETag or, without one, the date of what arrived: it must not have changed for the rest to fit.
    validator: Option<String>,
    etag: Option<String>,
}

enum Outcome {
    Complete,
    /// The server says that it still has what we know.
    Unchanged,
}

impl Download<'_> {
    /// The SHA-256 of what is at the URL.
    ///
    /// The file gets into the mirror if it is the `expected` one or nothing is expected. A `known` file there is not
    /// downloaded again if the server says that it has not changed.
    pub(super) fn run(&self, known: Option<&str>, expected: Option<&str>) -> Result<String, SourceError> {
        let part = self.mirror.part().map_err(|error| self.disk(error))?;
        let mut arrived =
            Arrived { part, hasher: DigestHasher::new(), bytes: 0, validator: None, etag: None };
        let etag = known.and_then(|sha| self.mirror.etag(sha));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| self.disk(error))?;
        let outcome = runtime.block_on(self.unless_cancelled(self.attempts(&mut arrived, etag.as_deref())));
        // The name of a host may still be looked up; nobody waits for it.
        runtime.shutdown_background();
        match outcome {
            Ok(Outcome::Unchanged) => Ok(known.unwrap_or_default().to_owned()),
            Ok(Outcome::Complete) => self.publish(arrived, expected),
            Err((failure, attempts)) => Err(self.explain(failure, attempts)),
        }
    }

    /// Ends at once when somebody asks to stop.
    async fn unless_cancelled(
        &self,
        work: impl Future<Output = Result<Outcome, (Failure, u32)>>,
    ) -> Result<Outcome, (Failure, u32)> {
        let stopped = Arc::new(Notify::new());
        let stop = stopped.clone();
        let _guard = self.watch.cancel.on_cancel(move || stop.notify_one());
        tokio::select! {
            () = stopped.notified() => Err((Failure::Cancelled, 1)),
            outcome = work => outcome,
        }
    }

    /// Tries until it succeeds or there is no hope; a failure comes with the number of attempts.
    async fn attempts(&self, arrived: &mut Arrived, etag: Option<&str>) -> Result<Outcome, (Failure, u32)> {
        let client = Client::new(self.options, self.netrc()).map_err(|failure| (failure, 1))?;
        let mut backoff = self.options.backoff;
        let mut attempt = 1;
        loop {
            match self.attempt(&client, arrived, etag).await {
                Ok(outcome) => return Ok(outcome),
                Err(Failure::Transient(_)) if attempt < self.options.attempts => {}
                Err(failure) => return Err((failure, attempt)),
            }
            tokio::time::sleep(backoff).await;
            backoff = backoff.saturating_mul(2);
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        client: &Client,
        arrived: &mut Arrived,
        etag: Option<&str>,
    ) -> Result<Outcome, Failure> {
        let response = client.get(self.url, &arrived.headers(etag)).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED if etag.is_some() => return Ok(Outcome::Unchanged),
            StatusCode::OK if etag.is_some() && text(response.headers(), ETAG).as_deref() == etag => {
                return Ok(Outcome::Unchanged);
            }
            StatusCode::PARTIAL_CONTENT if continues(&response, arrived.bytes) => {}
            StatusCode::OK => arrived.restart().map_err(Failure::Disk)?,
            status if is_transient(status) => {
                return Err(Failure::Transient(format!("the server answers {status}")));
            }
            status => return Err(Failure::Status(status)),
        }
        arrived.remember(response.headers());
        self.receive(response, arrived).await?;
        Ok(Outcome::Complete)
    }

    async fn receive(&self, mut response: Response, arrived: &mut Arrived) -> Result<(), Failure> {
        let total = text(response.headers(), CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let total = total.and_then(|length| length.checked_add(arrived.bytes));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => arrived.take(&chunk).map_err(Failure::Disk)?,
                Ok(None) => return Ok(()),
                Err(error) => return Err(broke_off(&error, arrived.bytes, total)),
            }
            self.watch.report(arrived.bytes, total);
        }
    }

    fn publish(&self, arrived: Arrived, expected: Option<&str>) -> Result<String, SourceError> {
        let sha = arrived.hasher.finish().hex();
        if expected.is_none_or(|expected| expected == sha) {
            let published = self.mirror.publish(arrived.part, &sha, arrived.etag.as_deref());
            published.map_err(|error| self.disk(error))?;
        }
        Ok(sha)
    }

    /// Without a file that can be read there are no passwords, as with BuildStream.
    fn netrc(&self) -> Netrc {
        let Some(path) = &self.options.netrc else { return Netrc::default() };
        Netrc::read(path).unwrap_or_else(|error| {
            self.watch.warn("netrc", &format!("{} is not used: {error}", path.display()));
            Netrc::default()
        })
    }

    fn explain(&self, failure: Failure, attempts: u32) -> SourceError {
        let (name, url) = (self.name.clone(), shown(self.url));
        match failure {
            Failure::Transient(why) => SourceError::Download { name, url, attempts, why },
            Failure::Final(why) => SourceError::Unobtainable { name, url, why },
            Failure::Status(status) => SourceError::Refused { name, url, status: status.as_u16() },
            Failure::Disk(error) => self.disk(error),
            Failure::Cancelled => SourceError::Cancelled { name },
        }
    }

    fn disk(&self, error: std::io::Error) -> SourceError {
        let path = self.mirror.directory().to_path_buf();
        SourceError::Io { name: self.name.clone(), action: "write to", path, error }
    }
}

impl Arrived {
    /// What is asked for: the file unless it is the one with this ETag, or the rest of what has arrived.
    fn headers(&self, etag: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        let mut put = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        if let Some(etag) = etag {
            put(IF_NONE_MATCH, etag);
        }
        if let Some(validator) = self.validator.as_ref().filter(|_| self.bytes > 0) {
            put(RANGE, &format!("bytes={}-", self.bytes));
            put(IF_RANGE, validator);
        }
        headers
    }

    fn take(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        self.part.file.write_all(chunk)?;
        self.hasher.update(chunk);
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> std::io::Result<()> {
        self.part.file.set_len(0)?;
        self.part.file.seek(SeekFrom::Start(0))?;
        self.hasher = DigestHasher::new();
        self.bytes = 0;
        Ok(())
    }

    fn remember(&mut self, headers: &HeaderMap) {
        self.etag = text(headers, ETAG);
        // A weak ETag does not promise the same bytes.
        let strong = self.etag.clone().filter(|etag| !etag.starts_with("W/"));
        self.validator = strong.or_else(|| text(headers, LAST_MODIFIED));
    }
}

impl Failure {
    /// What a request without an answer came to.
    pub(super) fn of(error: reqwest::Error) -> Self {
        let why = reason(&error);
        let final_cause =
            causes(&error).any(|cause| cause.is::<rustls::Error>() || is_certificate_error(cause));
        match error.is_builder() || final_cause {
            true => Self::Final(why),
            false => Self::Transient(why),
        }
    }
}

/// The client's TLS hands its errors on inside of those of input and output.
fn is_certificate_error(cause: &(dyn Error + 'static)) -> bool {
    let error = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is_some_and(|inner| inner.is::<rustls::Error>())
}

/// What went wrong at the bottom; what is above only says that a request failed.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        let did = if error.is_connect() { "let itself be connected to" } else { "answered" };
        return format!("the server has not {did} in time");
    }
    let below: Vec<String> = causes(error).skip(1).map(ToString::to_string).collect();
    let mut told: Vec<&str> = Vec::new();
    for text in &below {
        let repeated = told.last().is_some_and(|last| last.contains(text.as_str()));
        if !repeated && !text.starts_with("client error") {
            told.push(text);
        }
    }
    if told.is_empty() { error.to_string() } else { told.join(": ") }
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

fn broke_off(error: &reqwest::Error, bytes: u64, total: Option<u64>) -> Failure {
    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
    Failure::Transient(format!("it broke off after {bytes}{of} bytes: {}", reason(error)))
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// Whether a partial answer begins where we stopped.
fn continues(response: &Response, bytes: u64) -> bool {
    let range = text(response.headers(), CONTENT_RANGE);
    bytes > 0 && range.is_some_and(|range| range.starts_with(&format!("bytes {bytes}-")))
}

//! Downloads, with several attempts. Over HTTP each resumes where the last one broke off.

use std::io::{Seek, SeekFrom, Write};

use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
};
use reqwest::{Response, StatusCode};
use spec_model::DigestHasher;

use super::attempts::Attempts;
use super::download_folder::{DownloadFolder, PartialDownload};
use super::failure::{Failure, broke_off, is_transient};
use super::ftp::FtpFile;
use super::http_client::{HttpClient, text};
use super::netrc::Netrc;
use crate::error::{SourceError, SourceName};
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;

/// A download of a URL into its folder.
pub(super) struct Download<'d> {
    pub(super) name: &'d SourceName,
    pub(super) url: &'d str,
    pub(super) options: &'d HttpOptions,
    pub(super) folder: &'d DownloadFolder,
    pub(super) monitor: &'d FetchMonitor,
}

/// What has been received so far.
struct ReceivedBytes {
    part: PartialDownload,
    hasher: DigestHasher,
    bytes: u64,
    /// The ETag or, without one, the date of what was received. Resuming requires that it did not change.
    validator: Option<String>,
    etag: Option<String>,
}

enum DownloadOutcome {
    Complete,
    /// The server says that the known file did not change.
    Unchanged,
}

impl Download<'_> {
    /// The SHA-256 of what is at the URL.
    ///
    /// The file is stored in the folder if it is the `expected` one or nothing is expected. A `known` file there is
    /// not downloaded again if the server says that it has not changed.
    pub(super) fn run(&self, known: Option<&str>, expected: Option<&str>) -> Result<String, SourceError> {
        let part = self.folder.part().map_err(|error| self.disk(error))?;
        let mut received =
            ReceivedBytes { part, hasher: DigestHasher::new(), bytes: 0, validator: None, etag: None };
        let etag = known.and_then(|sha| self.folder.etag(sha));
        let attempts = Attempts { options: self.options, monitor: self.monitor, longest: None };
        let outcome = match FtpFile::of(self.url) {
            Some(file) => {
                let netrc = Netrc::of_options(self.options, self.monitor);
                attempts.run(async || self.ftp_attempt(&file, &netrc, &mut received).await)
            }
            None => attempts.run_http(async |client: &HttpClient| {
                self.attempt(client, &mut received, etag.as_deref()).await
            }),
        };
        match outcome {
            Ok(DownloadOutcome::Unchanged) => Ok(known.unwrap_or_default().to_owned()),
            Ok(DownloadOutcome::Complete) => self.publish(received, expected),
            Err((failure, attempts)) => Err(self.explain(failure, attempts)),
        }
    }

    async fn ftp_attempt(
        &self,
        file: &FtpFile,
        netrc: &Netrc,
        received: &mut ReceivedBytes,
    ) -> Result<DownloadOutcome, Failure> {
        received.restart().map_err(Failure::Disk)?;
        let take = |chunk: &[u8], total| {
            received.take(chunk)?;
            self.monitor.report(received.bytes, total);
            Ok(())
        };
        file.receive(self.options, netrc, take).await.map(|()| DownloadOutcome::Complete)
    }

    async fn attempt(
        &self,
        client: &HttpClient,
        received: &mut ReceivedBytes,
        etag: Option<&str>,
    ) -> Result<DownloadOutcome, Failure> {
        let response = client.get(self.url, &received.headers(etag)).await?;
        match response.status() {
            StatusCode::NOT_MODIFIED if etag.is_some() => return Ok(DownloadOutcome::Unchanged),
            StatusCode::OK if etag.is_some() && text(response.headers(), ETAG).as_deref() == etag => {
                return Ok(DownloadOutcome::Unchanged);
            }
            StatusCode::PARTIAL_CONTENT if continues(&response, received.bytes) => {}
            StatusCode::OK => received.restart().map_err(Failure::Disk)?,
            status if is_transient(status) => {
                return Err(Failure::Transient(format!("the server answers {status}")));
            }
            status => return Err(Failure::Status(status)),
        }
        received.remember(response.headers());
        self.receive(response, received).await?;
        Ok(DownloadOutcome::Complete)
    }

    async fn receive(&self, mut response: Response, received: &mut ReceivedBytes) -> Result<(), Failure> {
        let total = text(response.headers(), CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let total = total.and_then(|length| length.checked_add(received.bytes));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => received.take(&chunk).map_err(Failure::Disk)?,
                Ok(None) => return Ok(()),
                Err(error) => return Err(broke_off(&error, received.bytes, total)),
            }
            self.monitor.report(received.bytes, total);
        }
    }

    fn publish(&self, received: ReceivedBytes, expected: Option<&str>) -> Result<String, SourceError> {
        let sha = received.hasher.finish().hex();
        if expected.is_none_or(|expected| expected == sha) {
            let published = self.folder.publish(received.part, &sha, received.etag.as_deref());
            published.map_err(|error| self.disk(error))?;
        }
        Ok(sha)
    }

    fn explain(&self, failure: Failure, attempts: u32) -> SourceError {
        match failure {
            Failure::Disk(error) => self.disk(error),
            failure => failure.explain(self.name, self.url, attempts),
        }
    }

    fn disk(&self, error: std::io::Error) -> SourceError {
        self.name.io_error("write to", self.folder.directory(), error)
    }
}

impl ReceivedBytes {
    /// The headers that ask for the file unless it still has this ETag, or for the rest of it.
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
        // A weak ETag does not guarantee the same bytes.
        let strong = self.etag.clone().filter(|etag| !etag.starts_with("W/"));
        self.validator = strong.or_else(|| text(headers, LAST_MODIFIED));
    }
}

/// Whether a partial answer begins where the last one broke off.
fn continues(response: &Response, bytes: u64) -> bool {
    let range = text(response.headers(), CONTENT_RANGE);
    bytes > 0 && range.is_some_and(|range| range.starts_with(&format!("bytes {bytes}-")))
}

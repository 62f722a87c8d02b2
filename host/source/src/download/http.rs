//! Downloads over HTTP: several attempts, going on where the last one broke off.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use spec_model::DigestHasher;
use ureq::Agent;
use ureq::http::{Response, StatusCode, header};
use ureq::tls::{RootCerts, TlsConfig};

use super::mirror::{Mirror, Part};
use crate::context::HttpOptions;
use crate::error::{SourceError, SourceName};
use crate::watch::Watch;

const BUFFER: usize = 256 << 10;

/// A download into a mirror.
pub(super) struct Download<'d> {
    pub(super) name: &'d SourceName,
    pub(super) url: &'d str,
    pub(super) options: &'d HttpOptions,
    pub(super) mirror: &'d Mirror,
    pub(super) watch: &'d Watch,
}

/// Why an attempt failed.
enum Failure {
    /// Another attempt may do better.
    Transient(String),
    Status(u16),
    Disk(std::io::Error),
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
        let mut backoff = self.options.backoff;
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(&mut arrived, etag.as_deref()) {
                Ok(Outcome::Unchanged) => return Ok(known.unwrap_or_default().to_owned()),
                Ok(Outcome::Complete) => return self.publish(arrived, expected),
                Err(failure) => failure,
            };
            self.check_cancelled()?;
            if !matches!(failure, Failure::Transient(_)) || attempt >= self.options.attempts {
                return Err(self.explain(failure, attempt));
            }
            self.pause(backoff)?;
            backoff *= 2;
            attempt += 1;
        }
    }

    fn attempt(&self, arrived: &mut Arrived, etag: Option<&str>) -> Result<Outcome, Failure> {
        let agent = self.agent();
        let stop = agent.clone();
        let _guard = self.watch.cancel.on_cancel(move || stop.shutdown());
        let mut request = agent.get(self.url).header(header::ACCEPT, "*/*");
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(validator) = arrived.validator.as_ref().filter(|_| arrived.bytes > 0) {
            request = request.header(header::RANGE, format!("bytes={}-", arrived.bytes));
            request = request.header(header::IF_RANGE, validator);
        }
        let response = request.call().map_err(|error| Failure::Transient(error.to_string()))?;
        match response.status() {
            StatusCode::NOT_MODIFIED if etag.is_some() => return Ok(Outcome::Unchanged),
            StatusCode::OK if etag.is_some() && text(&response, header::ETAG).as_deref() == etag => {
                return Ok(Outcome::Unchanged);
            }
            StatusCode::PARTIAL_CONTENT if continues(&response, arrived.bytes) => {}
            StatusCode::OK => arrived.restart().map_err(Failure::Disk)?,
            status if is_transient(status) => {
                return Err(Failure::Transient(format!("the server answers {status}")));
            }
            status => return Err(Failure::Status(status.as_u16())),
        }
        arrived.remember(&response);
        self.receive(response, arrived)?;
        Ok(Outcome::Complete)
    }

    fn receive(&self, response: Response<ureq::Body>, arrived: &mut Arrived) -> Result<(), Failure> {
        let total = text(&response, header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let total = total.map(|length| length + arrived.bytes);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; BUFFER];
        loop {
            let count = body.read(&mut buffer).map_err(|error| Failure::Transient(error.to_string()))?;
            if self.watch.cancel.is_cancelled() {
                return Err(Failure::Transient("stopped".to_owned()));
            }
            if count == 0 {
                break;
            }
            arrived.part.file.write_all(&buffer[..count]).map_err(Failure::Disk)?;
            arrived.hasher.update(&buffer[..count]);
            arrived.bytes += count as u64;
            self.watch.report(arrived.bytes, total);
        }
        match total {
            Some(total) if arrived.bytes < total => {
                Err(Failure::Transient(format!("it broke off after {} of {total} bytes", arrived.bytes)))
            }
            _ => Ok(()),
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

    fn agent(&self) -> Agent {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("spec-host/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.options.connect_timeout))
            .timeout_recv_response(Some(self.options.read_timeout))
            .timeout_per_read(Some(self.options.read_timeout))
            .timeout_per_write(Some(self.options.read_timeout))
            .tls_config(tls)
            .build()
            .into()
    }

    /// Waits, but not when somebody asks to stop.
    fn pause(&self, time: Duration) -> Result<(), SourceError> {
        let (sender, receiver) = channel();
        let _guard = self.watch.cancel.on_cancel(move || {
            let _ = sender.send(());
        });
        let _ = receiver.recv_timeout(time);
        self.check_cancelled()
    }

    fn check_cancelled(&self) -> Result<(), SourceError> {
        match self.watch.cancel.is_cancelled() {
            true => Err(SourceError::Cancelled { name: self.name.clone() }),
            false => Ok(()),
        }
    }

    fn explain(&self, failure: Failure, attempts: u32) -> SourceError {
        let (name, url) = (self.name.clone(), self.url.to_owned());
        match failure {
            Failure::Transient(why) => SourceError::Download { name, url, attempts, why },
            Failure::Status(status) => SourceError::Refused { name, url, status },
            Failure::Disk(error) => self.disk(error),
        }
    }

    fn disk(&self, error: std::io::Error) -> SourceError {
        let path = self.mirror.directory().to_path_buf();
        SourceError::Io { name: self.name.clone(), action: "write to", path, error }
    }
}

impl Arrived {
    fn restart(&mut self) -> std::io::Result<()> {
        self.part.file.set_len(0)?;
        self.part.file.seek(SeekFrom::Start(0))?;
        self.hasher = DigestHasher::new();
        self.bytes = 0;
        Ok(())
    }

    fn remember(&mut self, response: &Response<ureq::Body>) {
        self.etag = text(response, header::ETAG);
        // A weak ETag does not promise the same bytes.
        let strong = self.etag.clone().filter(|etag| !etag.starts_with("W/"));
        self.validator = strong.or_else(|| text(response, header::LAST_MODIFIED));
    }
}

fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// Whether a partial answer begins where we stopped.
fn continues(response: &Response<ureq::Body>, bytes: u64) -> bool {
    let range = text(response, header::CONTENT_RANGE);
    bytes > 0 && range.is_some_and(|range| range.starts_with(&format!("bytes {bytes}-")))
}

fn text(response: &Response<ureq::Body>, name: header::HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

//! The failure of an attempt to download, and whether another may succeed.

use std::error::Error;

use reqwest::{Response, StatusCode};

use crate::error::{SourceError, SourceName};
use crate::url::without_password;

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another attempt may succeed.
    Transient(String),
    /// It will fail again.
    Final(String),
    Status(StatusCode),
    Disk(std::io::Error),
    Cancelled,
}

impl Failure {
    /// The failure of a request without an answer.
    pub(crate) fn of(error: reqwest::Error) -> Self {
        let why = reason(&error);
        let final_cause =
            causes(&error).any(|cause| cause.is::<rustls::Error>() || is_certificate_error(cause));
        match error.is_builder() || final_cause {
            true => Self::Final(why),
            false => Self::Transient(why),
        }
    }
}

impl Failure {
    /// The error of a source whose URL failed, after so many attempts.
    pub(crate) fn explain(self, name: &SourceName, url: &str, attempts: u32) -> SourceError {
        let (name, url) = (name.clone(), without_password(url));
        match self {
            Self::Transient(why) => SourceError::Download { name, url, attempts, why },
            Self::Final(why) => SourceError::Unobtainable { name, url, why },
            Self::Status(status) => SourceError::Refused { name, url, status: status.as_u16() },
            Self::Disk(error) => SourceError::Unobtainable { name, url, why: error.to_string() },
            Self::Cancelled => SourceError::Cancelled { name },
        }
    }
}

/// The answer, if it is one with contents.
pub(crate) fn answered(response: Response) -> Result<Response, Failure> {
    match response.status() {
        StatusCode::OK => Ok(response),
        status if is_transient(status) => Err(Failure::Transient(format!("the server answers {status}"))),
        status => Err(Failure::Status(status)),
    }
}

/// The TLS library wraps its errors in `io::Error`.
fn is_certificate_error(cause: &(dyn Error + 'static)) -> bool {
    let error = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is_some_and(|inner| inner.is::<rustls::Error>())
}

/// The innermost error; the outer ones only say that a request failed.
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

pub(crate) fn broke_off(error: &reqwest::Error, bytes: u64, total: Option<u64>) -> Failure {
    let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
    Failure::Transient(format!("it broke off after {bytes}{of} bytes: {}", reason(error)))
}

pub(crate) fn is_transient(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

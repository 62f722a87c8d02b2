//! Tries the URLs of a source, of which mirrors give it several.

use crate::error::{SourceError, SourceName};

/// The first success of `attempt`, which gets one URL after the other: another one is tried when one does not have what is wanted.
/// `next` is told why, each time before another one is tried.
///
/// # Errors
/// The first error that is not about its URL, or that of the only URL; otherwise all of them together.
pub(crate) fn try_urls<T>(
    name: &SourceName,
    urls: &[&str],
    next: impl Fn(&SourceError, &str),
    attempt: impl Fn(&str) -> Result<T, SourceError>,
) -> Result<T, SourceError> {
    let mut failures = Vec::new();
    for url in urls {
        let error = match attempt(url) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let Some(failure) = error.failure_of_url() else { return Err(error) };
        if urls.len() == 1 {
            return Err(error);
        }
        tracing::debug!("{error}");
        failures.push(failure);
        if failures.len() == urls.len() {
            let reason = error.reason_of_url();
            return Err(SourceError::AllUrlsFailed { name: name.clone(), failures, reason });
        }
        next(&error, &failures[failures.len() - 1]);
    }
    Err(SourceError::NotFetched { name: name.clone() })
}

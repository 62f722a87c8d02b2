//! Work with a server, in several attempts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::failure::Failure;
use super::http_client::HttpClient;
use super::netrc::Netrc;
use crate::http_options::HttpOptions;
use crate::monitor::FetchMonitor;

/// How often and how long a server is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts<'a> {
    pub(crate) options: &'a HttpOptions,
    pub(crate) monitor: &'a FetchMonitor,
    /// The longest time that all attempts together may take; without it, one may take as long as the server goes on sending.
    pub(crate) longest: Option<Duration>,
}

impl Attempts<'_> {
    /// As [`run`](Self::run), with a client of HTTP.
    pub(crate) fn run_http<T>(
        &self,
        mut ask: impl AsyncFnMut(&HttpClient) -> Result<T, Failure>,
    ) -> Result<T, (Failure, u32)> {
        let client = HttpClient::new(self.options, Netrc::of_options(self.options, self.monitor));
        let client = client.map_err(|failure| (failure, 1))?;
        self.run(async || ask(&client).await)
    }

    /// Asks until an attempt succeeds, fails for good, or none is left. Cancelling ends it at once. A failure has the number of
    /// attempts.
    pub(crate) fn run<T>(&self, ask: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, (Failure, u32)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| (Failure::Disk(error), 1))?;
        let stopped = Arc::new(Notify::new());
        let stop = stopped.clone();
        let _guard = self.monitor.cancel.on_cancel(move || stop.notify_one());
        let outcome = runtime.block_on(async {
            tokio::select! {
                () = stopped.notified() => Err((Failure::Cancelled, 1)),
                () = tokio::time::sleep(self.longest.unwrap_or(Duration::MAX)) => {
                    Err((Failure::Final("the server has not answered in time".to_owned()), 1))
                }
                outcome = self.attempts(ask) => outcome,
            }
        });
        // A name lookup may still run; do not wait for it.
        runtime.shutdown_background();
        outcome
    }

    async fn attempts<T>(
        &self,
        mut ask: impl AsyncFnMut() -> Result<T, Failure>,
    ) -> Result<T, (Failure, u32)> {
        let (mut backoff, mut attempt) = (self.options.backoff, 1);
        loop {
            match ask().await {
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

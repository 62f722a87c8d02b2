//! Watches requests go by: counts them, and logs a line for each.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http_body::{Frame, SizeHint};
use tonic::body::Body;
use tonic::codegen::{Bytes, http};
use tonic::{Code, Status};
use tower::{Layer, Service};

use crate::metrics::{self, Metrics};

/// Puts an [`Observer`] around services.
#[derive(Clone)]
pub(crate) struct Observe(pub(crate) Arc<Metrics>);

impl<S> Layer<S> for Observe {
    type Service = Observer<S>;

    fn layer(&self, inner: S) -> Observer<S> {
        Observer { inner, metrics: Arc::clone(&self.0) }
    }
}

/// A service whose requests are watched.
#[derive(Clone)]
pub(crate) struct Observer<S> {
    inner: S,
    metrics: Arc<Metrics>,
}

impl<S, B> Service<http::Request<Body>> for Observer<S>
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let mut seen = Observation::of(&request, &self.metrics);
        let received = Arc::clone(&seen.received);
        let request = request.map(|body| Body::new(Incoming { body, received }));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            // Answers without a body have their status in the headers.
            seen.code = Status::from_header_map(response.headers()).map(|status| status.code());
            Ok(response.map(|body| Body::new(Outgoing { body: Body::new(body), seen })))
        })
    }
}

/// What is known of a request. It is told when it goes: at the end of the answer, or when the client does.
struct Observation {
    metrics: Arc<Metrics>,
    path: String,
    client: String,
    since: Instant,
    received: Arc<AtomicU64>,
    sent: u64,
    code: Option<Code>,
}

impl Observation {
    fn of(request: &http::Request<Body>, metrics: &Arc<Metrics>) -> Self {
        metrics.open.inc();
        let agent = request.headers().get(http::header::USER_AGENT);
        Self {
            metrics: Arc::clone(metrics),
            path: request.uri().path().chars().take(200).collect(),
            client: agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned(),
            since: Instant::now(),
            received: Arc::default(),
            sent: 0,
            code: None,
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let (code, took) = (self.code.unwrap_or(Code::Cancelled), self.since.elapsed());
        let (received, sent) = (self.received.load(Ordering::Relaxed), self.sent);
        self.metrics.open.dec();
        self.metrics.answered(&self.path, code, took, received, sent);
        let (method, client) = (self.path.trim_start_matches('/'), &self.client);
        let (code, took_ms) = (metrics::name(code), took.as_secs_f64() * 1000.0);
        tracing::debug!(method, code, took_ms, received, sent, client, "request");
    }
}

/// A request's body, counted.
struct Incoming {
    body: Body,
    received: Arc<AtomicU64>,
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.received.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, counted, whose trailers tell how it ended.
struct Outgoing {
    body: Body,
    seen: Observation,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                self.seen.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                if let Some(trailers) = frame.trailers_ref() {
                    self.seen.code = Status::from_header_map(trailers).map(|status| status.code());
                }
            }
            Some(Err(status)) => self.seen.code = Some(status.code()),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

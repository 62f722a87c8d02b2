//! Middleware that counts every request and writes a log line about it.

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

/// Wraps services in [`RequestMetricsService`].
#[derive(Clone)]
pub(crate) struct RequestMetricsLayer(pub(crate) Arc<Metrics>);

impl<S> Layer<S> for RequestMetricsLayer {
    type Service = RequestMetricsService<S>;

    fn layer(&self, inner: S) -> RequestMetricsService<S> {
        RequestMetricsService { inner, metrics: Arc::clone(&self.0) }
    }
}

/// Counts the requests of the service that it wraps.
#[derive(Clone)]
pub(crate) struct RequestMetricsService<S> {
    inner: S,
    metrics: Arc<Metrics>,
}

impl<S, B> Service<http::Request<Body>> for RequestMetricsService<S>
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
        let mut record = RequestRecord::of(&request, &self.metrics);
        let received = Arc::clone(&record.received);
        let request = request.map(|body| Body::new(CountedRequestBody { body, received }));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            // A response without a body has its status in the headers.
            record.code = Status::from_header_map(response.headers()).map(|status| status.code());
            Ok(response.map(|body| Body::new(CountedResponseBody { body: Body::new(body), record })))
        })
    }
}

/// What is known about a request. It is counted and logged when this is dropped: at the end of the response, or when the
/// client disconnects.
struct RequestRecord {
    metrics: Arc<Metrics>,
    path: String,
    client: String,
    since: Instant,
    received: Arc<AtomicU64>,
    sent: u64,
    code: Option<Code>,
}

impl RequestRecord {
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

impl Drop for RequestRecord {
    fn drop(&mut self) {
        let (code, took) = (self.code.unwrap_or(Code::Cancelled), self.since.elapsed());
        let (received, sent) = (self.received.load(Ordering::Relaxed), self.sent);
        self.metrics.open.dec();
        self.metrics.count_request(&self.path, code, took, received, sent);
        let (method, client) = (self.path.trim_start_matches('/'), &self.client);
        let (code, took_ms) = (metrics::code_name(code), took.as_secs_f64() * 1000.0);
        tracing::debug!(method, code, took_ms, received, sent, client, "request");
    }
}

/// The body of a request, whose bytes are counted.
struct CountedRequestBody {
    body: Body,
    received: Arc<AtomicU64>,
}

impl http_body::Body for CountedRequestBody {
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

/// The body of a response, whose bytes are counted and whose trailers have the status.
struct CountedResponseBody {
    body: Body,
    record: RequestRecord,
}

impl http_body::Body for CountedResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                self.record.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                if let Some(trailers) = frame.trailers_ref() {
                    self.record.code = Status::from_header_map(trailers).map(|status| status.code());
                }
            }
            Some(Err(status)) => self.record.code = Some(status.code()),
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

//! The channel that all requests to a server go through: adds what every request has, and counts.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Instant;

use spec_proto::{Message, reapi};
use tonic::body::Body;
use tonic::codegen::{Body as HttpBody, Bytes, Service, StdError, http};
use tonic::metadata::{BinaryMetadataValue, MetadataValue};
use tonic::transport::Channel;

use crate::bearer_token::BearerToken;
use crate::options::RemoteOptions;
use crate::statistics::StatisticsCounters;

/// The key of REAPI's `RequestMetadata`.
const METADATA: &str = "build.bazel.remote.execution.v2.requestmetadata-bin";

/// A channel that adds the bearer token and REAPI's `RequestMetadata` to every request, and counts requests and bytes.
#[derive(Clone, Debug)]
pub(crate) struct RpcChannel {
    channel: Channel,
    shared: Arc<ChannelState>,
}

#[derive(Debug)]
pub(crate) struct ChannelState {
    pub(crate) token: BearerToken,
    pub(crate) counters: StatisticsCounters,
    metadata: BinaryMetadataValue,
}

impl ChannelState {
    pub(crate) fn new(options: &RemoteOptions, token: BearerToken) -> Self {
        let tool = reapi::ToolDetails {
            tool_name: "spec-host".to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let metadata = reapi::RequestMetadata {
            tool_details: Some(tool),
            correlated_invocations_id: options.invocation.clone(),
            ..Default::default()
        };
        let metadata = MetadataValue::from_bytes(&metadata.encode_to_vec());
        Self { token, counters: StatisticsCounters::default(), metadata }
    }
}

impl RpcChannel {
    pub(crate) fn new(channel: Channel, shared: Arc<ChannelState>) -> Self {
        Self { channel, shared }
    }

    fn add_headers(&self, headers: &mut http::HeaderMap) {
        if let Some(token) = self.shared.token.header()
            && let Ok(mut value) = http::HeaderValue::from_bytes(token.as_bytes())
        {
            value.set_sensitive(true);
            headers.insert(http::header::AUTHORIZATION, value);
        }
        if let Ok(value) = http::HeaderValue::from_bytes(self.shared.metadata.as_encoded_bytes()) {
            headers.insert(METADATA, value);
        }
    }
}

type ResponseFuture = Pin<Box<dyn Future<Output = Result<http::Response<Body>, StdError>> + Send>>;

impl Service<http::Request<Body>> for RpcChannel {
    type Response = http::Response<Body>;
    type Error = StdError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StdError>> {
        Service::poll_ready(&mut self.channel, context).map_err(Into::into)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        self.add_headers(request.headers_mut());
        let shared = Arc::clone(&self.shared);
        let in_flight = RequestInFlight::new(&shared);
        let sent = Arc::clone(&shared);
        let request = request.map(|body| {
            Body::new(CountedBody { body, count: move |bytes| add(&sent.counters.bytes_up, bytes) })
        });
        let (start, answer) = (Instant::now(), Service::call(&mut self.channel, request));
        Box::pin(async move {
            let answer = answer.await;
            shared.counters.latency.add(start.elapsed());
            Ok(answer?.map(|body| {
                // It lives as long as the answer is being received.
                let count = move |bytes| add(&in_flight.0.counters.bytes_down, bytes);
                Body::new(CountedBody { body, count })
            }))
        })
    }
}

fn add(counter: &std::sync::atomic::AtomicU64, bytes: usize) {
    StatisticsCounters::add(counter, bytes as u64);
}

/// A request whose answer was not received to its end.
struct RequestInFlight(Arc<ChannelState>);

impl RequestInFlight {
    fn new(shared: &Arc<ChannelState>) -> Self {
        StatisticsCounters::add(&shared.counters.requests, 1);
        StatisticsCounters::add(&shared.counters.in_flight, 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for RequestInFlight {
    fn drop(&mut self) {
        self.0.counters.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells how many bytes of a body went by.
struct CountedBody<C> {
    body: Body,
    count: C,
}

impl<C: Fn(usize) + Unpin> HttpBody for CountedBody<C> {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, tonic::Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            (self.count)(data.len());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

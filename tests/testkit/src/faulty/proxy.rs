//! Each request on its way: to the real server, or to a fault.

use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bazel_remote_apis::google::rpc;
use spec_proto::{Message, well_known};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::answer_body::{CutBody, MuteBody, WholeBody};
use super::falsified::{falsify, forgets};
use super::fault::{Fault, FaultPlan};

type HttpRequest = http::Request<Body>;
type HttpResponse = http::Response<Body>;

/// Passes requests on, and their answers back.
#[derive(Clone)]
pub(super) struct FaultyProxy {
    upstream: Channel,
    plan: Arc<Mutex<FaultPlan>>,
}

impl FaultyProxy {
    pub(super) fn new(upstream: Channel, plan: Arc<Mutex<FaultPlan>>) -> FaultyProxy {
        FaultyProxy { upstream, plan }
    }

    async fn handle(self, request: HttpRequest) -> HttpResponse {
        let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
        let fault = self.plan.lock().unwrap_or_else(PoisonError::into_inner).take(&method);
        match fault {
            None => self.forward(request).await,
            Some(Fault::Hang) => pending().await,
            Some(Fault::Mute) => mute(),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.forward(request).await
            }
            Some(Fault::Refuse(code, why)) => Status::new(code, why).into_http(),
            Some(Fault::Throttle(time)) => throttled(time).into_http(),
            Some(Fault::Cut(bytes)) => {
                self.forward(request).await.map(|body| Body::new(CutBody::new(body, bytes)))
            }
            Some(Fault::LargestBatch(bytes)) => self.forward_unless_larger(request, bytes).await,
            Some(Fault::Forget) if forgets(&method) => {
                Status::new(Code::NotFound, "this blob is not here").into_http()
            }
            Some(fault) => self.forward_falsified(request, &method, &fault).await,
        }
    }

    async fn forward(mut self, request: HttpRequest) -> HttpResponse {
        let answer = match std::future::poll_fn(|context| self.upstream.poll_ready(context)).await {
            Ok(()) => self.upstream.call(request).await,
            Err(error) => Err(error),
        };
        answer.unwrap_or_else(|error| Status::new(Code::Unavailable, error.to_string()).into_http())
    }

    /// Passes on a request and its answer, if both are small.
    async fn forward_unless_larger(self, request: HttpRequest, largest: usize) -> HttpResponse {
        let refuse = |size| {
            let why = format!("a total of {size} bytes, while a maximum of {largest} bytes is permitted");
            Status::invalid_argument(why).into_http()
        };
        let (head, body) = request.into_parts();
        let sent = match WholeBody::read(body).await {
            Ok(sent) if sent.size() > largest => return refuse(sent.size()),
            Ok(sent) => http::Request::from_parts(head, Body::new(sent)),
            Err(status) => return status.into_http(),
        };
        let (head, body) = self.forward(sent).await.into_parts();
        match WholeBody::read(body).await {
            Ok(answer) if answer.size() > largest => refuse(answer.size()),
            Ok(answer) => http::Response::from_parts(head, Body::new(answer)),
            Err(status) => status.into_http(),
        }
    }

    /// Reads the whole answer and passes on what becomes of it.
    async fn forward_falsified(self, request: HttpRequest, method: &str, fault: &Fault) -> HttpResponse {
        let plan = Arc::clone(&self.plan);
        let (head, body) = self.forward(request).await.into_parts();
        match WholeBody::read(body).await {
            Ok(mut whole) => {
                let mut plan = plan.lock().unwrap_or_else(PoisonError::into_inner);
                whole.edit(|message| falsify(method, fault, message, &mut plan.others_result));
                http::Response::from_parts(head, Body::new(whole))
            }
            Err(status) => status.into_http(),
        }
    }
}

/// The beginning of an answer that does not go on.
fn mute() -> HttpResponse {
    let mut answer = http::Response::new(Body::new(MuteBody));
    answer
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/grpc"));
    answer
}

/// The status of a server that wants to be asked again after this time.
fn throttled(time: Duration) -> Status {
    let (code, message) = (Code::ResourceExhausted, "too many requests; come again");
    let (seconds, nanos) = (time.as_secs().cast_signed(), time.subsec_nanos().cast_signed());
    let delay = well_known::Duration { seconds, nanos }.encode_to_vec();
    // `google.rpc.RetryInfo` has it as its first field.
    let length = u8::try_from(delay.len()).expect("a duration is short");
    let info = well_known::Any {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: [&[0x0a, length], &delay[..]].concat(),
    };
    let details = rpc::Status { code: code as i32, message: message.to_owned(), details: vec![info] };
    Status::with_details(code, message, details.encode_to_vec().into())
}

impl Service<HttpRequest> for FaultyProxy {
    type Response = HttpResponse;
    type Error = Infallible;
    type Future = BoxFuture<HttpResponse, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest) -> Self::Future {
        let proxy = self.clone();
        Box::pin(async move { Ok(proxy.handle(request).await) })
    }
}

//! Executions on servers whose streams break, are silent, or answer with what they should not.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::VecDeque;
use std::future::pending;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bazel_remote_apis::google::longrunning::operations_server::{Operations, OperationsServer};
use bazel_remote_apis::google::longrunning::{self, Operation, operation};
use bazel_remote_apis::google::rpc;
use spec_model::{Digest, UserError};
use spec_proto::reapi::execution_server::{Execution, ExecutionServer};
use spec_proto::{Message, reapi, well_known};
use spec_remote::{ActionToExecute, ExecutionAnswer, Remote, RemoteError, RemoteHealth, RemoteOptions};
use tokio_stream::wrappers::{ReceiverStream, UnixListenerStream};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status};

/// What a stream does: says things, and then ends or goes on in silence.
#[derive(Clone)]
enum Said {
    Operation(Box<Operation>),
    Error(Status),
    Silence,
    /// It takes a while; as the first, before it answers at all.
    Late,
}

/// Says of each request to execute, or to wait, what comes next; keeps a list of the requests.
#[derive(Clone, Default)]
struct Scripted {
    streams: Arc<Mutex<VecDeque<Vec<Said>>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

type Stages = ReceiverStream<Result<Operation, Status>>;

impl Scripted {
    async fn stream(&self, request: String) -> Result<Response<Stages>, Status> {
        self.requests.lock().unwrap().push(request);
        let script = self.streams.lock().unwrap().pop_front().unwrap_or_default();
        if let Some(Said::Late) = script.first() {
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        if let [Said::Error(status)] = &script[..] {
            return Err(status.clone());
        }
        let (sender, receiver) = tokio::sync::mpsc::channel(8);
        tokio::spawn(async move {
            for said in script {
                match said {
                    Said::Operation(operation) => _ = sender.send(Ok(*operation)).await,
                    Said::Error(status) => _ = sender.send(Err(status)).await,
                    Said::Silence => sender.closed().await,
                    Said::Late => tokio::time::sleep(Duration::from_millis(150)).await,
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

#[tonic::async_trait]
impl Execution for Scripted {
    type ExecuteStream = Stages;

    async fn execute(&self, request: Request<reapi::ExecuteRequest>) -> Result<Response<Stages>, Status> {
        let has_metadata =
            request.metadata().contains_key("build.bazel.remote.execution.v2.requestmetadata-bin");
        let priority = request.get_ref().execution_policy.as_ref().map_or(0, |policy| policy.priority);
        self.stream(format!("execute {priority} {has_metadata}")).await
    }

    type WaitExecutionStream = Stages;

    async fn wait_execution(
        &self,
        request: Request<reapi::WaitExecutionRequest>,
    ) -> Result<Response<Stages>, Status> {
        self.stream(format!("wait {}", request.into_inner().name)).await
    }
}

#[tonic::async_trait]
impl Operations for Scripted {
    async fn list_operations(
        &self,
        _: Request<longrunning::ListOperationsRequest>,
    ) -> Result<Response<longrunning::ListOperationsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get_operation(
        &self,
        request: Request<longrunning::GetOperationRequest>,
    ) -> Result<Response<Operation>, Status> {
        self.requests.lock().unwrap().push(format!("get {}", request.into_inner().name));
        Ok(Response::new(*done(OTHER_NAME)))
    }

    async fn delete_operation(
        &self,
        _: Request<longrunning::DeleteOperationRequest>,
    ) -> Result<Response<well_known::Empty>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn cancel_operation(
        &self,
        request: Request<longrunning::CancelOperationRequest>,
    ) -> Result<Response<well_known::Empty>, Status> {
        self.requests.lock().unwrap().push(format!("cancel {}", request.into_inner().name));
        Ok(Response::new(well_known::Empty {}))
    }

    async fn wait_operation(
        &self,
        _: Request<longrunning::WaitOperationRequest>,
    ) -> Result<Response<Operation>, Status> {
        Err(Status::unimplemented(""))
    }
}

const NAME: &str = "operations/1";
const OTHER_NAME: &str = "operations/2";

fn action() -> Digest {
    Digest::of(b"action")
}

fn wire(digest: &Digest) -> reapi::Digest {
    reapi::Digest { hash: digest.hex(), size_bytes: digest.size().cast_signed() }
}

fn operation(name: &str, of: &Digest, response: Option<reapi::ExecuteResponse>) -> Box<Operation> {
    let metadata = reapi::ExecuteOperationMetadata { action_digest: Some(wire(of)), ..Default::default() };
    let any = |value| well_known::Any { type_url: String::new(), value };
    Box::new(Operation {
        name: name.to_owned(),
        metadata: Some(any(metadata.encode_to_vec())),
        done: response.is_some(),
        result: response.map(|response| operation::Result::Response(any(response.encode_to_vec()))),
    })
}

fn queued() -> Said {
    Said::Operation(operation(NAME, &action(), None))
}

/// An operation at this stage.
fn at(stage: reapi::execution_stage::Value) -> Said {
    let metadata = reapi::ExecuteOperationMetadata {
        stage: stage as i32,
        action_digest: Some(wire(&action())),
        ..Default::default()
    };
    let metadata = well_known::Any { type_url: String::new(), value: metadata.encode_to_vec() };
    Said::Operation(Box::new(Operation { metadata: Some(metadata), ..*operation(NAME, &action(), None) }))
}

fn answer(code: Code, message: &str, result: Option<reapi::ActionResult>) -> reapi::ExecuteResponse {
    let status = rpc::Status { code: code as i32, message: message.to_owned(), details: Vec::new() };
    reapi::ExecuteResponse { status: Some(status), result, ..Default::default() }
}

fn done(name: &str) -> Box<Operation> {
    operation(name, &action(), Some(answer(Code::Ok, "", Some(reapi::ActionResult::default()))))
}

fn ended(code: Code) -> Said {
    Said::Operation(operation(NAME, &action(), Some(answer(code, "so it is", None))))
}

/// A connection to a server that says this.
fn connect(folder: &Path, streams: Vec<Vec<Said>>) -> (Remote, Scripted) {
    let socket = folder.join("socket");
    let _ = std::fs::remove_file(&socket);
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let scripted = Scripted { streams: Arc::new(Mutex::new(streams.into())), ..Scripted::default() };
    let server = Server::builder()
        .add_service(ExecutionServer::new(scripted.clone()))
        .add_service(OperationsServer::new(scripted.clone()));
    // It ends with the test.
    tokio::spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
    (Remote::new(options(folder)).unwrap(), scripted)
}

fn options(folder: &Path) -> RemoteOptions {
    let address = format!("unix:{}", folder.join("socket").display()).parse().unwrap();
    let mut options = RemoteOptions::new(address);
    options.heartbeat = Duration::from_millis(300);
    options.retry_delay = Duration::from_millis(1);
    options.retries = 2;
    options
}

fn to_execute(priority: i32) -> ActionToExecute {
    let (action, inline_files) = (action(), Vec::new());
    ActionToExecute { action, skip_cache_lookup: false, priority, longest_wait: None, inline_files }
}

async fn execute(remote: &Remote) -> Result<ExecutionAnswer, RemoteError> {
    let action = to_execute(7);
    tokio::time::timeout(Duration::from_secs(20), remote.execute(&action, pending(), pending()))
        .await
        .unwrap()
}

#[tokio::test]
async fn an_execution_is_followed_through_broken_and_silent_streams() {
    let folder = tempfile::tempdir().unwrap();
    let gone = || vec![Said::Error(Status::not_found("no such operation"))];
    let lacks = || vec![Said::Error(Status::unimplemented("no WaitExecution"))];
    let (whole, broken) = (vec![queued(), Said::Operation(done(NAME))], vec![queued()]);
    let (execute_it, wait) = ("execute 7 true", "wait operations/1");
    for (what, streams, expect) in [
        ("all is well", vec![whole.clone()], vec![execute_it]),
        ("it is late", vec![vec![Said::Late, Said::Operation(done(NAME))]], vec![execute_it]),
        ("it breaks", vec![broken.clone(), whole.clone()], vec![execute_it, wait]),
        ("it is silent", vec![vec![queued(), Said::Silence], whole.clone()], vec![execute_it, wait]),
        (
            "it fails",
            vec![vec![queued(), Said::Error(Status::unavailable("later"))], whole.clone()],
            vec![execute_it, wait],
        ),
        ("it is lost", vec![broken.clone(), gone(), whole.clone()], vec![execute_it, wait, execute_it]),
        (
            "it cannot be waited for",
            vec![broken.clone(), lacks()],
            vec![execute_it, wait, "get operations/1"],
        ),
        ("a worker is lost", vec![vec![ended(Code::Internal)], whole.clone()], vec![execute_it, execute_it]),
    ] {
        let (remote, scripted) = connect(folder.path(), streams);
        let answer = execute(&remote).await;
        assert!(matches!(answer, Ok(ExecutionAnswer::Done(_))), "{what}: {answer:?}");
        assert_eq!(scripted.requests(), expect, "{what}");
    }
}

#[tokio::test]
async fn an_action_that_somebody_waits_for_is_asked_for_once_more_while_it_waits_for_a_worker() {
    use reapi::execution_stage::Value::{Executing, Queued};
    let folder = tempfile::tempdir().unwrap();
    let soon = || tokio::time::sleep(Duration::from_millis(50));
    let urgent = vec![at(Queued), Said::Operation(done(OTHER_NAME))];
    let (remote, scripted) = connect(folder.path(), vec![vec![at(Queued), Said::Silence], urgent]);
    let answer = remote.execute(&to_execute(7), soon(), pending()).await;
    assert!(matches!(answer, Ok(ExecutionAnswer::Done(_))), "{answer:?}");
    let expect = ["execute 7 true", "execute 0 true", "cancel operations/1"];
    tokio::time::timeout(Duration::from_secs(10), async {
        while scripted.requests() != expect {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{:?}", scripted.requests()));
    // Where the second request fails, the first is followed.
    let refused = vec![Said::Error(Status::invalid_argument("once is enough"))];
    let first = vec![at(Queued), Said::Late, Said::Operation(done(NAME))];
    let (remote, scripted) = connect(folder.path(), vec![first, refused]);
    let answer = remote.execute(&to_execute(7), soon(), pending()).await;
    assert!(matches!(answer, Ok(ExecutionAnswer::Done(_))), "{answer:?}");
    assert_eq!(scripted.requests()[..2], ["execute 7 true", "execute 0 true"]);
    // What runs already runs.
    let (remote, scripted) =
        connect(folder.path(), vec![vec![at(Executing), Said::Late, Said::Operation(done(NAME))]]);
    remote.execute(&to_execute(7), soon(), pending()).await.unwrap();
    assert_eq!(scripted.requests()[0], "execute 7 true");
    assert!(!scripted.requests().contains(&"execute 0 true".to_owned()), "{:?}", scripted.requests());
}

#[tokio::test]
async fn an_action_that_no_worker_takes_finds_the_server_busy() {
    use reapi::execution_stage::Value::Queued;
    let folder = tempfile::tempdir().unwrap();
    let (remote, scripted) = connect(folder.path(), vec![vec![at(Queued), Said::Silence]]);
    let action = ActionToExecute { longest_wait: Some(Duration::from_millis(100)), ..to_execute(0) };
    let answer = remote.execute(&action, pending(), pending()).await.unwrap();
    assert_eq!(answer, ExecutionAnswer::Busy("no worker was free for 100ms".to_owned()));
    assert_eq!(scripted.requests(), ["execute 0 true", "cancel operations/1"]);
}

#[tokio::test]
async fn a_server_that_never_says_a_word_of_an_execution_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (remote, scripted) = connect(folder.path(), vec![vec![queued()], vec![], vec![], vec![], vec![]]);
    assert!(matches!(execute(&remote).await, Err(RemoteError::Failed { .. })));
    let waits = scripted.requests().iter().filter(|request| request.starts_with("wait")).count();
    assert_eq!(waits, 11, "streams that end without a word are counted");
}

#[tokio::test]
async fn what_will_never_work_is_told_from_what_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    for (code, expect) in [
        (Code::ResourceExhausted, ExecutionAnswer::Busy("so it is".to_owned())),
        (Code::FailedPrecondition, ExecutionAnswer::Refused("so it is".to_owned())),
        (Code::InvalidArgument, ExecutionAnswer::Invalid("so it is".to_owned())),
        (Code::NotFound, ExecutionAnswer::Missing(Vec::new())),
        (Code::DeadlineExceeded, ExecutionAnswer::TimedOut { result: None, logs: Vec::new() }),
    ] {
        let (remote, scripted) = connect(folder.path(), vec![vec![ended(code)]]);
        assert_eq!(execute(&remote).await.unwrap(), expect, "{code:?}");
        assert_eq!(scripted.requests().len(), 1, "{code:?}");
    }
    let (remote, scripted) = connect(folder.path(), vec![vec![ended(Code::Internal)]; 9]);
    assert!(matches!(execute(&remote).await, Err(RemoteError::Failed { .. })));
    assert_eq!(scripted.requests().len(), 3, "once, and twice again");
    assert_eq!(remote.health(), RemoteHealth::Available, "it answers");
}

#[tokio::test]
async fn an_answer_that_cannot_be_is_the_servers_fault() {
    let folder = tempfile::tempdir().unwrap();
    let other = operation(NAME, &Digest::of(b"other"), Some(answer(Code::Ok, "", Some(Default::default()))));
    let bad_digest = reapi::OutputFile {
        path: "out".to_owned(),
        digest: Some(reapi::Digest { hash: "12".to_owned(), size_bytes: 1 }),
        ..Default::default()
    };
    let malformed = reapi::ActionResult { output_files: vec![bad_digest], ..Default::default() };
    let malformed = operation(NAME, &action(), Some(answer(Code::Ok, "", Some(malformed))));
    let without = operation(NAME, &action(), Some(answer(Code::Ok, "", None)));
    let garbage = Operation {
        result: Some(operation::Result::Response(well_known::Any {
            type_url: String::new(),
            value: vec![0xff; 9],
        })),
        ..*done(NAME)
    };
    for wrong in [other, malformed, without, Box::new(garbage)] {
        let (remote, _) = connect(folder.path(), vec![vec![Said::Operation(wrong)]]);
        assert_eq!(execute(&remote).await.unwrap_err().reason(), "remote-broken");
    }
}

#[tokio::test]
async fn an_execution_that_is_not_wanted_any_more_is_cancelled_there() {
    let folder = tempfile::tempdir().unwrap();
    let (remote, scripted) = connect(folder.path(), vec![vec![queued(), Said::Silence]]);
    let action = to_execute(0);
    let soon = tokio::time::sleep(Duration::from_millis(100));
    assert_eq!(remote.execute(&action, pending(), soon).await.unwrap(), ExecutionAnswer::Cancelled);
    assert_eq!(scripted.requests(), ["execute 0 true", "cancel operations/1"]);
}

#[tokio::test]
async fn a_server_that_is_away_is_not_asked_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let remote = Remote::new(options(folder.path())).unwrap();
    assert!(matches!(execute(&remote).await, Err(RemoteError::Unreachable { .. })));
    assert!(matches!(remote.health(), RemoteHealth::Away { .. }));
    let asked = remote.statistics();
    assert_eq!((asked.requests, asked.retries, asked.errors), (3, 2, 3));
    assert!(matches!(execute(&remote).await, Err(RemoteError::Away { .. })));
    assert_eq!(remote.statistics().requests, 3, "nothing was sent");
    let (_, scripted) = connect(folder.path(), vec![vec![Said::Operation(done(NAME))]]);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(matches!(execute(&remote).await, Ok(ExecutionAnswer::Done(_))), "it is back");
    assert_eq!((remote.health(), scripted.requests().len()), (RemoteHealth::Available, 1));
    assert_eq!(remote.statistics().in_flight, 0);
}

#[tokio::test]
async fn a_server_that_takes_requests_and_answers_none_costs_its_time_out() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let mut options = options(folder.path());
    options.request_timeout = Duration::from_millis(500);
    let remote = Remote::new(options).unwrap();
    let start = std::time::Instant::now();
    let answer = execute(&remote).await;
    assert!(answer.as_ref().is_err_and(RemoteError::is_absence), "{answer:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(matches!(remote.health(), RemoteHealth::Away { .. }));
    drop(listener);
}

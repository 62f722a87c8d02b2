//! Following an execution on a server until it is done, through streams that break.

use std::time::{Duration, Instant};

use bazel_remote_apis::google::longrunning::operations_client::OperationsClient;
use bazel_remote_apis::google::longrunning::{CancelOperationRequest, GetOperationRequest, Operation};
use spec_action::wire::digest_to_proto;
use spec_proto::reapi;
use spec_proto::reapi::capabilities_client::CapabilitiesClient;
use spec_proto::reapi::execution_client::ExecutionClient;
use tonic::{Code, Request, Status, Streaming};

use crate::connect::RetryLimits;
use crate::error::RemoteError;
use crate::execute_request::{ActionToExecute, EXECUTE, Ended};
use crate::precondition::with_details;
use crate::execution_stage::OperationStage;
use crate::remote::{MAX_MESSAGE, Remote};
use crate::retry::{AttemptError, is_transient};
use crate::rpc_channel::RpcChannel;

/// How long the server may take to hear that an execution is not wanted any more.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an execution may take with all attempts to start it.
const LONGEST_EXECUTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often an operation that the server does not know any more is started again.
const MOST_RESTARTS: u32 = 3;

/// One execution on a server, which is cancelled there when this is dropped before it ended.
pub(crate) struct ExecutionStream<'a> {
    remote: &'a Remote,
    action: &'a ActionToExecute,
    /// The operation, once the server has named it.
    name: OperationName,
    stage: OperationStage,
    restarts: u32,
}

/// What a stream came to.
enum Step {
    Ended(Ended),
    /// The stream broke or was silent; the operation may go on.
    Broken,
    /// The server does not know the operation.
    Unknown,
}

impl<'a> ExecutionStream<'a> {
    pub(crate) fn new(remote: &'a Remote, action: &'a ActionToExecute) -> Self {
        let name = OperationName { remote: remote.clone(), name: None };
        Self { remote, action, name, stage: OperationStage::new(remote), restarts: 0 }
    }

    /// Follows the execution to its end.
    pub(crate) async fn follow(&mut self) -> Result<Ended, RemoteError> {
        let mut stream = match self.start().await? {
            Ok(stream) => stream,
            Err(ended) => return Ok(ended),
        };
        loop {
            let step = self.read(&mut stream).await;
            let again = match (step, self.name.name.clone()) {
                (Step::Ended(ended), _) => {
                    self.name.name = None;
                    return Ok(ended);
                }
                (Step::Broken, Some(name)) => self.wait(&name).await?,
                (Step::Broken | Step::Unknown, _) => Err(Step::Unknown),
            };
            stream = match again {
                Ok(stream) => stream,
                Err(Step::Ended(ended)) => {
                    self.name.name = None;
                    return Ok(ended);
                }
                Err(Step::Broken | Step::Unknown) => match self.restart().await? {
                    Ok(stream) => stream,
                    Err(ended) => return Ok(ended),
                },
            };
        }
    }

    /// Tells the server that nobody waits for the operation any more, and waits until it has heard.
    pub(crate) async fn cancel(&mut self) {
        if let Some(name) = self.name.name.take() {
            self.remote.clone().cancel(name).await;
        }
    }

    /// Asks the server to execute the action.
    async fn start(&self) -> Result<Result<Streaming<Operation>, Ended>, RemoteError> {
        let remote = self.remote;
        let message = reapi::ExecuteRequest {
            instance_name: remote.instance(),
            skip_cache_lookup: self.action.skip_cache_lookup,
            action_digest: Some(digest_to_proto(&self.action.action)),
            execution_policy: Some(reapi::ExecutionPolicy { priority: remote.nearest_priority(self.action.priority) }),
            digest_function: remote.wire_function(),
            inline_stdout: true,
            inline_stderr: true,
            inline_output_files: self.action.inline_files.clone(),
            ..Default::default()
        };
        let execute = || async {
            let mut client = remote.execution();
            // Without a deadline that the server hears of: it would end the execution.
            let request = client.execute(Request::new(message.clone()));
            match self.while_it_answers(request).await? {
                Ok(stream) => Ok(Ok(stream.into_inner())),
                Err(status) if is_transient(status.code()) || is_denial(&status) => Err(status.into()),
                Err(status) => Ok(Err(Ended::Status(with_details(&status)))),
            }
        };
        // Some servers say nothing before the action is executed.
        remote.retry_within(RetryLimits::of_transfer(LONGEST_EXECUTION), EXECUTE, execute).await
    }

    /// Waits for the first answer to a request as long as the server answers other ones.
    async fn while_it_answers<T>(&self, request: impl Future<Output = T>) -> Result<T, AttemptError> {
        let mut request = std::pin::pin!(request);
        loop {
            if let Ok(answer) = tokio::time::timeout(self.remote.options().heartbeat, &mut request).await {
                return Ok(answer);
            }
            self.remote.check_alive().await.map_err(AttemptError::Silent)?;
        }
    }

    async fn restart(&mut self) -> Result<Result<Streaming<Operation>, Ended>, RemoteError> {
        self.restarts += 1;
        self.name.name = None;
        if self.restarts > MOST_RESTARTS {
            let why = "it lost the execution again and again".to_owned();
            return Err(RemoteError::Failed { address: self.remote.address(), action: EXECUTE, why });
        }
        self.start().await
    }

    /// Reads a stream until it ends.
    async fn read(&mut self, stream: &mut Streaming<Operation>) -> Step {
        let mut heartbeat = Heartbeat::new(self.remote.options().heartbeat);
        loop {
            match tokio::time::timeout(heartbeat.rest(), stream.message()).await {
                Ok(Ok(Some(operation))) => {
                    heartbeat.heard();
                    self.stage.note(&operation);
                    if !operation.name.is_empty() {
                        self.name.name = Some(operation.name.clone());
                    }
                    if operation.done {
                        return Step::Ended(Ended::Operation(Box::new(operation)));
                    }
                }
                Ok(Ok(None)) | Err(_) => return Step::Broken,
                Ok(Err(status)) if is_transient(status.code()) || status.code() == Code::Internal => {
                    return Step::Broken;
                }
                Ok(Err(status)) => return Step::Ended(Ended::Status(with_details(&status))),
            }
        }
    }

    /// Asks for a new stream of an operation, or for how it stands where the server has no such streams.
    async fn wait(&mut self, name: &str) -> Result<Result<Streaming<Operation>, Step>, RemoteError> {
        let remote = self.remote;
        let ask = || async {
            let message = reapi::WaitExecutionRequest { name: name.to_owned() };
            match remote.execution().wait_execution(Request::new(message)).await {
                Ok(stream) => Ok(Ok(stream.into_inner())),
                Err(status) if status.code() == Code::NotFound => Ok(Err(Step::Unknown)),
                Err(status) if status.code() == Code::Unimplemented => Ok(Err(Step::Broken)),
                Err(status) if is_transient(status.code()) || is_denial(&status) => Err(status.into()),
                Err(status) => Ok(Err(Step::Ended(Ended::Status(with_details(&status))))),
            }
        };
        match remote.retry(EXECUTE, ask).await? {
            Err(Step::Broken) => Ok(Err(self.poll(name).await?)),
            other => Ok(other),
        }
    }

    /// Asks how an operation stands until it is done.
    async fn poll(&self, name: &str) -> Result<Step, RemoteError> {
        loop {
            let ask = || async {
                let message = GetOperationRequest { name: name.to_owned() };
                match self.remote.operations().get_operation(self.remote.request(message, 0)).await {
                    Ok(operation) => Ok(Some(operation.into_inner())),
                    Err(status) if status.code() == Code::NotFound => Ok(None),
                    Err(status) => Err(AttemptError::Status(status)),
                }
            };
            match self.remote.retry(EXECUTE, ask).await? {
                None => return Ok(Step::Unknown),
                Some(done) if done.done => return Ok(Step::Ended(Ended::Operation(Box::new(done)))),
                Some(_) => tokio::time::sleep(self.remote.options().heartbeat / 4).await,
            }
        }
    }
}

/// The server does not accept the token: it may be an old one.
fn is_denial(status: &Status) -> bool {
    matches!(status.code(), Code::Unauthenticated)
}

impl Remote {
    /// Asks the server for something that costs it nothing.
    async fn check_alive(&self) -> Result<(), Status> {
        let message = reapi::GetCapabilitiesRequest { instance_name: self.instance() };
        let mut client = CapabilitiesClient::new(self.channel());
        match client.get_capabilities(self.request(message, 0)).await {
            Err(status) if is_transient(status.code()) => Err(status),
            // A server that has no capabilities is alive as well.
            _ => Ok(()),
        }
    }

    fn execution(&self) -> ExecutionClient<RpcChannel> {
        ExecutionClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    fn operations(&self) -> OperationsClient<RpcChannel> {
        OperationsClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    async fn cancel(self, name: String) {
        let mut request = Request::new(CancelOperationRequest { name });
        request.set_timeout(CANCEL_TIMEOUT);
        // A server that does not cancel finishes in vain.
        let _ = self.operations().cancel_operation(request).await;
    }
}

/// The name of an operation that goes on. Dropping it cancels the operation.
struct OperationName {
    remote: Remote,
    name: Option<String>,
}

impl Drop for OperationName {
    fn drop(&mut self) {
        if let Some(name) = self.name.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(self.remote.clone().cancel(name));
        }
    }
}

/// When a server was last heard of.
#[derive(Debug)]
struct Heartbeat {
    interval: Duration,
    heard: Instant,
}

impl Heartbeat {
    fn new(interval: Duration) -> Self {
        Self { interval, heard: Instant::now() }
    }

    fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// How long the server may still be silent.
    fn rest(&self) -> Duration {
        self.interval.saturating_sub(self.heard.elapsed())
    }
}

//! Following an execution on a server until it is done, through streams that break.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
use crate::operation_stage::ObservedStage;
use crate::remote::{MAX_MESSAGE, Remote};
use crate::retry::{AttemptError, is_transient};
use crate::rpc_channel::RpcChannel;
use crate::status_details::with_details;

/// How long the server may take to hear that an execution is not wanted any more.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an execution may take with all attempts to start it.
const LONGEST_EXECUTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// How often an operation that the server does not know any more is started again.
const MOST_RESTARTS: u32 = 3;
/// How often in a row a server may say nothing of an execution within the time of a heartbeat, or end a stream without a word.
const MOST_SILENCES: u32 = 10;
/// The longest pause between streams that end at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One execution on a server, which is cancelled there when this is dropped before it ended.
pub(crate) struct ExecutionStream<'a> {
    remote: &'a Remote,
    action: &'a ActionToExecute,
    priority: i32,
    /// The operation, once the server has named it.
    name: OperationName,
    pub(crate) stage: ObservedStage,
    /// Whether the last stream said something.
    heard: AtomicBool,
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
    pub(crate) fn new(remote: &'a Remote, action: &'a ActionToExecute, priority: i32) -> Self {
        let name = OperationName { remote: remote.clone(), name: Mutex::default() };
        let (stage, heard) = (ObservedStage::new(remote), AtomicBool::new(false));
        Self { remote, action, priority, name, stage, heard }
    }

    /// Follows the execution to its end. To be called once.
    pub(crate) async fn follow(&self) -> Result<Ended, RemoteError> {
        let (mut restarts, mut silences) = (0, 0);
        let mut stream = match self.start().await? {
            Ok(stream) => stream,
            Err(ended) => return Ok(ended),
        };
        loop {
            let step = self.read(&mut stream).await;
            silences = if self.heard.swap(false, Ordering::Relaxed) { 0 } else { silences + 1 };
            let again = match (step, self.name.get()) {
                (Step::Ended(ended), _) => Err(Step::Ended(ended)),
                _ if silences > MOST_SILENCES => return Err(self.lost("it says nothing of the execution")),
                (Step::Broken, Some(name)) => {
                    tokio::time::sleep(self.pause(silences)).await;
                    self.wait(&name).await?
                }
                (Step::Broken | Step::Unknown, _) => Err(Step::Unknown),
            };
            stream = match again {
                Ok(stream) => stream,
                Err(Step::Ended(ended)) => {
                    self.name.set(None);
                    return Ok(ended);
                }
                Err(Step::Broken | Step::Unknown) => {
                    restarts += 1;
                    self.name.set(None);
                    if restarts > MOST_RESTARTS {
                        return Err(self.lost("it lost the execution again and again"));
                    }
                    match self.start().await? {
                        Ok(stream) => stream,
                        Err(ended) => return Ok(ended),
                    }
                }
            };
        }
    }

    /// Tells the server that nobody waits for the operation any more, and waits until it has heard.
    pub(crate) async fn cancel(&self) {
        if let Some(name) = self.name.take() {
            self.remote.clone().cancel(name).await;
        }
    }

    /// Takes it that another stream has followed the operation of this name to its end.
    pub(crate) fn is_over(&self, name: &str) {
        self.name.forget(name);
    }

    /// The pause before the server is asked again for an execution of which it said nothing so often.
    fn pause(&self, silences: u32) -> Duration {
        (self.remote.options().retry_delay * 2u32.saturating_pow(silences)).min(LONGEST_PAUSE)
    }

    /// The limits of questions about the execution.
    fn limits(&self) -> RetryLimits {
        RetryLimits::of_question(self.remote.options().request_timeout).of_execution()
    }

    fn lost(&self, why: &str) -> RemoteError {
        RemoteError::Failed { address: self.remote.address(), action: EXECUTE, why: why.to_owned() }
    }

    /// Asks the server to execute the action.
    async fn start(&self) -> Result<Result<Streaming<Operation>, Ended>, RemoteError> {
        let remote = self.remote;
        let message = reapi::ExecuteRequest {
            instance_name: remote.instance(),
            skip_cache_lookup: self.action.skip_cache_lookup,
            action_digest: Some(digest_to_proto(&self.action.action)),
            execution_policy: Some(reapi::ExecutionPolicy {
                priority: remote.nearest_priority(self.priority),
            }),
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
        let limits = RetryLimits::of_transfer(LONGEST_EXECUTION).of_execution();
        remote.retry_within(limits, EXECUTE, execute).await
    }

    /// Waits for the first answer to a request as long as the server answers other ones, but not for ever.
    async fn while_it_answers<T>(&self, request: impl Future<Output = T>) -> Result<T, AttemptError> {
        let mut request = std::pin::pin!(request);
        let heartbeat = self.remote.options().heartbeat;
        for _ in 0..MOST_SILENCES {
            if let Ok(answer) = tokio::time::timeout(heartbeat, &mut request).await {
                return Ok(answer);
            }
            self.remote.check_alive().await.map_err(AttemptError::Silent)?;
        }
        let silence = heartbeat * MOST_SILENCES;
        let why = format!("it has said nothing of the execution for {silence:.0?}");
        Err(AttemptError::Silent(Status::deadline_exceeded(why)))
    }

    /// Reads a stream until it ends.
    async fn read(&self, stream: &mut Streaming<Operation>) -> Step {
        let mut heartbeat = Heartbeat::new(self.remote.options().heartbeat);
        loop {
            match tokio::time::timeout(heartbeat.rest(), stream.message()).await {
                Ok(Ok(Some(operation))) => {
                    heartbeat.heard();
                    self.heard.store(true, Ordering::Relaxed);
                    self.stage.note(&operation);
                    if !operation.name.is_empty() {
                        self.name.set(Some(operation.name.clone()));
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
    async fn wait(&self, name: &str) -> Result<Result<Streaming<Operation>, Step>, RemoteError> {
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
        match remote.retry_within(self.limits(), EXECUTE, ask).await? {
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
            match self.remote.retry_within(self.limits(), EXECUTE, ask).await? {
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
    name: Mutex<Option<String>>,
}

impl OperationName {
    fn get(&self) -> Option<String> {
        self.lock().clone()
    }

    fn set(&self, name: Option<String>) {
        *self.lock() = name;
    }

    fn take(&self) -> Option<String> {
        self.lock().take()
    }

    fn forget(&self, name: &str) {
        self.lock().take_if(|own| own == name);
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OperationName {
    fn drop(&mut self) {
        if let Some(name) = self.take()
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

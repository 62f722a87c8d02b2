//! `Execution`: executes actions.

use std::sync::Arc;

use bazel_remote_apis::google::longrunning;
use spec_execution as executor;
use spec_model::Digest;
use spec_proto::reapi;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::digest_backend::DigestBackend;
use crate::from_proto;
use crate::inline_contents::InlineRequest;
use crate::operation_state::ExecutionStage;
use crate::operation_to_proto;
use crate::operations::AttachedClient;
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;

pub(crate) struct ExecutionService {
    pub(crate) context: ServiceContext,
}

type OperationMessage = Result<longrunning::Operation, Status>;

#[tonic::async_trait]
impl reapi::execution_server::Execution for ExecutionService {
    type ExecuteStream = ReceiverStream<OperationMessage>;

    async fn execute(
        &self,
        request: Request<reapi::ExecuteRequest>,
    ) -> Result<Response<Self::ExecuteStream>, Status> {
        Access::of(&request).require_write()?;
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let attached = self.start(backend, action, request).await?;
        Ok(Response::new(stream_stages(self.context.clone(), attached).await))
    }

    type WaitExecutionStream = ReceiverStream<OperationMessage>;

    async fn wait_execution(
        &self,
        request: Request<reapi::WaitExecutionRequest>,
    ) -> Result<Response<Self::WaitExecutionStream>, Status> {
        let operation = self.context.operations.find(&request.get_ref().name)?;
        Ok(Response::new(stream_stages(self.context.clone(), AttachedClient::to(operation)).await))
    }
}

impl ExecutionService {
    async fn start(
        &self,
        backend: Arc<DigestBackend>,
        action: Digest,
        request: reapi::ExecuteRequest,
    ) -> Result<AttachedClient, RequestError> {
        let executions = backend.executions()?;
        let inline = InlineRequest {
            stdout: request.inline_stdout,
            stderr: request.inline_stderr,
            files: request.inline_output_files,
        };
        let execute = executor::ActionRequest {
            action,
            priority: request.execution_policy.map_or(0, |policy| policy.priority),
            primed: false,
            skip_cache_lookup: request.skip_cache_lookup,
            recording: self.context.recording.clone(),
            rights: Arc::clone(&self.context.options.rights),
            trees: Arc::default(),
        };
        let attached = self.context.operations.create(&request.instance_name, backend, action, inline)?;
        let (state, operation) = (attached.0.state.clone(), Arc::clone(&attached.0));
        let submit = move || {
            let pending =
                executions.submit(&execute, move |progress| state.advance(ExecutionStage::from(progress)));
            // Set here and not after the await: the client may have disconnected by then.
            pending.map(|pending| operation.set_pending(pending))
        };
        let to_error = |error| attached.0.backend.request_error(error);
        let submitted = self.context.blocking.run(submit).await;
        if let Err(error) = submitted.and_then(|submitted| submitted.map_err(to_error)) {
            self.context.operations.remove(&attached.0.name);
            return Err(error);
        }
        Ok(attached)
    }
}

/// Streams the stages of an operation to a client until it is completed or the client disconnects. A completed operation
/// needs no task.
async fn stream_stages(
    context: ServiceContext,
    attached: AttachedClient,
) -> ReceiverStream<OperationMessage> {
    let (sender, receiver) = mpsc::channel(2);
    let stage = attached.0.state.stage();
    if stage.is_final() {
        let message =
            operation_to_proto::operation_at(&context, &attached.0, stage).await.map_err(Status::from);
        // The channel has room for one message.
        let _ = sender.try_send(message);
    } else {
        tokio::spawn(send_stages(context, attached, sender));
    }
    ReceiverStream::new(receiver)
}

async fn send_stages(
    context: ServiceContext,
    attached: AttachedClient,
    sender: mpsc::Sender<OperationMessage>,
) {
    let operation = &attached.0;
    let mut stages = operation.state.watch();
    loop {
        let stage = stages.borrow_and_update().clone();
        let is_last = stage.is_final();
        let message =
            operation_to_proto::operation_at(&context, operation, stage).await.map_err(Status::from);
        if sender.send(message).await.is_err() || is_last {
            return;
        }
        tokio::select! {
            changed = stages.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
    }
}

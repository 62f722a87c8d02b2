//! `Execution`: actions are run and waited for.

use std::sync::Arc;

use bazel_remote_apis::google::longrunning;
use spec_execution as executor;
use spec_model::Digest;
use spec_proto::reapi;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::context::Context;
use crate::course::Stage;
use crate::from_proto;
use crate::operations::Attached;
use crate::realm::Realm;
use crate::refusal::Refusal;
use crate::results::Inline;
use crate::to_operation;

pub(crate) struct Execution {
    pub(crate) context: Context,
}

type Told = Result<longrunning::Operation, Status>;

#[tonic::async_trait]
impl reapi::execution_server::Execution for Execution {
    type ExecuteStream = ReceiverStream<Told>;

    async fn execute(
        &self,
        request: Request<reapi::ExecuteRequest>,
    ) -> Result<Response<Self::ExecuteStream>, Status> {
        Access::of(&request).write()?;
        let request = request.into_inner();
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let attached = self.start(realm, action, request).await?;
        Ok(Response::new(follow(self.context.clone(), attached).await))
    }

    type WaitExecutionStream = ReceiverStream<Told>;

    async fn wait_execution(
        &self,
        request: Request<reapi::WaitExecutionRequest>,
    ) -> Result<Response<Self::WaitExecutionStream>, Status> {
        let operation = self.context.operations.find(&request.get_ref().name)?;
        Ok(Response::new(follow(self.context.clone(), Attached::to(operation)).await))
    }
}

impl Execution {
    async fn start(
        &self,
        realm: Arc<Realm>,
        action: Digest,
        request: reapi::ExecuteRequest,
    ) -> Result<Attached, Refusal> {
        let executions = realm.executions()?;
        let inline = Inline {
            stdout: request.inline_stdout,
            stderr: request.inline_stderr,
            files: request.inline_output_files,
        };
        let asked = executor::ActionRequest {
            action,
            priority: request.execution_policy.map_or(0, |policy| policy.priority),
            primed: false,
            skip_cache_lookup: request.skip_cache_lookup,
            recording: self.context.recording.clone(),
            rights: Arc::clone(&self.context.options.rights),
        };
        let attached = self.context.operations.create(&request.instance_name, realm, action, inline)?;
        let (course, operation) = (attached.0.course.clone(), Arc::clone(&attached.0));
        let submit = move || {
            let ticket = executions.submit(&asked, move |progress| course.advance(Stage::from(progress)));
            // Kept at once: by then the client may be gone.
            ticket.map(|ticket| operation.hold(ticket))
        };
        let refused = |error| attached.0.realm.refusal(error);
        let submitted = self.context.blocking.run(submit).await;
        if let Err(refusal) = submitted.and_then(|submitted| submitted.map_err(refused)) {
            self.context.operations.forget(&attached.0.name);
            return Err(refusal);
        }
        Ok(attached)
    }
}

/// Tells a client of an operation, stage by stage, until it is completed or the client goes. What is completed already
/// needs no task that waits.
async fn follow(context: Context, attached: Attached) -> ReceiverStream<Told> {
    let (sender, receiver) = mpsc::channel(2);
    let stage = attached.0.course.stage();
    if stage.is_final() {
        let told = to_operation::tell(&context, &attached.0, stage).await.map_err(Status::from);
        // There is room for one.
        let _ = sender.try_send(told);
    } else {
        tokio::spawn(tell_all(context, attached, sender));
    }
    ReceiverStream::new(receiver)
}

async fn tell_all(context: Context, attached: Attached, sender: mpsc::Sender<Told>) {
    let operation = &attached.0;
    let mut stages = operation.course.watch();
    loop {
        let stage = stages.borrow_and_update().clone();
        let is_last = stage.is_final();
        let told = to_operation::tell(&context, operation, stage).await.map_err(Status::from);
        if sender.send(told).await.is_err() || is_last {
            return;
        }
        tokio::select! {
            changed = stages.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
    }
}

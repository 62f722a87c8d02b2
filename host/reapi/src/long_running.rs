//! `google.longrunning.Operations`: what runs can be looked at and cancelled.

use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::longrunning::{self, operations_server};
use bazel_remote_apis::google::protobuf;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::context::Context;
use crate::course::Stage;
use crate::operations::{Attached, Operation};
use crate::refusal::Refusal;
use crate::to_operation;

/// Operations of one answer to a listing.
const PAGE: usize = 1000;
/// How long is waited for an operation at most; a client's own deadline may be shorter. It may ask again.
const LONGEST: Duration = Duration::from_secs(3600);

pub(crate) struct LongRunning {
    pub(crate) context: Context,
}

#[tonic::async_trait]
impl operations_server::Operations for LongRunning {
    async fn list_operations(
        &self,
        request: Request<longrunning::ListOperationsRequest>,
    ) -> Result<Response<longrunning::ListOperationsResponse>, Status> {
        let request = request.into_inner();
        if request.return_partial_success {
            return Err(Refusal::Unsupported("all operations are in one place".to_owned()).into());
        }
        if !request.filter.is_empty() {
            return Err(Refusal::invalid("this server has no filters; leave it out").into());
        }
        let size =
            usize::try_from(request.page_size).map_err(|_| Refusal::invalid("the page size is negative"))?;
        let size = if size == 0 { PAGE } else { size.min(PAGE) };
        let mut rest = self.context.operations.list();
        rest.retain(|operation| operation.name > request.page_token);
        let more = rest.split_off(size.min(rest.len()));
        let mut operations = Vec::with_capacity(rest.len());
        for operation in &rest {
            operations.push(self.told(operation).await?);
        }
        let last = rest.last().filter(|_| !more.is_empty());
        let next_page_token = last.map(|operation| operation.name.clone()).unwrap_or_default();
        let unreachable = vec![];
        Ok(Response::new(longrunning::ListOperationsResponse { operations, next_page_token, unreachable }))
    }

    async fn get_operation(
        &self,
        request: Request<longrunning::GetOperationRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let operation = self.context.operations.find(&request.get_ref().name)?;
        Ok(Response::new(self.told(&operation).await?))
    }

    async fn delete_operation(
        &self,
        request: Request<longrunning::DeleteOperationRequest>,
    ) -> Result<Response<protobuf::Empty>, Status> {
        let name = &request.get_ref().name;
        Access::of(&request).write()?;
        self.context.operations.find(name)?;
        self.context.operations.forget(name);
        Ok(Response::new(protobuf::Empty {}))
    }

    async fn cancel_operation(
        &self,
        request: Request<longrunning::CancelOperationRequest>,
    ) -> Result<Response<protobuf::Empty>, Status> {
        Access::of(&request).write()?;
        self.context.operations.find(&request.get_ref().name)?.cancel();
        Ok(Response::new(protobuf::Empty {}))
    }

    async fn wait_operation(
        &self,
        request: Request<longrunning::WaitOperationRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let longrunning::WaitOperationRequest { name, timeout } = request.into_inner();
        let timeout = timeout.as_ref().map_or(Ok(LONGEST), patience)?.min(LONGEST);
        // Who waits has it go on.
        let attached = Attached::to(self.context.operations.find(&name)?);
        let mut stages = attached.0.course.watch();
        // Whether it is done by then or not, the client is told how far it is.
        let _ = tokio::time::timeout(timeout, stages.wait_for(Stage::is_final)).await;
        Ok(Response::new(self.told(&attached.0).await?))
    }
}

impl LongRunning {
    async fn told(&self, operation: &Arc<Operation>) -> Result<longrunning::Operation, Refusal> {
        let stage = operation.course.stage();
        to_operation::tell(&self.context, operation, stage).await
    }
}

fn patience(timeout: &protobuf::Duration) -> Result<Duration, Refusal> {
    spec_action::wire::duration("timeout", timeout).map_err(Refusal::Invalid)
}

#[cfg(test)]
mod tests {
    use bazel_remote_apis::google::longrunning::operations_server::Operations as _;
    use spec_model::Digest;

    use super::*;
    use crate::options::Options;
    use crate::results::Inline;

    #[tokio::test]
    async fn who_waits_has_the_operation_go_on() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cas = spec_cas::Cas::open(folder.path()).expect("a store");
        let context = Context::new(cas, Options::default());
        let realm = context.admit("", 0).expect("it is served");
        let created = context.operations.create("", realm, Digest::of(b""), Inline::default());
        let operation = Arc::clone(&created.expect("it is open").0);
        assert!(operation.idle().is_some(), "nobody listens");
        let name = operation.name.clone();
        let service = LongRunning { context };
        let request = longrunning::WaitOperationRequest { name, timeout: None };
        let waiting = tokio::spawn(async move { service.wait_operation(Request::new(request)).await });
        let attached = async {
            while operation.idle().is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), attached).await.expect("it is listened to");
        operation.cancel();
        let told = waiting.await.expect("it ends").expect("it is there").into_inner();
        assert!(told.done);
        assert!(operation.idle().is_some(), "nobody listens any more");
    }
}

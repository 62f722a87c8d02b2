//! `google.longrunning.Operations`: what runs can be looked at and cancelled.

use std::time::Duration;

use bazel_remote_apis::google::longrunning::{self, operations_server};
use bazel_remote_apis::google::protobuf;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::context::Context;
use crate::operations::Stage;
use crate::refusal::Refusal;
use crate::to_operation;

/// Operations of one answer to a listing.
const PAGE: usize = 1000;

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
        let size =
            usize::try_from(request.page_size).map_err(|_| Refusal::invalid("the page size is negative"))?;
        let size = if size == 0 { PAGE } else { size.min(PAGE) };
        let mut rest = self.context.operations.list();
        rest.retain(|operation| operation.name > request.page_token);
        let more = rest.split_off(size.min(rest.len()));
        let mut operations = Vec::with_capacity(rest.len());
        for operation in &rest {
            operations.push(self.told(&operation.name).await?);
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
        Ok(Response::new(self.told(&request.get_ref().name).await?))
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
        let limits = &self.context.options.limits;
        let wanted = timeout.map_or(limits.patience, |timeout| {
            Duration::from_secs(timeout.seconds.try_into().unwrap_or(0))
                + Duration::from_nanos(timeout.nanos.try_into().unwrap_or(0))
        });
        let operation = self.context.operations.find(&name)?;
        let mut stages = operation.stage.subscribe();
        let done = stages.wait_for(|stage| matches!(stage, Stage::Completed(_)));
        // Whether it is done by then or not, the client is told how far it is.
        let _ = tokio::time::timeout(wanted.min(limits.patience), done).await;
        Ok(Response::new(self.told(&name).await?))
    }
}

impl LongRunning {
    async fn told(&self, name: &str) -> Result<longrunning::Operation, Refusal> {
        let operation = self.context.operations.find(name)?;
        let stage = operation.stage.borrow().clone();
        to_operation::tell(&self.context, &operation, stage).await
    }
}

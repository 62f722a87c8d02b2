//! `google.longrunning.Operations`: lists, waits for and cancels operations.

use std::sync::Arc;
use std::time::Duration;

use bazel_remote_apis::google::longrunning::{self, operations_server};
use bazel_remote_apis::google::protobuf;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::operation_state::ExecutionStage;
use crate::operation_to_proto;
use crate::operations::{AttachedClient, Operation};
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;

/// Most operations of one page of a listing.
const MAX_PAGE: usize = 1000;
/// The longest time that `WaitOperation` waits. A client's deadline may be shorter, and it may ask again.
const MAX_WAIT: Duration = Duration::from_secs(3600);

pub(crate) struct OperationsService {
    pub(crate) context: ServiceContext,
}

#[tonic::async_trait]
impl operations_server::Operations for OperationsService {
    async fn list_operations(
        &self,
        request: Request<longrunning::ListOperationsRequest>,
    ) -> Result<Response<longrunning::ListOperationsResponse>, Status> {
        let request = request.into_inner();
        if request.return_partial_success {
            return Err(RequestError::Unsupported("this server has no partial listings".to_owned()).into());
        }
        if !request.filter.is_empty() {
            return Err(RequestError::invalid("this server does not support filters; expected none").into());
        }
        let size = usize::try_from(request.page_size)
            .map_err(|_| RequestError::invalid("the page size is negative"))?;
        let size = if size == 0 { MAX_PAGE } else { size.min(MAX_PAGE) };
        let mut rest = self.context.operations.list();
        rest.retain(|operation| operation.name > request.page_token);
        let more = rest.split_off(size.min(rest.len()));
        let mut operations = Vec::with_capacity(rest.len());
        for operation in &rest {
            operations.push(self.message(operation).await?);
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
        Ok(Response::new(self.message(&operation).await?))
    }

    async fn delete_operation(
        &self,
        request: Request<longrunning::DeleteOperationRequest>,
    ) -> Result<Response<protobuf::Empty>, Status> {
        let name = &request.get_ref().name;
        Access::of(&request).require_write()?;
        self.context.operations.find(name)?;
        self.context.operations.remove(name);
        Ok(Response::new(protobuf::Empty {}))
    }

    async fn cancel_operation(
        &self,
        request: Request<longrunning::CancelOperationRequest>,
    ) -> Result<Response<protobuf::Empty>, Status> {
        Access::of(&request).require_write()?;
        self.context.operations.find(&request.get_ref().name)?.cancel();
        Ok(Response::new(protobuf::Empty {}))
    }

    async fn wait_operation(
        &self,
        request: Request<longrunning::WaitOperationRequest>,
    ) -> Result<Response<longrunning::Operation>, Status> {
        let longrunning::WaitOperationRequest { name, timeout } = request.into_inner();
        let timeout = timeout.as_ref().map_or(Ok(MAX_WAIT), parse_timeout)?.min(MAX_WAIT);
        // An attached client keeps the execution going.
        let attached = AttachedClient::to(self.context.operations.find(&name)?);
        let mut stages = attached.0.state.watch();
        // Whether it is completed by then or not, the client gets its present state.
        let _ = tokio::time::timeout(timeout, stages.wait_for(ExecutionStage::is_final)).await;
        Ok(Response::new(self.message(&attached.0).await?))
    }
}

impl OperationsService {
    async fn message(&self, operation: &Arc<Operation>) -> Result<longrunning::Operation, RequestError> {
        let stage = operation.state.stage();
        operation_to_proto::operation_at(&self.context, operation, stage).await
    }
}

fn parse_timeout(timeout: &protobuf::Duration) -> Result<Duration, RequestError> {
    spec_action::wire::duration("timeout", timeout).map_err(RequestError::Invalid)
}

#[cfg(test)]
mod tests;

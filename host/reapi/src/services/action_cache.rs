//! `ActionCache`: results of actions.

use std::time::{Instant, SystemTime};

use spec_action::wire;
use spec_execution::ActionError;
use spec_model::{ActionResult, AnswerSource, Digest, Subaction};
use spec_proto::reapi;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::digest_backend::DigestBackend;
use crate::from_proto;
use crate::inline_contents::{self, InlineRequest};
use crate::request_error::RequestError;
use crate::service_context::ServiceContext;

pub(crate) struct ActionCacheService {
    pub(crate) context: ServiceContext,
}

#[tonic::async_trait]
impl reapi::action_cache_server::ActionCache for ActionCacheService {
    async fn get_action_result(
        &self,
        request: Request<reapi::GetActionResultRequest>,
    ) -> Result<Response<reapi::ActionResult>, Status> {
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let wanted = InlineRequest {
            stdout: request.inline_stdout,
            stderr: request.inline_stderr,
            files: request.inline_output_files,
        };
        let context = self.context.clone();
        let lookup = move || -> Result<_, RequestError> {
            let received = ReceivedAt::now();
            let found = find(&context, &backend, &action);
            context.metrics.count_lookup(found.is_ok());
            let found = found?;
            let mut result = wire::action_result_to_proto(&found);
            received.record(&context, action, AnswerSource::CacheHit, found);
            inline_contents::inline(&backend.cas, &mut result, &wanted)?;
            Ok(result)
        };
        Ok(Response::new(self.context.blocking.run(lookup).await??))
    }

    async fn update_action_result(
        &self,
        request: Request<reapi::UpdateActionResultRequest>,
    ) -> Result<Response<reapi::ActionResult>, Status> {
        Access::of(&request).require_write()?;
        let request = request.into_inner();
        let backend = self.context.backend(&request.instance_name, request.digest_function)?;
        self.context.check_may_update_results()?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let uploaded =
            request.action_result.ok_or_else(|| RequestError::invalid("the request has no action_result"))?;
        let context = self.context.clone();
        let store = move || -> Result<_, RequestError> {
            let received = ReceivedAt::now();
            let result = wire::action_result(uploaded).map_err(RequestError::Invalid)?;
            let granted = backend.results.grant(&action, &context.options.rights);
            let put = granted.and_then(|granted| backend.results.bring(&granted, &result));
            put.map_err(|error| backend.request_error(error))?;
            let stored = wire::action_result_to_proto(&result);
            received.record(&context, action, AnswerSource::Uploaded, result);
            Ok(stored)
        };
        Ok(Response::new(self.context.blocking.run(store).await??))
    }
}

/// The cached result of an action. If the client does not have the rights that the action asks for, there is none: the
/// client then requests the execution, and gets the error with the reason.
fn find(
    context: &ServiceContext,
    backend: &DigestBackend,
    action: &Digest,
) -> Result<ActionResult, RequestError> {
    let none = |why: &str| RequestError::NotFound(format!("no result of action {action} is cached{why}"));
    let granted = match backend.results.grant(action, &context.options.rights) {
        Ok(granted) => granted,
        Err(error @ ActionError::MissingRights { .. }) => {
            return Err(none(&format!(" that you may have: {error}")));
        }
        Err(ActionError::Missing { .. } | ActionError::Invalid { .. }) => return Err(none("")),
        Err(error) => return Err(backend.request_error(error)),
    };
    let found = backend.results.get(&granted).map_err(|error| backend.request_error(error))?;
    found.ok_or_else(|| none(""))
}

/// When a request was received.
struct ReceivedAt(SystemTime, Instant);

impl ReceivedAt {
    fn now() -> Self {
        Self(SystemTime::now(), Instant::now())
    }

    fn record(self, context: &ServiceContext, action: Digest, answered: AnswerSource, result: ActionResult) {
        let Self(asked, since) = self;
        context.recording.record(|| Subaction {
            action,
            answered,
            asked,
            took: since.elapsed(),
            outcome: Ok(result),
        });
    }
}

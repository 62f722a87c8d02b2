//! `ActionCache`: results of actions.

use spec_proto::reapi;
use tonic::{Request, Response, Status};

use crate::context::Context;
use crate::from_proto;
use crate::refusal::Refusal;
use crate::results::{self, Inline};

pub(crate) struct ActionCache {
    pub(crate) context: Context,
}

#[tonic::async_trait]
impl reapi::action_cache_server::ActionCache for ActionCache {
    async fn get_action_result(
        &self,
        request: Request<reapi::GetActionResultRequest>,
    ) -> Result<Response<reapi::ActionResult>, Status> {
        let request = request.into_inner();
        self.context.admit(&request.instance_name, request.digest_function)?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let wanted = Inline {
            stdout: request.inline_stdout,
            stderr: request.inline_stderr,
            files: request.inline_output_files,
        };
        let cas = self.context.cas.clone();
        let look = move || -> Result<_, Refusal> {
            let found = results::get(&cas, &action)?;
            let mut result =
                found.ok_or_else(|| Refusal::NotFound(format!("no result of action {action} is cached")))?;
            results::inline(&cas, &mut result, &wanted)?;
            Ok(result)
        };
        Ok(Response::new(self.context.blocking.run(look).await??))
    }

    async fn update_action_result(
        &self,
        request: Request<reapi::UpdateActionResultRequest>,
    ) -> Result<Response<reapi::ActionResult>, Status> {
        let request = request.into_inner();
        self.context.admit(&request.instance_name, request.digest_function)?;
        self.context.may_update_results()?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let result =
            request.action_result.ok_or_else(|| Refusal::invalid("the request has no action_result"))?;
        let cas = self.context.cas.clone();
        let store = move || results::put(&cas, &action, &result).map(|()| result);
        Ok(Response::new(self.context.blocking.run(store).await??))
    }
}

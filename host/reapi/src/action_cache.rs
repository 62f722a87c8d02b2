//! `ActionCache`: results of actions.

use std::time::{Instant, SystemTime};

use spec_action::wire;
use spec_execution::ActionError;
use spec_model::{ActionResult, Answered, Digest, Subaction};
use spec_proto::reapi;
use tonic::{Request, Response, Status};

use crate::access::Access;
use crate::context::Context;
use crate::from_proto;
use crate::realm::Realm;
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
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let wanted = Inline {
            stdout: request.inline_stdout,
            stderr: request.inline_stderr,
            files: request.inline_output_files,
        };
        let context = self.context.clone();
        let look = move || -> Result<_, Refusal> {
            let asked = Asked::now();
            let found = find(&context, &realm, &action);
            context.metrics.looked_up(found.is_ok());
            let found = found?;
            let mut result = wire::action_result_to_proto(&found);
            asked.record(&context, action, Answered::CacheHit, found);
            results::inline(&realm.cas, &mut result, &wanted)?;
            Ok(result)
        };
        Ok(Response::new(self.context.blocking.run(look).await??))
    }

    async fn update_action_result(
        &self,
        request: Request<reapi::UpdateActionResultRequest>,
    ) -> Result<Response<reapi::ActionResult>, Status> {
        Access::of(&request).write()?;
        let request = request.into_inner();
        let realm = self.context.admit(&request.instance_name, request.digest_function)?;
        self.context.may_update_results()?;
        let action = from_proto::required(request.action_digest.as_ref(), "action_digest")?;
        let brought =
            request.action_result.ok_or_else(|| Refusal::invalid("the request has no action_result"))?;
        let context = self.context.clone();
        let store = move || -> Result<_, Refusal> {
            let asked = Asked::now();
            let result = wire::action_result(brought).map_err(Refusal::Invalid)?;
            let granted = realm.results.grant(&action, &context.options.rights);
            let put = granted.and_then(|granted| realm.results.bring(&granted, &result));
            put.map_err(|error| realm.refusal(error))?;
            let kept = wire::action_result_to_proto(&result);
            asked.record(&context, action, Answered::Uploaded, result);
            Ok(kept)
        };
        Ok(Response::new(self.context.blocking.run(store).await??))
    }
}

/// The result of an action that the client may have. Of one that it may not there is none for it, as REAPI has it: it
/// goes on to ask for the execution, and hears why not.
fn find(context: &Context, realm: &Realm, action: &Digest) -> Result<ActionResult, Refusal> {
    let none = |why: &str| Refusal::NotFound(format!("no result of action {action} is cached{why}"));
    let granted = match realm.results.grant(action, &context.options.rights) {
        Ok(granted) => granted,
        Err(error @ ActionError::MissingRights { .. }) => return Err(none(&format!(" for you: {error}"))),
        Err(ActionError::Missing { .. } | ActionError::Invalid { .. }) => return Err(none("")),
        Err(error) => return Err(realm.refusal(error)),
    };
    let found = realm.results.get(&granted).map_err(|error| realm.refusal(error))?;
    found.ok_or_else(|| none(""))
}

/// When a client asked.
struct Asked(SystemTime, Instant);

impl Asked {
    fn now() -> Self {
        Self(SystemTime::now(), Instant::now())
    }

    fn record(self, context: &Context, action: Digest, answered: Answered, result: ActionResult) {
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

//! A server's action cache.

use spec_action::wire::{action_result, action_result_to_proto, digest_to_proto};
use spec_model::{ActionResult, Digest};
use spec_proto::reapi;
use spec_proto::reapi::action_cache_client::ActionCacheClient;
use tonic::Code;

use crate::error::RemoteError;
use crate::remote::{MAX_MESSAGE, Remote};
use crate::retry::AttemptError;
use crate::rpc_channel::RpcChannel;

const GET: &str = "look up a result";
const UPDATE: &str = "keep a result";

impl Remote {
    /// The result of an action, if the server has one. What it names may be gone there all the same.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; `remote-broken` when the result is malformed.
    pub async fn action_result(&self, action: &Digest) -> Result<Option<ActionResult>, RemoteError> {
        let ask = || async {
            let message = reapi::GetActionResultRequest {
                instance_name: self.instance(),
                action_digest: Some(digest_to_proto(action)),
                inline_stdout: true,
                inline_stderr: true,
                digest_function: self.wire_function(),
                ..Default::default()
            };
            match self.action_cache().get_action_result(self.request(message, 0)).await {
                Ok(answer) => Ok(Some(answer.into_inner())),
                Err(status) if status.code() == Code::NotFound => Ok(None),
                Err(status) => Err(AttemptError::Status(status)),
            }
        };
        let found = self.retry(GET, ask).await?;
        self.counters().count_lookup(found.is_some());
        found.map(|found| action_result(found).map_err(|why| self.protocol_error(GET, why))).transpose()
    }

    /// Has the server keep the result of an action, if [`RemoteOptions::push`](crate::RemoteOptions::push) permits it.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses, for example since it lacks what the result names.
    pub async fn update_action_result(
        &self,
        action: &Digest,
        result: &ActionResult,
    ) -> Result<(), RemoteError> {
        if !self.options().push {
            return Ok(());
        }
        let update = || async {
            let message = reapi::UpdateActionResultRequest {
                instance_name: self.instance(),
                action_digest: Some(digest_to_proto(action)),
                action_result: Some(action_result_to_proto(result)),
                digest_function: self.wire_function(),
                ..Default::default()
            };
            self.action_cache().update_action_result(self.request(message, 0)).await?;
            Ok(())
        };
        self.retry(UPDATE, update).await
    }

    fn action_cache(&self) -> ActionCacheClient<RpcChannel> {
        ActionCacheClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }
}

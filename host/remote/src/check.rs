//! Whether a server can be used for what it is configured for, before anything depends on it.

use std::time::Duration;

use spec_proto::asset::{self, fetch_client::FetchClient, push_client::PushClient};
use tonic::{Code, Status};

use crate::capabilities::{ApiVersion, RemoteCapabilities, function_name};
use crate::connect::RetryLimits;
use crate::error::RemoteError;
use crate::remote::Remote;
use crate::retry::AttemptError;

/// The versions of the protocol that this client speaks.
const OLDEST: ApiVersion = ApiVersion { major: 2, minor: 0 };
const NEWEST: ApiVersion = ApiVersion { major: 2, minor: 12 };

/// What a server is needed for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteNeeds {
    /// It stores blobs.
    pub storage: bool,
    /// It executes actions.
    pub execution: bool,
    /// It knows what the URIs of assets stand for.
    pub assets: bool,
}

impl RemoteNeeds {
    /// What any of both needs.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            storage: self.storage | other.storage,
            execution: self.execution | other.execution,
            assets: self.assets | other.assets,
        }
    }
}

impl Remote {
    /// Checks that the server speaks a version of the protocol that we speak, lets us in, knows the instance, and offers what
    /// it is needed for. Nothing is changed there. The answer comes within `limit`.
    ///
    /// # Errors
    /// What the server said: of the errors that [`RemoteError::is_misconfiguration`] tells, or that it does not answer.
    pub async fn check(&self, needs: RemoteNeeds, limit: Duration) -> Result<(), RemoteError> {
        let limit = limit.min(self.options().request_timeout);
        let checked = self.check_services(needs, limit).await;
        match checked {
            // What it says against our certificate may have been lost.
            Err(error) if error.is_absence() && !error.is_misconfiguration() => {
                match self.refused_identity().await {
                    Some(why) => Err(RemoteError::Certificate { address: self.address(), why }),
                    None => Err(error),
                }
            }
            checked => checked,
        }
    }

    async fn check_services(&self, needs: RemoteNeeds, limit: Duration) -> Result<(), RemoteError> {
        let capabilities = async {
            let capabilities = self.capabilities_within(limit).await?;
            self.check_capabilities(capabilities, needs)
        };
        let assets = async { if needs.assets { self.check_assets(limit).await } else { Ok(()) } };
        let (capabilities, assets) = tokio::join!(capabilities, assets);
        match (capabilities, assets) {
            // Who asks second may hear only that the server is away.
            (Err(_), Err(error)) if error.is_misconfiguration() => Err(error),
            (capabilities, assets) => capabilities.and(assets),
        }
    }

    fn check_capabilities(
        &self,
        capabilities: &RemoteCapabilities,
        needs: RemoteNeeds,
    ) -> Result<(), RemoteError> {
        if let Some((low, high)) = capabilities.versions
            && (high < OLDEST || low > NEWEST)
        {
            let why = format!("it speaks versions {low} to {high}; expected one of {OLDEST} to {NEWEST}");
            return Err(self.unsupported("be asked in a version of the protocol that it knows", &why));
        }
        let functions = &capabilities.execution_functions;
        if needs.execution && !functions.is_empty() && !functions.contains(&self.wire_function()) {
            let its: Vec<_> = functions.iter().map(|number| function_name(*number)).collect();
            let (ours, its) = (self.function(), its.join(", "));
            let why = format!("it does not support the digest function {ours}, only {its}");
            return Err(self.unsupported("execute our actions", &why));
        }
        if needs.storage { self.check_storage(capabilities) } else { Ok(()) }
    }

    /// Asks for nothing, as BuildStream does: a server of assets calls that invalid.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or has no assets.
    pub async fn check_assets(&self, limit: Duration) -> Result<(), RemoteError> {
        const ACTION: &str = "look up assets";
        let ask = || async {
            let message = asset::FetchBlobRequest { instance_name: self.instance(), ..Default::default() };
            let answer = FetchClient::new(self.channel()).fetch_blob(self.request(message, 0)).await;
            self.calls_invalid(ACTION, answer.map(drop))
        };
        self.retry_within(RetryLimits::of_question(limit), ACTION, ask).await
    }

    /// Stores nothing, as BuildStream does: a server of assets that we may change calls that invalid.
    ///
    /// # Errors
    /// As [`check_assets`](Self::check_assets).
    pub async fn check_asset_pushes(&self, limit: Duration) -> Result<(), RemoteError> {
        const ACTION: &str = "store assets";
        let ask = || async {
            let message = asset::PushBlobRequest { instance_name: self.instance(), ..Default::default() };
            let answer = PushClient::new(self.channel()).push_blob(self.request(message, 0)).await;
            self.calls_invalid(ACTION, answer.map(drop))
        };
        self.retry_within(RetryLimits::of_question(limit), ACTION, ask).await
    }

    fn calls_invalid(&self, action: &'static str, answer: Result<(), Status>) -> Result<(), AttemptError> {
        match answer {
            Err(status) if status.code() == Code::InvalidArgument => Ok(()),
            Err(status) => Err(status.into()),
            Ok(()) => {
                let why = "it takes a request without a URI; expected INVALID_ARGUMENT";
                Err(self.protocol_error(action, why).into())
            }
        }
    }
}

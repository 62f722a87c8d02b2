//! The handle on a server.

use std::sync::Arc;

use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use spec_model::DigestFunction;
use spec_proto::reapi;
use spec_proto::reapi::capabilities_client::CapabilitiesClient;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use crate::connect;
use crate::error::RemoteError;
use crate::offer::Offer;
use crate::options::RemoteOptions;

/// Larger than any message that we ask for.
const MESSAGE: usize = 16 << 20;

/// A server that was reached. A clone is another handle on the same connection.
#[derive(Clone, Debug)]
pub struct Remote {
    shared: Arc<Shared>,
}

#[derive(Clone, Debug)]
struct Shared {
    options: RemoteOptions,
    channel: Channel,
    token: Option<MetadataValue<Ascii>>,
    offer: Offer,
}

impl Remote {
    /// Connects to a server and asks what it offers.
    ///
    /// # Errors
    /// `remote-bad-credentials`, `remote-unreachable`, `remote-denied`; `remote-unsupported` when it
    /// does not know the digest function.
    pub async fn connect(options: RemoteOptions) -> Result<Self, RemoteError> {
        let token = connect::bearer(&options)?;
        let channel = connect::channel(&options)?;
        let offer = Offer::default();
        let mut remote = Self { shared: Arc::new(Shared { options, channel, token, offer }) };
        let capabilities = remote.capabilities().await?;
        remote.check(&capabilities)?;
        Arc::make_mut(&mut remote.shared).offer = Offer::of(&capabilities);
        Ok(remote)
    }

    /// What the server offers.
    #[must_use]
    pub fn offer(&self) -> &Offer {
        &self.shared.offer
    }

    /// How the server is reached.
    #[must_use]
    pub fn options(&self) -> &RemoteOptions {
        &self.shared.options
    }

    async fn capabilities(&self) -> Result<reapi::ServerCapabilities, RemoteError> {
        let ask = || async {
            let message = reapi::GetCapabilitiesRequest { instance_name: self.instance() };
            let mut client = CapabilitiesClient::new(self.channel());
            Ok(client.get_capabilities(self.request(message, 0)).await?.into_inner())
        };
        self.retry("tell its capabilities", ask).await
    }

    fn check(&self, capabilities: &reapi::ServerCapabilities) -> Result<(), RemoteError> {
        let functions = capabilities.cache_capabilities.as_ref().map(|cache| &cache.digest_functions);
        match functions {
            // REAPI before 2.1 has no list.
            Some(functions) if functions.is_empty() && self.function() == DigestFunction::Sha256 => Ok(()),
            Some(functions) if functions.contains(&self.wire_function()) => Ok(()),
            Some(_) => {
                let why = format!("it does not know the digest function {}", self.function());
                Err(self.unsupported("keep our blobs", &why))
            }
            None => Err(self.unsupported("keep blobs", "it has no content-addressable storage")),
        }
    }

    pub(crate) fn instance(&self) -> String {
        self.shared.options.instance.clone()
    }

    /// What makes the digests of the blobs.
    #[must_use]
    pub fn function(&self) -> DigestFunction {
        self.shared.options.function
    }

    pub(crate) fn wire_function(&self) -> i32 {
        use reapi::digest_function::Value;
        match self.function() {
            DigestFunction::Sha256 => Value::Sha256 as i32,
            DigestFunction::Blake3 => Value::Blake3 as i32,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.shared.options.address.to_string()
    }

    fn channel(&self) -> Channel {
        self.shared.channel.clone()
    }

    pub(crate) fn storage(&self) -> ContentAddressableStorageClient<Channel> {
        ContentAddressableStorageClient::new(self.channel()).max_decoding_message_size(MESSAGE)
    }

    pub(crate) fn streams(&self) -> ByteStreamClient<Channel> {
        ByteStreamClient::new(self.channel()).max_decoding_message_size(MESSAGE)
    }

    /// A request with our token, and a deadline for this many bytes.
    pub(crate) fn request<T>(&self, message: T, bytes: u64) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(connect::deadline(&self.shared.options, bytes));
        if let Some(token) = &self.shared.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }

    pub(crate) fn unsupported(&self, action: &'static str, why: &str) -> RemoteError {
        RemoteError::Unsupported { address: self.address(), action, why: why.to_owned() }
    }

    pub(crate) fn broken(&self, action: &'static str, why: impl Into<String>) -> RemoteError {
        RemoteError::Broken { address: self.address(), action, why: why.into() }
    }
}

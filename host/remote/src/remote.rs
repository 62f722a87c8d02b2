//! The connection to a server.

use std::sync::Arc;

use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use spec_model::DigestFunction;
use spec_proto::reapi;
use spec_proto::reapi::capabilities_client::CapabilitiesClient;
use spec_proto::reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;

use crate::capabilities::RemoteCapabilities;
use crate::connect;
use crate::error::RemoteError;
use crate::options::RemoteOptions;

/// Bytes of a response message; larger than any that is requested.
const MAX_MESSAGE: usize = 16 << 20;

/// A connection to a server. A clone is another handle on the same connection.
#[derive(Clone, Debug)]
pub struct Remote {
    inner: Arc<Connection>,
}

#[derive(Clone, Debug)]
struct Connection {
    options: RemoteOptions,
    channel: Channel,
    token: Option<MetadataValue<Ascii>>,
    capabilities: RemoteCapabilities,
}

impl Remote {
    /// A connection that is made when it is first needed. To be called inside a runtime.
    ///
    /// # Errors
    /// `remote-bad-credentials`
    pub fn new(options: RemoteOptions) -> Result<Self, RemoteError> {
        let token = connect::bearer(&options)?;
        let channel = connect::channel(&options)?;
        let capabilities = RemoteCapabilities::default();
        Ok(Self { inner: Arc::new(Connection { options, channel, token, capabilities }) })
    }

    /// Connects to a server and asks for its capabilities.
    ///
    /// # Errors
    /// `remote-bad-credentials`, `remote-unreachable`, `remote-denied`; `remote-unsupported` when it
    /// does not know the digest function.
    pub async fn connect(options: RemoteOptions) -> Result<Self, RemoteError> {
        let mut remote = Self::new(options)?;
        let announced = remote.fetch_capabilities().await?;
        remote.check(&announced)?;
        Arc::make_mut(&mut remote.inner).capabilities = RemoteCapabilities::of(&announced);
        Ok(remote)
    }

    /// The capabilities of the server.
    #[must_use]
    pub fn capabilities(&self) -> &RemoteCapabilities {
        &self.inner.capabilities
    }

    /// The options of the connection.
    #[must_use]
    pub fn options(&self) -> &RemoteOptions {
        &self.inner.options
    }

    async fn fetch_capabilities(&self) -> Result<reapi::ServerCapabilities, RemoteError> {
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
                let why = format!("it does not support the digest function {}", self.function());
                Err(self.unsupported("store our blobs", &why))
            }
            None => Err(self.unsupported("store blobs", "it has no content-addressable storage")),
        }
    }

    pub(crate) fn instance(&self) -> String {
        self.inner.options.instance.clone()
    }

    /// The digest function of the blobs.
    #[must_use]
    pub fn function(&self) -> DigestFunction {
        self.inner.options.function
    }

    pub(crate) fn wire_function(&self) -> i32 {
        use reapi::digest_function::Value;
        match self.function() {
            DigestFunction::Sha256 => Value::Sha256 as i32,
            DigestFunction::Blake3 => Value::Blake3 as i32,
        }
    }

    pub(crate) fn address(&self) -> String {
        self.inner.options.address.to_string()
    }

    pub(crate) fn channel(&self) -> Channel {
        self.inner.channel.clone()
    }

    pub(crate) fn storage(&self) -> ContentAddressableStorageClient<Channel> {
        ContentAddressableStorageClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn streams(&self) -> ByteStreamClient<Channel> {
        ByteStreamClient::new(self.channel()).max_decoding_message_size(MAX_MESSAGE)
    }

    /// A request with the bearer token, and the deadline for this many bytes.
    pub(crate) fn request<T>(&self, message: T, bytes: u64) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(connect::deadline(&self.inner.options, bytes));
        if let Some(token) = &self.inner.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }

    pub(crate) fn unsupported(&self, action: &'static str, why: &str) -> RemoteError {
        RemoteError::Unsupported { address: self.address(), action, why: why.to_owned() }
    }

    pub(crate) fn protocol_error(&self, action: &'static str, why: impl Into<String>) -> RemoteError {
        RemoteError::Broken { address: self.address(), action, why: why.into() }
    }
}

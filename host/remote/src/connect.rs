//! The connection: TLS, tokens, deadlines.

use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

use crate::error::RemoteError;
use crate::options::RemoteOptions;

/// What one stream may receive before it is read, and all of a connection together.
const STREAM_WINDOW: u32 = 8 << 20;
const CONNECTION_WINDOW: u32 = 32 << 20;
const KEEPALIVE: Duration = Duration::from_secs(30);
/// A network slower than this many bytes a second is as good as none.
const SLOWEST: u64 = 64 << 10;

/// A channel that connects when it is first used, and again whenever the connection broke.
pub(crate) fn channel(options: &RemoteOptions) -> Result<Channel, RemoteError> {
    let uri = options.address.uri();
    let bad = |_| RemoteError::BadAddress { address: options.address.to_string() };
    let endpoint = Endpoint::from_shared(uri)
        .map_err(bad)?
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(KEEPALIVE);
    if !options.address.is_tls() {
        return Ok(endpoint.connect_lazy());
    }
    let config = ClientTlsConfig::new();
    let config = match &options.tls.server_ca {
        Some(ca) => config.ca_certificate(Certificate::from_pem(ca)),
        None => config.with_native_roots(),
    };
    let config = match &options.tls.identity {
        Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
        None => config,
    };
    let endpoint = endpoint.tls_config(config).map_err(|error| {
        let address = options.address.to_string();
        RemoteError::BadCredentials { address, what: "certificates", why: whole(&error) }
    })?;
    Ok(endpoint.connect_lazy())
}

/// The token as it is sent.
pub(crate) fn bearer(options: &RemoteOptions) -> Result<Option<MetadataValue<Ascii>>, RemoteError> {
    let Some(token) = &options.token else { return Ok(None) };
    let value = format!("Bearer {}", token.0).parse().map_err(|_| RemoteError::BadCredentials {
        address: options.address.to_string(),
        what: "token",
        why: "it holds characters that no token has".to_owned(),
    });
    value.map(Some)
}

/// How long a request with so many bytes may take.
pub(crate) fn deadline(options: &RemoteOptions, bytes: u64) -> Duration {
    options.request_timeout + Duration::from_secs(bytes / SLOWEST)
}

/// An error with all that is below it, of which tonic shows only the uppermost.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    text
}

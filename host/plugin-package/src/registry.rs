//! Components in registries of the OCI distribution specification, as the tools of `wasm-pkg` store them: an image whose
//! configuration has a media type of WebAssembly, and whose one layer is the component.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OciDescriptor, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use tokio::io::AsyncWrite;

use crate::error::{PackageError, Result};
use crate::network_options::NetworkOptions;
use crate::reference::{OciReference, PluginReference};
use crate::registry_login::login;
use crate::sha256::Sha256;
use crate::store::LARGEST_COMPONENT;

/// The media type of the configuration.
const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// The media type of a component.
const COMPONENT_TYPE: &str = "application/wasm";

/// The time limit of all requests for one component.
const DEADLINE: Duration = Duration::from_secs(300);

/// The component of an artifact: the blob `expected` if it is known, else the layer that the version names now.
pub(crate) fn fetch(
    artifact: &OciReference,
    expected: Option<&Sha256>,
    options: &NetworkOptions,
) -> Result<Vec<u8>> {
    let failed = |error: io::Error| failure(artifact, "registry-failed", error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let component = runtime.block_on(async {
        let request = request(artifact, expected, options);
        let late =
            |_| failure(artifact, "registry-failed", "the registry has not answered in time".to_owned());
        tokio::time::timeout(DEADLINE, request).await.map_err(late)?
    });
    // A name lookup may still run; do not wait for it.
    runtime.shutdown_background();
    component
}

async fn request(
    artifact: &OciReference,
    expected: Option<&Sha256>,
    options: &NetworkOptions,
) -> Result<Vec<u8>> {
    let of_client = |error: OciDistributionError| explain(artifact, &error);
    let client = Client::try_from(config(artifact, options)).map_err(of_client)?;
    let auth = options
        .registry_logins
        .as_deref()
        .map_or(RegistryAuth::Anonymous, |file| login(file, &artifact.registry));
    let image = image(artifact);
    let layer = match expected {
        Some(sha256) => {
            client.store_auth_if_needed(image.resolve_registry(), &auth).await;
            OciDescriptor { digest: format!("sha256:{sha256}"), ..OciDescriptor::default() }
        }
        None => {
            let (manifest, _) = client.pull_image_manifest(&image, &auth).await.map_err(of_client)?;
            component_layer(artifact, manifest)?
        }
    };
    let mut component = BoundedBytes { bytes: Vec::new(), is_too_large: false };
    let pulled = client.pull_blob(&image, &layer, &mut component).await;
    if component.is_too_large {
        let message = format!("the component is larger than {LARGEST_COMPONENT} bytes");
        return Err(failure(artifact, "plugin-too-large", message));
    }
    pulled.map_err(of_client)?;
    Ok(component.bytes)
}

/// The layer that is the component.
fn component_layer(artifact: &OciReference, manifest: OciImageManifest) -> Result<OciDescriptor> {
    let wrong = |message: String| failure(artifact, "registry-no-component", message);
    if manifest.config.media_type != CONFIG_TYPE {
        let found = manifest.config.media_type;
        return Err(wrong(format!("its configuration has the media type '{found}'; expected {CONFIG_TYPE}")));
    }
    let mut layers = manifest.layers.into_iter().filter(|layer| layer.media_type == COMPONENT_TYPE);
    match (layers.next(), layers.next()) {
        (Some(layer), None) => Ok(layer),
        (None, _) => Err(wrong(format!("it has no layer of the media type {COMPONENT_TYPE}"))),
        (Some(_), Some(_)) => Err(wrong(format!("it has several layers of the media type {COMPONENT_TYPE}"))),
    }
}

fn config(artifact: &OciReference, options: &NetworkOptions) -> ClientConfig {
    // The client takes its TLS from the provider of the process; an earlier call may have set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let protocol = match is_local(&artifact.registry) {
        true => ClientProtocol::HttpsExcept(vec![artifact.registry.clone()]),
        false => ClientProtocol::Https,
    };
    let proxies = &options.http.proxies;
    ClientConfig {
        protocol,
        connect_timeout: Some(options.http.connect_timeout),
        read_timeout: Some(options.http.read_timeout),
        user_agent: concat!("spec-host/", env!("CARGO_PKG_VERSION")),
        https_proxy: proxies.https_url().map(str::to_owned),
        http_proxy: proxies.http_url().map(str::to_owned),
        no_proxy: Some(proxies.except().to_owned()),
        platform_resolver: None,
        ..ClientConfig::default()
    }
}

/// Whether a server is this machine, which is asked without TLS, as container tools do.
fn is_local(registry: &str) -> bool {
    let host = match registry.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn image(artifact: &OciReference) -> Reference {
    let OciReference { registry, repository, version, manifest } = artifact.clone();
    match manifest {
        Some(digest) => Reference::with_digest(registry, repository, format!("sha256:{digest}")),
        None => Reference::with_tag(registry, repository, version),
    }
}

fn explain(artifact: &OciReference, error: &OciDistributionError) -> PackageError {
    let text = error.to_string();
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) | OciDistributionError::RegistryError { .. } => {
            failure(artifact, "registry-not-found", text)
        }
        OciDistributionError::ServerError { code: 404, .. } => failure(artifact, "registry-not-found", text),
        OciDistributionError::AuthenticationFailure(_) | OciDistributionError::UnauthorizedError { .. } => {
            failure(artifact, "registry-refused", text)
        }
        OciDistributionError::RequestError(error) => {
            let mut causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
            let innermost = causes.by_ref().last().map_or_else(|| error.to_string(), ToString::to_string);
            failure(artifact, "registry-failed", format!("the registry cannot be asked: {innermost}"))
        }
        _ => failure(artifact, "registry-failed", text),
    }
}

fn failure(artifact: &OciReference, reason: &'static str, message: String) -> PackageError {
    let hint = match reason {
        "registry-not-found" => "check the repository and the version",
        "registry-refused" => {
            "log in to the registry with a container tool, which writes ~/.docker/config.json"
        }
        "registry-no-component" => "publish the component with wkg",
        "plugin-too-large" => "build a smaller component",
        _ => "check the server, the network and the proxies",
    };
    PackageError::Registry {
        reference: PluginReference::Oci(artifact.clone()).to_string(),
        reason,
        message,
        hint,
    }
}

/// Bytes in memory, of which there are at most those of the largest component.
struct BoundedBytes {
    bytes: Vec<u8>,
    is_too_large: bool,
}

impl AsyncWrite for BoundedBytes {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, new: &[u8]) -> Poll<io::Result<usize>> {
        if (self.bytes.len() + new.len()) as u64 > LARGEST_COMPONENT {
            self.is_too_large = true;
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        self.bytes.extend_from_slice(new);
        Poll::Ready(Ok(new.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

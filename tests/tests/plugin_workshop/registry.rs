//! Publishes components as the tools of wasm-pkg do.

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use spec_testkit::engines::DockerRegistry;

const CONFIG: &str =
    r#"{"created":"2026-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":[]}"#;

/// Publishes a component in a version, and returns its reference.
pub(crate) fn publish(
    registry: &DockerRegistry,
    repository: &str,
    version: &str,
    component: &[u8],
    config_type: &str,
) -> String {
    let client = Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() });
    let image = Reference::with_tag(registry.host(), repository.to_owned(), version.to_owned());
    let layer = ImageLayer::new(component.to_vec(), "application/wasm".to_owned(), None);
    let config = Config::new(CONFIG.as_bytes().to_vec(), config_type.to_owned(), None);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let pushed = runtime.block_on(client.push(&image, &[layer], config, &RegistryAuth::Anonymous, None));
    pushed.expect("the registry takes it");
    format!("oci://{}/{repository}:{version}", registry.host())
}

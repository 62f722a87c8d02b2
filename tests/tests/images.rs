//! Images of a registry as sources: pushed, tracked by their tags, and checked out.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use spec_testkit::engines::DockerRegistry;
use spec_testkit::{Host, Outcome, Project};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

/// A layer with these files and their modes.
fn layer(files: &[(&str, u32, &str)]) -> ImageLayer {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, mode, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, path, text.as_bytes()).expect("it is written to memory");
    }
    let packed = tar.into_inner().and_then(GzEncoder::finish).expect("it is written to memory");
    ImageLayer::new(packed, LAYER.to_owned(), None)
}

fn push(registry: &DockerRegistry, tag: &str, layers: &[ImageLayer]) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() });
    let image = Reference::with_tag(registry.host(), "lib/app".to_owned(), tag.to_owned());
    let config = Config::new(CONFIG.as_bytes().to_vec(), CONFIG_TYPE.to_owned(), None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let pushed = runtime.expect("a runtime starts").block_on(client.push(
        &image,
        layers,
        config,
        &RegistryAuth::Anonymous,
        None,
    ));
    pushed.expect("the registry takes it");
}

fn project(registry: &DockerRegistry) -> Project {
    let conf = format!(
        "name: images\nmin-version: 2.0\naliases:\n  registry: http://{}\nelement-path: elements\n\
         plugins:\n- {{origin: pip, package-name: buildstream-plugins, sources: [docker]}}\n",
        registry.host()
    );
    let element = "kind: import\nsources:\n- kind: docker\n  registry-url: 'registry:'\n  image: lib/app\n  track: one\n";
    Project::of(&[("project.conf", &conf), ("elements/a.bst", element)])
}

fn track(host: &Host, project: &Project) -> Outcome {
    host.run(project, &["source", "track", "a.bst"])
}

#[test]
fn a_tag_is_tracked_and_its_layers_are_checked_out() {
    let (registry, host) = (DockerRegistry::start(), Host::new());
    let lower = layer(&[("bin/tool", 0o755, "lower\n"), ("etc/a", 0o644, "a\n"), ("etc/b", 0o644, "b\n")]);
    push(
        &registry,
        "one",
        &[lower.clone(), layer(&[("etc/.wh.a", 0o644, ""), ("bin/tool", 0o755, "upper\n")])],
    );
    let project = project(&registry);
    let _ = track(&host, &project).success();
    let first = project.read("elements/a.bst");
    let reference = first.lines().find_map(|line| line.strip_prefix("  ref: ")).expect("it was written");
    assert_eq!(reference.len(), 64, "{first}");
    let _ = host.run(&project, &["source", "fetch", "a.bst"]).success();
    drop(registry);
    let out = project.path().join("out");
    let out = out.to_str().expect("a path of ours is text");
    let _ = host.run(&project, &["source", "checkout", "--directory", out, "a.bst"]).success();
    assert_eq!(
        (project.read("out/a/bin/tool"), project.read("out/a/etc/b")),
        ("upper\n".to_owned(), "b\n".to_owned())
    );
    let mode = fs::metadata(project.path().join("out/a/bin/tool")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o111, 0o111);
    assert!(!project.path().join("out/a/etc/a").exists(), "an upper layer removes it");
}

#[test]
fn tags_and_images_that_are_not_there() {
    let (registry, host) = (DockerRegistry::start(), Host::new());
    push(&registry, "other", &[layer(&[("a", 0o644, "a")])]);
    let project = project(&registry);
    track(&host, &project).refused(1, "index-no-entry", &["tag 'one'", "elements/a.bst:3:3"]);
    project.replace("elements/a.bst", "  track: one\n", &format!("  ref: {}\n", "0".repeat(64)));
    let fetch = host.run(&project, &["source", "fetch", "a.bst"]);
    fetch.refused(1, "download-refused", &["404", "elements/a.bst:3:3"]);
}

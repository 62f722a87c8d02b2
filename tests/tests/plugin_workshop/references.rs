//! Projects name plugins by path, URL and version in a registry; the lock says which contents these have.

use std::fs;

use spec_testkit::engines::DockerRegistry;
use spec_testkit::{Host, Project};

use super::component;
use super::registry::publish;

const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
const GREET: &str = "kind: script-like\nconfig:\n  commands:\n  - echo hello\n";

fn project() -> Project {
    Project::of(&[("elements/greet.bst", GREET)])
}

/// A kind of a registry: added, used, vendored, used without the registry and without the cache, refused when changed.
#[test]
fn a_kind_of_a_registry_is_locked_and_vendored() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let registry = DockerRegistry::start();
    let (host, project) = (Host::new(), project());
    let kind = fs::read(component("script-like")).expect("it is there");
    let reference = publish(&registry, "team/script-like", "1.0.0", &kind, WASM_CONFIG);
    let show = ["show", "greet.bst"];
    host.run(&project, &show).refused(2, "plugin-not-found", &["'script-like'"]);

    let _ = host.run(&project, &["plugin", "add", "--name", "script-like", &reference]).success();
    let conf = project.read("project.conf");
    assert!(conf.contains(&format!("    plugins:\n      script-like: {reference}\n")), "{conf}");
    assert!(project.read("spec.lock").contains(&format!("{reference}:\n    sha256: ")));
    let _ = host.run(&project, &show).success();
    let listed = host.run(&project, &["plugin", "list"]);
    assert!(listed.success().contains(&format!("{reference} (cached)")), "{}", listed.stdout);

    // Another machine fetches it by its digest, even if the version moved meanwhile.
    let other = fs::read(component("own-manual")).expect("it is there");
    publish(&registry, "team/script-like", "1.0.0", &other, WASM_CONFIG);
    let second = Host::new();
    second.run(&project, &["--offline", "show", "greet.bst"]).refused(
        2,
        "plugin-offline",
        &[&reference, "plugin vendor"],
    );
    let _ = second.run(&project, &show).success();
    let _ = second.run(&project, &["plugin", "vendor"]).success();
    let vendored = fs::read_dir(project.path().join("vendor/spec-plugins")).expect("it is there");
    let vendored: Vec<_> = vendored.map(|entry| entry.expect("it can be read").path()).collect();
    assert_eq!(vendored.len(), 1);
    let third = Host::new();
    let _ = third.run(&project, &["--offline", "show", "greet.bst"]).success();
    let listed = third.run(&project, &["plugin", "list"]);
    assert!(listed.success().contains("(vendored)"), "{}", listed.stdout);

    fs::write(&vendored[0], other).expect("it can be written");
    third.run(&project, &show).refused(2, "plugin-wrong-digest", &["was expected"]);

    drop(registry);
    let unlocked = ["plugin", "lock", "--update"];
    host.run(&project, &unlocked).refused(1, "registry-failed", &[&reference]);
}

#[test]
fn what_a_registry_does_not_have_is_told() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let registry = DockerRegistry::start();
    let (host, project) = (Host::new(), project());
    let add = |reference: &str| host.run(&project, &["plugin", "add", reference]);
    let missing = format!("oci://{}/team/nothing:1.0.0", registry.host());
    add(&missing).refused(1, "registry-not-found", &[&missing]);
    let image = publish(&registry, "team/image", "1", b"a layer", "application/vnd.oci.image.config.v1+json");
    add(&image).refused(1, "registry-no-component", &["application/vnd.wasm.config.v0+json"]);
    let text = publish(&registry, "team/text", "1", b"no component", WASM_CONFIG);
    add(&text).refused(2, "plugin-not-a-component", &["is not a component"]);
    assert!(!project.path().join("spec.lock").exists());
}

#[test]
fn a_policy_is_chosen_by_its_name_in_the_project_or_by_its_reference() {
    let (host, project) = (Host::new(), Project::of(&[("elements/a.bst", "kind: stack\n")]));
    fs::copy(component("priming-eager"), project.path().join("mine.wasm")).expect("it can be copied");
    let file = project.path().join("mine.wasm").display().to_string();
    let _ = host.run(&project, &["plugin", "add", "--name", "mine", &file]).success();
    let build = |policy: &str| host.run(&project, &["build", "--priming-policy", policy, "a.bst"]);
    let _ = build("mine").success();
    build("oci://registry.example/team/mine:1").refused(2, "plugin-not-locked", &["spec-host plugin lock"]);
    build("oci://registry.example/team/mine").refused(2, "invalid-reference", &["names no version"]);

    fs::copy(component("priming-selective"), project.path().join("mine.wasm")).expect("it can be copied");
    build("mine").refused(2, "plugin-wrong-digest", &["mine.wasm", "plugin lock --update"]);
    let _ = host.run(&project, &["plugin", "lock"]).success();
    let _ = build("mine").success();

    project.write("spec.lock", "format: 2\nplugins: {}\n");
    build("mine").refused(2, "invalid-lock", &["spec.lock:1:9"]);
}

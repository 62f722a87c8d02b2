//! The metadata files of an element's artifact, byte for byte those of BuildStream.

use spec_model::{Mapping, Node};

use crate::element::Element;
use crate::yaml::{dump, strip};

/// The text of `public_data`.
#[must_use]
pub fn public_data(element: &Element) -> String {
    dump(element.artifact_public())
}

/// The text of `low_diversity_meta`: environment and sandbox. `digests` are the variables that hold digests of trees,
/// in ascending order of their names, as they were set for the build.
#[must_use]
pub fn low_diversity(element: &Element, digests: &[(String, String)]) -> String {
    let mut sandbox = Mapping::new();
    let settings = &element.sandbox;
    set(&mut sandbox, "build-os", &settings.build_os);
    set(&mut sandbox, "build-arch", &settings.build_arch);
    for (name, number) in [("build-uid", settings.build_uid), ("build-gid", settings.build_gid)] {
        if let Some(number) = number {
            set(&mut sandbox, name, &number.to_string());
        }
    }
    if let Some(socket) = &settings.remote_apis_socket {
        let mut entries = Mapping::new();
        set(&mut entries, "path", &socket.path);
        if socket.action_cache_enable_update {
            set(&mut entries, "action-cache-enable-update", "True");
        }
        sandbox.set("remote-apis-socket", entries);
    }
    let mut environment = Mapping::clone(&element.environment_data());
    for (name, text) in element.environment().iter().chain(digests) {
        set(&mut environment, name, text);
    }
    let mut root = Mapping::new();
    root.set("environment", environment);
    root.set("sandbox-config", sandbox);
    dump(&root)
}

/// The text of `high_diversity_meta`: the variables.
#[must_use]
pub fn high_diversity(element: &Element) -> String {
    let mut variables = Mapping::new();
    for (name, text) in element.variables.values() {
        set(&mut variables, &name, &text);
    }
    let mut root = Mapping::new();
    root.set("variables", variables);
    dump(&root)
}

fn set(mapping: &mut Mapping, name: &str, text: &str) {
    mapping.set(name, Node::text(strip(text)));
}

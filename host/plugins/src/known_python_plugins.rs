//! Python plugins that projects keep in a folder of theirs, and whose components the program has. They are known by their text: a
//! plugin of another text may do something else.

use spec_model::Digest;

use crate::embedded::{self, EmbeddedComponent};

/// A Python plugin of projects.
struct KnownPlugin {
    kind: &'static str,
    /// The SHA-256 of its texts, in hexadecimal digits.
    texts: &'static [&'static str],
}

const PLUGINS: [KnownPlugin; 1] = [KnownPlugin {
    kind: "collect_initial_scripts",
    texts: &[
        // Beside the component, in plugins/collect_initial_scripts.
        "43f08594d094f57539aaaac6a518540a1a1a76006fb006653cdd178bbbfd9d17",
        // freedesktop-sdk, before 26.08.
        "553b640d8867064783e7841c84fedfa5764ba208e7c908efbaa67fb7071721a4",
        // freedesktop-sdk 26.08.
        "eb49c4e4711589ef5d6078e935e3fd2d5855ac62ecb2de7a70dfd177abafbfbe",
        // gnome-build-meta; it calls `node_subst_vars`, which does nothing in BuildStream 2.
        "502af4843e7f46f718d11595975a0dc4db43a6bcfe180dbb91893ace17611fd8",
        // cosmic-build-meta; freedesktop-sdk's with another description.
        "516f34d1bb236c1a552fa9839801fad1e4648e64fa8526bf0eec3d207ea12a43",
    ],
}];

/// The component of the kind `kind` of a project whose Python plugin for it has this text.
pub(crate) fn component(kind: &str, python: &Digest) -> Option<EmbeddedComponent> {
    let known = PLUGINS.iter().find(|plugin| plugin.kind == kind)?;
    known.texts.contains(&python.hex().as_str()).then(|| embedded::project_kind(kind)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_known_by_its_text_and_kind() {
        let own = include_bytes!("../../../plugins/collect_initial_scripts/collect_initial_scripts.py");
        let python = Digest::of(own);
        assert!(component("collect_initial_scripts", &python).is_some());
        assert!(component("stack", &python).is_none(), "it is another kind's");
        assert!(component("collect_initial_scripts", &Digest::of(b"class Other: pass")).is_none());
        assert!(embedded::kind("collect_initial_scripts").is_none(), "nobody has it by its name alone");
    }
}

//! The source kinds of Python packages that the program has.

use spec_model::{BUILDSTREAM_PLUGINS, BUILDSTREAM_PLUGINS_COMMUNITY, PackagedKinds};

/// Those that the packages offer BuildStream by their entry points. `zip` of `buildstream-plugins` is an entry without a plugin.
/// `go_module` of the community's is a plugin whose entry 2.4.0 lacks by mistake: distributions use it.
pub(crate) const PACKAGES: [PackagedKinds; 2] = [
    PackagedKinds {
        package: BUILDSTREAM_PLUGINS,
        kinds: &["bzr", "cargo", "docker", "git", "patch", "pip"],
        missing: &[],
    },
    PackagedKinds {
        package: BUILDSTREAM_PLUGINS_COMMUNITY,
        kinds: &[
            "anitya",
            "cargo2",
            "cpan",
            "deb",
            "gen_cargo_lock",
            "git_module",
            "git_repo",
            "git_tag",
            "go_module",
            "ostree",
            "patch_queue",
            "pypi",
            "zip",
        ],
        missing: &["bazel_file", "bazel_source", "gnu", "quilt"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source_kinds::{KINDS, LEFT_OUT};

    #[test]
    fn the_kinds_of_packages_are_here_or_missing() {
        for packaged in &PACKAGES {
            let is_here = |kind: &&str| KINDS.contains(kind) || LEFT_OUT.contains(kind);
            assert!(packaged.kinds.iter().all(is_here), "{}", packaged.package.name);
            assert!(!packaged.missing.iter().any(is_here), "{}", packaged.package.name);
        }
    }
}

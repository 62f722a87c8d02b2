//! The element kinds of Python packages that the program has as components.

use spec_model::{BUILDSTREAM_PLUGINS, BUILDSTREAM_PLUGINS_COMMUNITY, PackagedKinds};

pub(crate) const PACKAGES: [PackagedKinds; 2] = [
    PackagedKinds {
        package: BUILDSTREAM_PLUGINS,
        kinds: &["autotools", "cmake", "make", "meson", "pip", "setuptools"],
        missing: &[],
    },
    PackagedKinds {
        package: BUILDSTREAM_PLUGINS_COMMUNITY,
        kinds: &[
            "cargo",
            "check_forbidden",
            "collect_integration",
            "collect_manifest",
            "flatpak_image",
            "flatpak_repo",
            "makemaker",
            "modulebuild",
            "pyproject",
            "qmake",
        ],
        missing: &[
            "bazel_build",
            "bazelize",
            "dpkg_build",
            "dpkg_deploy",
            "fastbootBootImage",
            "fastbootExt4Image",
            "oci",
            "snap_image",
            "tar_element",
            "x86image",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_listed_twice_and_all_have_components() {
        let here: Vec<&str> = crate::embedded::default_kinds().collect();
        for package in &PACKAGES {
            assert!(package.kinds.iter().all(|kind| here.contains(kind)), "{}", package.package.name);
            assert!(package.missing.iter().all(|kind| !here.contains(kind)), "{}", package.package.name);
        }
    }
}

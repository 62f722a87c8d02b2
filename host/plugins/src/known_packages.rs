//! The element kinds of Python packages that the program has as components.

use spec_model::{
    BUILDSTREAM_PLUGINS, BUILDSTREAM_PLUGINS_COMMUNITY, KindWords, PackageRequirement, PackagedKinds,
    UserError,
};
use spec_strategy::KindError;

const PACKAGES: [PackagedKinds; 2] = [
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

/// The package of a kind that has no component here, if BuildStream's users know it.
pub(crate) fn package_of_missing(kind: &str) -> Option<&'static str> {
    PACKAGES.iter().find(|packaged| packaged.missing.contains(&kind)).map(|packaged| packaged.package.name)
}

/// Checks that the component of the program is the kind that a project takes from a Python package.
///
/// # Errors
/// As [`PackagedKinds::check`].
pub(crate) fn check(kind: &str, asked: &PackageRequirement) -> Result<(), KindError> {
    let remedy = own_component(kind);
    let words = KindWords { kind: "element kind", remedy: &remedy };
    PackagedKinds::check(&PACKAGES, kind, asked, words).map_err(|error| KindError::Rejected {
        reason: error.reason().to_owned(),
        message: error.to_string(),
        hint: error.hint(),
        position: error.position().cloned(),
    })
}

/// What to do where the program has no component for a kind.
fn own_component(kind: &str) -> String {
    format!(
        "name a component of that kind with --plugin {kind}=FILE, or put {kind}.wasm into a folder of the project and declare \
             it with 'origin: local'"
    )
}

#[cfg(test)]
mod tests;

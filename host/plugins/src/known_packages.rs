//! The Python packages whose element kinds the program has as components, with the versions whose keys they reproduce.

use spec_model::FilePosition;
use spec_strategy::KindError;

use crate::version_requirement::{Requirement, normalized};

/// A Python package with element kinds.
struct KnownPackage {
    name: &'static str,
    /// The version whose keys the components reproduce.
    version: &'static str,
    /// Its kinds that are components of the program: those that it offers BuildStream by its entry points.
    kinds: &'static [&'static str],
    /// Its other kinds.
    missing: &'static [&'static str],
}

const PACKAGES: [KnownPackage; 2] = [
    KnownPackage {
        name: "buildstream-plugins",
        version: "2.8.0",
        kinds: &["autotools", "cmake", "make", "meson", "pip", "setuptools"],
        missing: &[],
    },
    KnownPackage {
        name: "buildstream-plugins-community",
        version: "2.4.0",
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
    PACKAGES.iter().find(|package| package.missing.contains(&kind)).map(|package| package.name)
}

/// Checks that the component of the program is the kind that a project takes from a Python package.
///
/// # Errors
/// With BuildStream's reason codes: `package-malformed-requirement`, `package-not-found`, `package-version-conflict`,
/// `plugin-not-found`; `unsupported-kind` for a kind that has no component.
pub(crate) fn check(kind: &str, requirement: &str, position: Option<&FilePosition>) -> Result<(), KindError> {
    let refused = |reason: &str, message: String, hint: String| KindError::Rejected {
        reason: reason.to_owned(),
        message,
        hint: Some(hint),
        position: position.cloned(),
    };
    let wanted = Requirement::parse(requirement).map_err(|what| {
        let message = format!("'{requirement}' is no requirement of a Python package: {what}");
        refused(
            "package-malformed-requirement",
            message,
            "write it as in: buildstream-plugins>=2.1,<3".to_owned(),
        )
    })?;
    let Some(package) = PACKAGES.iter().find(|package| normalized(package.name) == wanted.name) else {
        let known: Vec<&str> = PACKAGES.iter().map(|package| package.name).collect();
        let message = format!(
            "the kind '{kind}' comes from the Python package '{}', which has no components here; known packages: {}",
            wanted.name,
            known.join(", ")
        );
        return Err(refused("package-not-found", message, own_component(kind)));
    };
    if !wanted.permits(package.version) {
        let message = format!(
            "the kind '{kind}' is that of {} {}, but {requirement} is required",
            package.name, package.version
        );
        let hint = format!(
            "permit version {} if your keys are those of it, or {}",
            package.version,
            own_component(kind)
        );
        return Err(refused("package-version-conflict", message, hint));
    }
    if package.kinds.contains(&kind) {
        return Ok(());
    }
    if package.missing.contains(&kind) {
        let message =
            format!("the kind '{kind}' of {} is known, but there is no component for it yet", package.name);
        return Err(refused("unsupported-kind", message, own_component(kind)));
    }
    let message = format!(
        "{} {} has no element kind '{kind}'; it has: {}",
        package.name,
        package.version,
        package.kinds.join(", ")
    );
    Err(refused("plugin-not-found", message, "correct the name of the kind or the package".to_owned()))
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

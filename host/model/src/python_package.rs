//! The Python packages whose plugins the program has as its own, with the versions whose keys these reproduce.

mod requirement;

use requirement::{Requirement, normalized};

use crate::{NodeError, PackageRequirement};

/// A Python package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PythonPackage {
    /// Its name.
    pub name: &'static str,
    /// The version whose keys the plugins of the program reproduce.
    pub version: &'static str,
}

/// BuildStream's own plugins.
pub const BUILDSTREAM_PLUGINS: PythonPackage =
    PythonPackage { name: "buildstream-plugins", version: "2.8.0" };

/// The plugins of its community.
pub const BUILDSTREAM_PLUGINS_COMMUNITY: PythonPackage =
    PythonPackage { name: "buildstream-plugins-community", version: "2.4.0" };

/// The plugins of one type (element kinds, source kinds) that a package offers BuildStream by its entry points.
#[derive(Clone, Copy, Debug)]
pub struct PackagedKinds {
    /// The package.
    pub package: PythonPackage,
    /// Its kinds that the program has.
    pub kinds: &'static [&'static str],
    /// Its other kinds.
    pub missing: &'static [&'static str],
}

/// How errors call the plugins of a type.
#[derive(Clone, Copy, Debug)]
pub struct KindWords<'a> {
    /// "element kind".
    pub kind: &'a str,
    /// What to do where the program does not have the plugin of a package.
    pub remedy: &'a str,
}

impl PackagedKinds {
    /// Checks that the program has the kind that a project takes from a Python package.
    ///
    /// # Errors
    /// With BuildStream's reason codes: `package-malformed-requirement`, `package-not-found`, `package-version-conflict`,
    /// `plugin-not-found`; `unsupported-kind` for a kind that only the package has.
    pub fn check(
        all: &[Self],
        kind: &str,
        asked: &PackageRequirement,
        words: KindWords<'_>,
    ) -> Result<(), NodeError> {
        let PackageRequirement { requirement, position } = asked;
        let refused = |reason, message: String, hint: &str| {
            Err(NodeError::new(reason, position.as_ref(), message).with_hint(hint))
        };
        let wanted = match Requirement::parse(requirement) {
            Ok(wanted) => wanted,
            Err(what) => {
                let message = format!("'{requirement}' is no requirement of a Python package: {what}");
                let hint = "write it as in: buildstream-plugins>=2.1,<3";
                return refused("package-malformed-requirement", message, hint);
            }
        };
        let Some(packaged) = all.iter().find(|known| normalized(known.package.name) == wanted.name) else {
            let known: Vec<&str> = all.iter().map(|known| known.package.name).collect();
            let (name, known) = (&wanted.name, known.join(", "));
            let message = format!(
                "the {} '{kind}' comes from the Python package '{name}', which spec-host has no plugins of; it has those of: \
                 {known}",
                words.kind
            );
            return refused("package-not-found", message, words.remedy);
        };
        let PythonPackage { name, version } = packaged.package;
        if !wanted.permits(version) {
            let message = format!(
                "the {} '{kind}' is that of {name} {version}, but {requirement} is required",
                words.kind
            );
            let hint = format!("permit version {version} if your keys are those of it, or {}", words.remedy);
            return refused("package-version-conflict", message, &hint);
        }
        if packaged.kinds.contains(&kind) {
            return Ok(());
        }
        if packaged.missing.contains(&kind) {
            let message = format!("spec-host does not have the {} '{kind}' of {name} yet", words.kind);
            return refused("unsupported-kind", message, words.remedy);
        }
        let has = packaged.kinds.join(", ");
        let message = format!("{name} {version} has no {} '{kind}'; it has: {has}", words.kind);
        refused("plugin-not-found", message, "correct the name of the kind or the package")
    }
}

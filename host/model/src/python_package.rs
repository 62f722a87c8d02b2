//! The Python packages whose plugins the program has as its own, with the versions whose keys these reproduce.

mod requirement;

use requirement::{Requirement, normalized};

use crate::{NodeError, PackageRequirement, PluginJunction, UserError as _};

/// The reason where only the package has a kind.
const UNSUPPORTED: &str = "unsupported-kind";

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

/// How errors call the plugins of a type, and the settings of projects about them.
#[derive(Clone, Copy, Debug)]
pub struct KindWords {
    /// "element kind".
    pub kind: &'static str,
    /// The list of the stanzas of `plugins` that has them: `elements`.
    pub list: &'static str,
    /// The setting that states texts to be equal to the plugins of the program.
    pub statement: &'static str,
    /// The reason of a plugin in a folder that is not there.
    pub absent: &'static str,
    /// The reason of a plugin in a folder whose text is not known.
    pub unknown: &'static str,
    /// What to do where the program does not have the plugin `kind`.
    pub remedy: fn(kind: &str) -> String,
}

impl PackagedKinds {
    /// Checks that the program has the kind that a project takes from a Python package.
    ///
    /// # Errors
    /// With BuildStream's reason codes: `package-malformed-requirement`, `package-not-found`, `package-version-conflict`,
    /// `plugin-not-found`, or `junction-plugin-load-error` for all of them if a project behind a junction names the package;
    /// `unsupported-kind` for a kind that only the package has.
    pub fn check(
        all: &[Self],
        kind: &str,
        asked: &PackageRequirement,
        words: KindWords,
    ) -> Result<(), NodeError> {
        let Err(error) = Self::check_here(all, kind, asked, words) else {
            return Ok(());
        };
        let Some(behind) = asked.behind.as_ref().filter(|_| error.reason() != UNSUPPORTED) else {
            return Err(error);
        };
        let at = asked.position.as_ref().map(|position| format!("{position}: ")).unwrap_or_default();
        let PluginJunction { junction, project, position } = behind;
        let message = format!(
            "the {} '{kind}' comes from the project '{project}' behind the junction '{junction}': {at}{error}",
            words.kind
        );
        let hint = error.hint().unwrap_or_default();
        Err(NodeError::new("junction-plugin-load-error", position.as_ref(), message).with_hint(hint))
    }

    fn check_here(
        all: &[Self],
        kind: &str,
        asked: &PackageRequirement,
        words: KindWords,
    ) -> Result<(), NodeError> {
        let PackageRequirement { requirement, position, .. } = asked;
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
        let remedy = (words.remedy)(kind);
        let Some(packaged) = all.iter().find(|known| normalized(known.package.name) == wanted.name) else {
            let known: Vec<&str> = all.iter().map(|known| known.package.name).collect();
            let (name, known) = (&wanted.name, known.join(", "));
            let message = format!(
                "the {} '{kind}' comes from the Python package '{name}', which spec-host has no plugins of; it has those of: \
                 {known}",
                words.kind
            );
            return refused("package-not-found", message, &remedy);
        };
        let PythonPackage { name, version } = packaged.package;
        if !wanted.permits(version) {
            let message = format!(
                "the {} '{kind}' is that of {name} {version}, but {requirement} is required",
                words.kind
            );
            let hint = format!("permit version {version} if your keys are those of it, or {remedy}");
            return refused("package-version-conflict", message, &hint);
        }
        packaged
            .check_kind(kind, words)
            .map_or(Ok(()), |(reason, message, hint)| refused(reason, message, &hint))
    }

    /// What is wrong with the name of a kind of this package: a reason, a message and what to do.
    fn check_kind(&self, kind: &str, words: KindWords) -> Option<(&'static str, String, String)> {
        let PythonPackage { name, version } = self.package;
        if self.kinds.contains(&kind) {
            return None;
        }
        if self.missing.contains(&kind) {
            let message = format!("spec-host does not have the {} '{kind}' of {name} yet", words.kind);
            return Some((UNSUPPORTED, message, (words.remedy)(kind)));
        }
        let has = self.kinds.join(", ");
        let message = format!("{name} {version} has no {} '{kind}'; it has: {has}", words.kind);
        Some(("plugin-not-found", message, "correct the name of the kind or the package".to_owned()))
    }
}

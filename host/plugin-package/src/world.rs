//! The worlds that a plugin can implement, and the languages that it can be written in.

use std::fmt;
use std::str::FromStr;

use crate::checked_text::text_in_yaml;

/// A world of the package `spec:plugin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginWorld {
    /// An element kind.
    ElementKind,
    /// An overlay policy.
    OverlayPolicy,
    /// A priming policy.
    PrimingPolicy,
}

impl PluginWorld {
    /// All worlds.
    pub const ALL: [Self; 3] = [Self::ElementKind, Self::OverlayPolicy, Self::PrimingPolicy];

    /// Its name in WIT.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ElementKind => "element-kind",
            Self::OverlayPolicy => "overlay-policy",
            Self::PrimingPolicy => "priming-policy",
        }
    }

    /// The name of the interface that its components export.
    pub(crate) fn interface(self) -> &'static str {
        match self {
            Self::ElementKind => "kind",
            Self::OverlayPolicy => "overlay",
            Self::PrimingPolicy => "priming",
        }
    }

    /// The interface that its components export, without the version: that of `spec:plugin`, and that of 0.1.
    pub(crate) fn interfaces(self) -> [&'static str; 2] {
        match self {
            Self::ElementKind => ["spec:plugin/kind", "spec:element-kind/kind"],
            Self::OverlayPolicy => ["spec:plugin/overlay", "spec:overlay-policy/policy"],
            Self::PrimingPolicy => ["spec:plugin/priming", "spec:priming-policy/policy"],
        }
    }
}

/// A language with templates and tools that `plugin build` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Rust, compiled by cargo.
    Rust,
    /// C, compiled by clang.
    C,
    /// JavaScript, in a component made by jco.
    JavaScript,
    /// Python, in a component made by componentize-py.
    Python,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 4] = [Self::Rust, Self::C, Self::JavaScript, Self::Python];

    /// Its name on the command line and in manifests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::JavaScript => "js",
            Self::Python => "python",
        }
    }

    /// The command that installs the tools of a plugin in the plugin's folder; `None` if they are the user's own.
    #[must_use]
    pub fn tools_command(self) -> Option<&'static str> {
        match self {
            Self::Rust => None,
            Self::JavaScript => Some("npm ci"),
            Self::C | Self::Python => {
                Some("python3 -m venv .venv && .venv/bin/pip install --requirement requirements.txt")
            }
        }
    }
}

/// A text that names none of the things that it could.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not one of {1}")]
pub struct UnknownName(String, String);

fn find<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, UnknownName> {
    let found = all.iter().copied().find(|one| name(*one) == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        UnknownName(text.to_owned(), names.join(", "))
    })
}

impl FromStr for PluginWorld {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        find(&Self::ALL, Self::as_str, text)
    }
}

impl FromStr for Language {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        find(&Self::ALL, Self::as_str, text)
    }
}

impl fmt::Display for PluginWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_in_yaml!(PluginWorld);
text_in_yaml!(Language);

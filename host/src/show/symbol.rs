//! The symbols of format strings.

macro_rules! symbols {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A property of an element that `show` can print.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Symbol { $($(#[$doc])* $variant,)* }

        impl Symbol {
            const ALL: &[(&str, Self)] = &[$(($name, Self::$variant),)*];
        }
    };
}

symbols! {
    /// The full name.
    Name = "name",
    /// The kind.
    Kind = "kind",
    /// The description on one line.
    Description = "description",
    /// The beginning of the cache key.
    Key = "key",
    /// The cache key.
    FullKey = "full-key",
    /// Whether it is cached, or what is missing.
    State = "state",
    /// The configuration as YAML.
    Config = "config",
    /// The variables as YAML.
    Vars = "vars",
    /// The environment as YAML.
    Env = "env",
    /// The public data as YAML.
    Public = "public",
    /// All direct dependencies.
    Deps = "deps",
    /// Direct build dependencies.
    BuildDeps = "build-deps",
    /// Direct runtime dependencies.
    RuntimeDeps = "runtime-deps",
    /// Whether it is built from a workspace.
    Workspaced = "workspaced",
    /// The folder of its workspace.
    WorkspaceDirs = "workspace-dirs",
    /// Where its sources come from, as YAML.
    SourceInfo = "source-info",
    /// The digest of the artifact's files.
    ArtifactCasDigest = "artifact-cas-digest",
}

impl Symbol {
    /// The symbol of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, symbol)| *symbol)
    }

    /// All names.
    pub(crate) fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|(name, _)| *name).collect()
    }
}

//! Words that options take.

use clap::ValueEnum;
use spec_project::Scope;

/// Which dependencies a command takes beside its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deps {
    /// None, just the elements
    None,
    /// The elements and what they need at run time
    Run,
    /// What building them needs, without the elements themselves
    Build,
    /// The elements and everything below them
    All,
}

impl Deps {
    /// The elements that are meant; `None` for the elements alone.
    pub(crate) fn scope(self) -> Option<Scope> {
        match self {
            Self::None => None,
            Self::Run => Some(Scope::Run),
            Self::Build => Some(Scope::Build),
            Self::All => Some(Scope::All),
        }
    }
}

/// What to do when something fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// Go on with all that does not need what failed
    Continue,
    /// Finish what runs, start nothing more
    Quit,
    /// Stop what runs
    Terminate,
}

/// When build trees are kept with artifacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheBuildTrees {
    /// Always
    Always,
    /// With failed builds only
    Auto,
    /// Never
    Never,
}

/// In which order elements are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListOrder {
    /// Dependencies first
    Stage,
    /// By name
    Alpha,
}

/// How a tar archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    /// gzip
    Gz,
    /// xz
    Xz,
    /// bzip2
    Bz2,
}

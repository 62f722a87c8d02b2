//! Values of options.

use clap::ValueEnum;
use spec_project::Scope;

/// Which dependencies a command takes in addition to its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deps {
    /// None, just the elements
    None,
    /// The elements and what they need at run time
    Run,
    /// Their build dependencies, without the elements themselves
    Build,
    /// The elements and everything below them
    All,
}

impl Deps {
    /// The scope; `None` for the elements alone.
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
    /// Go on with everything that does not need the failed element
    Continue,
    /// Finish running jobs, start no more
    Quit,
    /// Stop running jobs
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

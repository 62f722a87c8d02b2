//! `source ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Compression, Deps, SourcePullRemotes, SourcePushRemotes};

/// Fetch, track and look into sources.
#[derive(Debug, Subcommand)]
pub(crate) enum SourceCommand {
    /// Download and stage sources into the cache
    Fetch(SourceFetchArgs),
    /// Look for new versions and write them into the project
    Track(SourceTrackArgs),
    /// Write an element's sources to a directory or a tar archive
    Checkout(SourceCheckoutArgs),
    /// Bring sources to shared caches, fetching them first where needed
    Push(SourcePushArgs),
}

/// `source fetch`
#[derive(Args, Debug)]
pub(crate) struct SourceFetchArgs {
    #[command(flatten)]
    pub(crate) selection: SourceSelection,
    #[command(flatten)]
    pub(crate) remotes: SourcePullRemotes,
}

/// `source track`
#[derive(Args, Debug)]
pub(crate) struct SourceTrackArgs {
    #[command(flatten)]
    pub(crate) selection: SourceSelection,
    /// Track elements of subprojects, too, whose refs go to project.refs
    #[arg(short = 'J', long)]
    pub(crate) cross_junctions: bool,
}

/// `source push`
#[derive(Args, Debug)]
pub(crate) struct SourcePushArgs {
    #[command(flatten)]
    pub(crate) selection: SourceSelection,
    #[command(flatten)]
    pub(crate) remotes: SourcePushRemotes,
}

/// The elements whose sources are selected.
#[derive(Args, Debug)]
pub(crate) struct SourceSelection {
    /// The elements; none means the project's default targets, or else all
    #[arg(value_name = "ELEMENT")]
    pub(crate) elements: Vec<String>,
    /// Which dependencies to take in addition to the elements
    #[arg(short, long, value_enum, value_name = "WHICH", default_value = "none")]
    pub(crate) deps: Deps,
    /// Leave out these elements and what only they need
    #[arg(long, value_name = "ELEMENT")]
    pub(crate) except: Vec<String>,
}

/// `source checkout`
#[derive(Args, Debug)]
pub(crate) struct SourceCheckoutArgs {
    /// The element [default: that of the workspace of this folder]
    pub(crate) element: Option<String>,
    /// Write into a directory that is not empty, or over a file
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Which dependencies to take in addition to the element
    #[arg(short, long, value_enum, value_name = "WHICH", default_value = "none")]
    pub(crate) deps: Deps,
    /// Leave out these elements and what only they need
    #[arg(long, value_name = "ELEMENT")]
    pub(crate) except: Vec<String>,
    /// Write a tar archive to a file, a device or a pipe; `-` writes it to the standard output
    #[arg(long, value_name = "FILE", conflicts_with = "directory")]
    pub(crate) tar: Option<PathBuf>,
    /// How to compress the archive
    #[arg(long, value_enum)]
    pub(crate) compression: Option<Compression>,
    /// Also write scripts that build the elements without a sandbox
    #[arg(long)]
    pub(crate) include_build_scripts: bool,
    /// Where to write [default: source-checkout]
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) remotes: SourcePullRemotes,
}

//! `artifact ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ArtifactPullRemotes, ArtifactPushRemotes, Compression, Deps};

/// Look into artifacts.
#[derive(Debug, Subcommand)]
pub(crate) enum ArtifactCommand {
    /// Write an artifact's files to a directory or a tar archive
    Checkout(CheckoutArgs),
    /// List an artifact's files
    ListContents {
        /// Also show modes, sizes and link targets
        #[arg(short, long)]
        long: bool,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY
        #[arg(value_name = "ARTIFACT", required = true)]
        artifacts: Vec<String>,
    },
    /// Show the log of a build, failed or not
    Log {
        /// Write the logs to files in this new directory
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY
        #[arg(value_name = "ARTIFACT", required = true)]
        artifacts: Vec<String>,
    },
    /// Show whether artifacts are cached
    Show {
        /// Which dependencies to show in addition to the elements
        #[arg(short, long, value_enum, value_name = "WHICH", default_value = "none")]
        deps: Deps,
        #[command(flatten)]
        remotes: ArtifactPullRemotes,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY
        #[arg(value_name = "ARTIFACT")]
        artifacts: Vec<String>,
    },
    /// Show the actions that builds requested through their remote-apis-socket, in the order of the requests
    Subactions {
        /// Print everything as JSON
        #[arg(long)]
        json: bool,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY
        #[arg(value_name = "ARTIFACT", required = true)]
        artifacts: Vec<String>,
    },
    /// Remove artifacts from the cache
    Delete {
        /// Which dependencies to remove in addition to the elements
        #[arg(short, long, value_enum, value_name = "WHICH", default_value = "none")]
        deps: Deps,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY
        #[arg(value_name = "ARTIFACT", required = true)]
        artifacts: Vec<String>,
    },
    /// Bring artifacts from shared caches into the cache
    Pull {
        /// Which dependencies to pull beside the elements
        #[arg(short, long, value_enum, value_name = "WHICH", default_value = "none")]
        deps: Deps,
        #[command(flatten)]
        remotes: ArtifactPullRemotes,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY; none means the project's default targets, or else all
        #[arg(value_name = "ARTIFACT")]
        artifacts: Vec<String>,
    },
    /// Bring artifacts to shared caches, pulling them first where needed
    Push {
        /// Which dependencies to push beside the elements
        #[arg(short, long, value_enum, value_name = "WHICH", default_value = "none")]
        deps: Deps,
        #[command(flatten)]
        remotes: ArtifactPushRemotes,
        /// Element names, or artifacts as PROJECT/ELEMENT/KEY; none means the project's default targets, or else all
        #[arg(value_name = "ARTIFACT")]
        artifacts: Vec<String>,
    },
}

/// `artifact checkout`
#[derive(Args, Debug)]
pub(crate) struct CheckoutArgs {
    /// An element name, or an artifact as PROJECT/ELEMENT/KEY [default: the element of the workspace of this folder]
    pub(crate) artifact: Option<String>,
    /// Write into a directory that is not empty, or over a file
    #[arg(short, long)]
    pub(crate) force: bool,
    /// Which dependencies to check out in addition to the element [default: run; for the name of an artifact: none]
    #[arg(short, long, value_enum, value_name = "WHICH")]
    pub(crate) deps: Option<Deps>,
    /// Run integration commands (the default)
    #[arg(long, overrides_with = "no_integrate")]
    integrate: bool,
    /// Run no integration commands
    #[arg(long, overrides_with = "integrate")]
    no_integrate: bool,
    /// Share the contents of files with the cache where the file system can (the default); never the files themselves
    #[arg(long, conflicts_with = "tar")]
    pub(crate) hardlinks: bool,
    /// Write a tar archive to a file, a device or a pipe; `-` writes it to the standard output
    #[arg(long, value_name = "FILE", conflicts_with = "directory")]
    pub(crate) tar: Option<PathBuf>,
    /// How to compress the archive [default: by its name]
    #[arg(long, value_enum)]
    pub(crate) compression: Option<Compression>,
    /// Where to write [default: the element's name]
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) remotes: ArtifactPullRemotes,
}

impl CheckoutArgs {
    /// Whether integration commands are run.
    pub(crate) fn integrate(&self) -> bool {
        self.integrate || !self.no_integrate
    }
}

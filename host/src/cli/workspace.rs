//! `workspace ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::SourcePullRemotes;

/// Change sources of elements in folders of your own, and build from there.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Open workspaces: write sources of elements to folders, from which they are built until the workspaces are closed
    Open(WorkspaceOpenArgs),
    /// Close workspaces: elements are built from their own sources again
    Close(WorkspaceCloseArgs),
    /// Throw away what was changed in workspaces
    Reset(WorkspaceResetArgs),
    /// List open workspaces
    List,
}

/// `workspace open`
#[derive(Args, Debug)]
pub(crate) struct WorkspaceOpenArgs {
    /// Write no sources: take the folder as it is
    #[arg(long)]
    pub(crate) no_checkout: bool,
    /// Open it although the folder is not empty or the element has a workspace
    #[arg(short, long)]
    pub(crate) force: bool,
    /// The folder of the workspace, for one element [default: the element's name]
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) remotes: SourcePullRemotes,
    /// The elements
    #[arg(value_name = "ELEMENT", required = true)]
    pub(crate) elements: Vec<String>,
}

/// `workspace close`
#[derive(Args, Debug)]
pub(crate) struct WorkspaceCloseArgs {
    /// Also remove the folders
    #[arg(long)]
    pub(crate) remove_dir: bool,
    /// Close all workspaces
    #[arg(short, long)]
    pub(crate) all: bool,
    /// The elements [default: that of the workspace of this folder]
    #[arg(value_name = "ELEMENT")]
    pub(crate) elements: Vec<String>,
}

/// `workspace reset`
#[derive(Args, Debug)]
pub(crate) struct WorkspaceResetArgs {
    /// Keep the folders as they are, but build anew and not incrementally
    #[arg(long)]
    pub(crate) soft: bool,
    /// Reset all workspaces
    #[arg(short, long)]
    pub(crate) all: bool,
    /// The elements [default: that of the workspace of this folder]
    #[arg(value_name = "ELEMENT")]
    pub(crate) elements: Vec<String>,
}

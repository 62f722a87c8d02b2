//! Options that name the servers of shared caches for one command.

use std::path::PathBuf;

use clap::Args;
use spec_session::remotes::{CommandLineRemotes, RemotePurpose, RemoteSpec};

fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_default()
}

fn all(text: &str) -> Result<RemoteSpec, String> {
    RemoteSpec::from_text(text, RemotePurpose::All, &home())
}

fn push(text: &str) -> Result<RemoteSpec, String> {
    RemoteSpec::from_text(text, RemotePurpose::Push, &home())
}

fn pull(text: &str) -> Result<RemoteSpec, String> {
    RemoteSpec::from_text(text, RemotePurpose::Pull, &home())
}

/// Options with the names of BuildStream; `$parser` decides whether `push` may be said.
macro_rules! remote_args {
    ($(#[$doc:meta])* $name:ident: artifacts by $parser:ident) => {
        $(#[$doc])*
        #[derive(Args, Clone, Debug, Default)]
        #[command(next_help_heading = "Shared caches")]
        pub(crate) struct $name {
            /// A server of artifacts: a URL, or url=URL,type=TYPE,instance-name=NAME,...; can be repeated
            #[arg(long = "artifact-remote", value_name = "REMOTE", value_parser = $parser)]
            artifact_remotes: Vec<RemoteSpec>,
            /// Use no servers of artifacts that projects recommend
            #[arg(long)]
            ignore_project_artifact_remotes: bool,
        }

        impl $name {
            /// What the command line says of servers of artifacts.
            pub(crate) fn artifacts(&self) -> CommandLineRemotes {
                let ignore_project = self.ignore_project_artifact_remotes;
                CommandLineRemotes { servers: self.artifact_remotes.clone(), ignore_project }
            }
        }
    };
    ($(#[$doc:meta])* $name:ident: sources by $parser:ident) => {
        $(#[$doc])*
        #[derive(Args, Clone, Debug, Default)]
        #[command(next_help_heading = "Shared caches")]
        pub(crate) struct $name {
            /// A server of sources: a URL, or url=URL,type=TYPE,instance-name=NAME,...; can be repeated
            #[arg(long = "source-remote", value_name = "REMOTE", value_parser = $parser)]
            source_remotes: Vec<RemoteSpec>,
            /// Use no servers of sources that projects recommend
            #[arg(long)]
            ignore_project_source_remotes: bool,
        }

        impl $name {
            /// What the command line says of servers of sources.
            pub(crate) fn sources(&self) -> CommandLineRemotes {
                let ignore_project = self.ignore_project_source_remotes;
                CommandLineRemotes { servers: self.source_remotes.clone(), ignore_project }
            }
        }
    };
}

remote_args! {
    /// Servers of artifacts of a command that pulls and pushes.
    ArtifactRemotes: artifacts by all
}
remote_args! {
    /// Servers of artifacts of a command that pulls.
    ArtifactPullRemotes: artifacts by pull
}
remote_args! {
    /// Servers of artifacts of a command that pushes.
    ArtifactPushRemotes: artifacts by push
}
remote_args! {
    /// Servers of sources of a command that pulls and pushes.
    SourceRemotes: sources by all
}
remote_args! {
    /// Servers of sources of a command that pulls.
    SourcePullRemotes: sources by pull
}
remote_args! {
    /// Servers of sources of a command that pushes.
    SourcePushRemotes: sources by push
}

//! `cas ...`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use spec_model::Digest;

/// Move trees between this machine and a Remote Execution API server.
#[derive(Debug, Subcommand)]
pub(crate) enum CasCommand {
    /// Upload a folder, or a tree of the cache, to a server; prints the digest of its root
    Push {
        /// A folder, or the digest of a tree in the cache as HASH/SIZE
        #[arg(value_name = "PATH|DIGEST")]
        what: PathBuf,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Download a tree from a server to a new folder, or into the cache
    Pull {
        /// The digest of the tree's root as HASH/SIZE
        digest: Digest,
        /// A folder that does not exist or is empty; none means the cache
        path: Option<PathBuf>,
        #[command(flatten)]
        remote: RemoteArgs,
    },
}

/// How to reach a server.
#[derive(Args, Debug)]
pub(crate) struct RemoteArgs {
    /// Its address: http://HOST:PORT, https://HOST:PORT or unix:PATH
    #[arg(long = "remote", value_name = "URL")]
    pub(crate) url: String,
    /// Its instance name [default: the empty one]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(crate) instance: String,
    /// A file with a bearer token
    #[arg(long, value_name = "FILE")]
    pub(crate) token: Option<PathBuf>,
    /// Certificates of the authorities that the server's certificate may be from, in PEM form [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The client's certificate, for servers that require one
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its private key
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
}

//! Git LFS: files that a repository has only pointers to.

mod lfs_config;
mod lfs_objects;
mod lfs_pointer;
mod lfs_server;

pub(super) use lfs_config::{LfsLogin, configured, server_url};
pub(super) use lfs_objects::LfsObjects;
pub(super) use lfs_pointer::{LARGEST_POINTER, LfsPointer};
pub(super) use lfs_server::LfsServer;

//! Git repositories, without the program git: objects are read where they are, and files go into the store without being checked
//! out. Neither hooks nor filters nor anybody's configuration is used.

mod advertised_ref;
mod describe;
mod dot_git;
mod git_ref;
mod git_repo;
mod git_source;
mod git_tag;
mod gitmodules;
mod go_module;
mod mirror;
mod objects;
mod pkt_line;
mod remote_repository;
mod server;
mod stage_tree;
mod staged_repository;
mod submodules;
mod tracked_ref;

pub(crate) use git_repo::GitRepoSource;
pub(crate) use git_source::GitSource;
pub(crate) use git_tag::GitTagSource;
pub(crate) use go_module::{GoModuleSource, WITH_EXPLICIT};

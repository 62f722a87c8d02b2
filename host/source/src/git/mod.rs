//! Git repositories, without the program git: objects are read where they are, and files go into the store without being checked
//! out. Neither hooks nor filters nor anybody's configuration is used, but what
//! `.gitattributes` say of line ends and encodings is done.

mod advertised_ref;
mod attributes;
mod commit_contents;
mod connection;
mod conversion;
mod converted_files;
mod describe;
mod dot_git;
mod git_address;
mod git_config;
mod git_ref;
mod git_repo;
mod git_source;
mod git_tag;
mod gitmodules;
mod go_files;
mod go_module;
mod go_version;
mod http_stream;
mod lfs;
mod lfs_files;
mod mirror;
mod objects;
mod pkt_line;
mod reachable_tags;
mod remote_repository;
mod server;
mod server_failure;
mod session;
mod ssh_address;
mod ssh_process;
mod stage_tree;
mod staged_repository;
mod submodules;
mod tracked_ref;
mod working_encoding;

pub(crate) use attributes::AttributeRules;
pub(crate) use git_ref::{GitRef, WantedHistory};
pub(crate) use git_repo::{GitRepoSource, parse_ref};
pub(crate) use git_source::GitSource;
pub(crate) use git_tag::GitTagSource;
pub(crate) use go_module::{GoModuleSource, WITH_EXPLICIT};
pub(crate) use remote_repository::RemoteRepository;
pub(crate) use staged_repository::StagedRepository;

/// What fuzzing reads.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    use super::gitmodules::parse_gitmodules;
    use super::go_files::{GoMod, go_line, root_module, version_in_sum};
    use super::pkt_line::{PktLine, PktLineReader};

    /// The lines of git's protocol, when their bytes arrive so many at a time, and whether all of them are good.
    #[must_use]
    pub fn lines(bytes: &[u8], at_a_time: usize) -> (Vec<Option<Vec<u8>>>, bool) {
        let (mut reader, mut lines) = (PktLineReader::default(), Vec::new());
        for chunk in bytes.chunks(at_a_time.max(1)) {
            reader.push(chunk);
            loop {
                match reader.next() {
                    Ok(Some(PktLine::Data(line))) => lines.push(Some(line)),
                    Ok(Some(_)) => lines.push(None),
                    Ok(None) => break,
                    Err(_) => return (lines, false),
                }
            }
        }
        (lines, reader.is_empty())
    }

    /// The paths and URLs of submodules.
    #[must_use]
    pub fn submodules(text: &str) -> Vec<(String, Option<String>)> {
        parse_gitmodules(text).into_iter().map(|entry| (entry.path, entry.url)).collect()
    }

    /// What a `go.mod`, a `go.sum` or a page says of a module: its heading in `modules.txt`, its version and its root.
    #[must_use]
    pub fn go_modules<'t>(text: &'t str, module: &str) -> (Option<String>, Option<&'t str>, Option<String>) {
        let heading = GoMod::parse(text).ok().map(|found| found.heading(module, "v1.0.0", go_line(text)));
        (heading, version_in_sum(text, module).ok().flatten(), root_module(text))
    }
}

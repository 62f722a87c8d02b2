//! The pages of `GetTree`.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use prost::Message;
use spec_action::wire::directory_to_proto;
use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::Directory;
use spec_proto::reapi;

use crate::request_error::RequestError;

/// Encoded bytes after which a page ends. One directory may make it larger.
const PAGE_BYTES: usize = 1 << 20;
/// Directories after which a page ends, whatever the client wants.
const PAGE_DIRECTORIES: usize = 4096;

/// Walks the directories of a tree breadth first, each different one once. The order depends on the tree alone, so that the
/// number of visited directories can be a page token.
pub(crate) struct TreePages {
    cas: Cas,
    queue: VecDeque<Digest>,
    seen: HashSet<Digest>,
    per_page: usize,
    visited: usize,
}

impl TreePages {
    /// Starts after the first `skip` directories.
    ///
    /// # Errors
    /// When the root is missing or not a directory; when `skip` is beyond the end.
    pub(crate) fn new(cas: Cas, root: Digest, per_page: usize, skip: usize) -> Result<Self, RequestError> {
        cas.directory(&root)?;
        let per_page = if per_page == 0 { PAGE_DIRECTORIES } else { per_page.min(PAGE_DIRECTORIES) };
        let (queue, seen) = (VecDeque::from([root]), HashSet::from([root]));
        let mut pages = Self { cas, queue, seen, per_page, visited: 0 };
        while pages.visited < skip {
            pages
                .next_directory()?
                .ok_or_else(|| RequestError::invalid("the page token is beyond the end of the tree"))?;
        }
        Ok(pages)
    }

    /// The next page; `None` after the last. Missing directories are left out, as REAPI demands.
    ///
    /// # Errors
    /// When a directory of the tree is not in canonical form, or the store fails.
    pub(crate) fn next(&mut self) -> Result<Option<reapi::GetTreeResponse>, RequestError> {
        let (mut directories, mut bytes) = (vec![], 0);
        while directories.len() < self.per_page && bytes < PAGE_BYTES {
            let Some(visited) = self.next_directory()? else { break };
            if let Some(directory) = visited {
                let directory = directory_to_proto(&directory);
                bytes += directory.encoded_len();
                directories.push(directory);
            }
        }
        let next_page_token = if self.queue.is_empty() { String::new() } else { self.visited.to_string() };
        Ok((!directories.is_empty()).then_some(reapi::GetTreeResponse { directories, next_page_token }))
    }

    /// Visits the next directory; `None` after the last, `Some(None)` for a missing one.
    fn next_directory(&mut self) -> Result<Option<Option<Arc<Directory>>>, RequestError> {
        let Some(digest) = self.queue.pop_front() else { return Ok(None) };
        self.visited += 1;
        let directory = match self.cas.directory(&digest) {
            Err(CasError::Missing { .. } | CasError::Corrupt { .. }) => return Ok(Some(None)),
            other => other?,
        };
        for child in &directory.directories {
            if self.seen.insert(child.digest) {
                self.queue.push_back(child.digest);
            }
        }
        Ok(Some(Some(directory)))
    }
}

//! Directories of a tree, page by page.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use prost::Message;
use spec_action::wire::directory_to_proto;
use spec_cas::{Cas, CasError};
use spec_model::Digest;
use spec_model::tree::Directory;
use spec_proto::reapi;

use crate::refusal::Refusal;

/// Encoded bytes after which a page ends. One directory may make it larger.
const PAGE_BYTES: usize = 1 << 20;
/// Directories after which a page ends, whatever the client wants.
const PAGE_DIRECTORIES: usize = 4096;

/// A walk over the directories of a tree, breadth first, each different one once. The order depends on the tree alone,
/// so that a number of directories is a place to go on from.
pub(crate) struct Pages {
    cas: Cas,
    queue: VecDeque<Digest>,
    seen: HashSet<Digest>,
    per_page: usize,
    passed: usize,
}

impl Pages {
    /// A walk that begins behind the first `skip` directories.
    ///
    /// # Errors
    /// When the root is not here or no directory; when `skip` is behind the end.
    pub(crate) fn new(cas: Cas, root: Digest, per_page: usize, skip: usize) -> Result<Self, Refusal> {
        cas.directory(&root)?;
        let per_page = if per_page == 0 { PAGE_DIRECTORIES } else { per_page.min(PAGE_DIRECTORIES) };
        let (queue, seen) = (VecDeque::from([root]), HashSet::from([root]));
        let mut pages = Self { cas, queue, seen, per_page, passed: 0 };
        while pages.passed < skip {
            pages.step()?.ok_or_else(|| Refusal::invalid("the page token is behind the end of the tree"))?;
        }
        Ok(pages)
    }

    /// The next page; `None` behind the last. A directory that is not here is left out, as REAPI has it.
    ///
    /// # Errors
    /// When something in the tree is no directory in canonical form, or the store fails.
    pub(crate) fn next(&mut self) -> Result<Option<reapi::GetTreeResponse>, Refusal> {
        let (mut directories, mut bytes) = (vec![], 0);
        while directories.len() < self.per_page && bytes < PAGE_BYTES {
            let Some(step) = self.step()? else { break };
            if let Some(directory) = step {
                let directory = directory_to_proto(&directory);
                bytes += directory.encoded_len();
                directories.push(directory);
            }
        }
        let next_page_token = if self.queue.is_empty() { String::new() } else { self.passed.to_string() };
        Ok((!directories.is_empty()).then_some(reapi::GetTreeResponse { directories, next_page_token }))
    }

    /// Passes one directory; `None` behind the last, `Some(None)` for one that is not here.
    fn step(&mut self) -> Result<Option<Option<Arc<Directory>>>, Refusal> {
        let Some(digest) = self.queue.pop_front() else { return Ok(None) };
        self.passed += 1;
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

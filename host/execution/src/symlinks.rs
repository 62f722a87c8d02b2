//! Where paths of a tree lead when symbolic links are followed.

use std::collections::VecDeque;

use spec_action::path::append;
use spec_cas::{Cas, CasError, Entry};
use spec_model::Digest;

/// More links than this in one path go in circles.
pub(crate) const MOST_LINKS: usize = 40;

/// What a path of a tree leads to, and the path of that without links; `None` where there is nothing.
///
/// # Errors
/// When the store fails, or a directory is not in it.
pub(crate) fn follow(cas: &Cas, root: &Digest, path: &str) -> Result<Option<(String, Entry)>, CasError> {
    let steps = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let mut names = VecDeque::from(steps(path));
    let (mut way, mut links): (Vec<String>, usize) = (Vec::new(), 0);
    while let Some(name) = names.pop_front() {
        match name.as_str() {
            "" | "." => continue,
            ".." => _ = way.pop(),
            _ => {
                let inside = append(&way.join("/"), &name);
                match cas.lookup(root, &inside)? {
                    Some(Entry::Directory(_)) => way.push(name),
                    Some(Entry::Symlink(link)) if links < MOST_LINKS => {
                        links += 1;
                        if link.target.starts_with('/') {
                            way.clear();
                        }
                        steps(&link.target).into_iter().rev().for_each(|step| names.push_front(step));
                    }
                    Some(file @ Entry::File(_)) if names.is_empty() => return Ok(Some((inside, file))),
                    _ => return Ok(None),
                }
            }
        }
    }
    let way = way.join("/");
    Ok(cas.lookup(root, &way)?.map(|entry| (way, entry)))
}

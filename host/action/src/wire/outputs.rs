//! The outputs that a result names: each once, at a path that can be one.

use std::collections::HashMap;

use spec_model::tree::NodeProperties;
use spec_model::{ActionResult, OutputSymlink, SymlinkKind};
use spec_proto::reapi;

use crate::path;

/// Bytes of what a symbolic link says, as Linux has it.
const LONGEST_TARGET: usize = 4095;
/// Bits of `st_mode`, those for the kind of a file among them: some clients send these too.
const MODE: u32 = 0o177_777;

/// The links of a result's three lists. A link to a file or a directory is in the list of all links too, if the client
/// knows it, and then says the same.
pub(super) fn symlinks(
    lists: [(SymlinkKind, Vec<reapi::OutputSymlink>); 3],
    convert: impl Fn(reapi::OutputSymlink, SymlinkKind) -> Result<OutputSymlink, String>,
) -> Result<Vec<OutputSymlink>, String> {
    let mut links: Vec<OutputSymlink> = Vec::new();
    // Where each path is, and in which lists it was.
    let mut known: HashMap<String, (usize, bool)> = HashMap::new();
    for (kind, list) in lists {
        for link in list.into_iter().map(|link| convert(link, kind)) {
            let link = link?;
            match known.get_mut(&link.path) {
                None => {
                    known.insert(link.path.clone(), (links.len(), kind == SymlinkKind::Plain));
                    links.push(link);
                }
                Some((at, in_plain))
                    if kind == SymlinkKind::Plain && !*in_plain && links[*at].target == link.target =>
                {
                    *in_plain = true;
                }
                Some(_) => return Err(twice(&link.path)),
            }
        }
    }
    Ok(links)
}

fn twice(path: &str) -> String {
    let shown: String = path.chars().take(200).flat_map(char::escape_default).collect();
    format!("the output '{shown}' is there twice")
}

/// Refuses outputs that cannot be: paths that lead nowhere, are there twice, or lie below a file.
pub(super) fn check(result: &ActionResult) -> Result<(), String> {
    let files = result.files.iter().map(|file| (&file.path, "path of an output file", Kind::File));
    let links = result.symlinks.iter().map(|link| (&link.path, "path of an output symlink", Kind::Link));
    let folders = result.directories.iter();
    let folders = folders.map(|folder| (&folder.path, "path of an output directory", Kind::Folder));
    let mut all = Vec::new();
    for (asked, field, kind) in files.chain(links).chain(folders) {
        let (up, down) = path::split_leading_parents(field, asked).map_err(|error| error.to_string())?;
        if down.is_empty() && kind != Kind::Folder {
            return Err(format!("{field} '{}' names no file", asked.chars().take(200).collect::<String>()));
        }
        all.push((up, down, kind, asked));
    }
    all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.split('/').cmp(b.1.split('/'))));
    for pair in all.windows(2) {
        let [(up, first, kind, _), (other, second, _, asked)] = pair else { continue };
        if up == other && first == second {
            return Err(twice(asked));
        }
        let below = second.strip_prefix(first).is_some_and(|rest| rest.starts_with('/'));
        if up == other && below && *kind == Kind::File {
            return Err(format!("the output '{asked}' is below the output '{first}', which is a file"));
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Link,
    Folder,
}

/// What a link says, if a link can say it.
pub(super) fn target(path: &str, target: String) -> Result<String, String> {
    match target.is_empty() || target.len() > LONGEST_TARGET || target.contains('\0') {
        true => {
            let shown: String = path.chars().take(200).flat_map(char::escape_default).collect();
            Err(format!("the output symlink '{shown}' has no possible target"))
        }
        false => Ok(target),
    }
}

/// Properties of an output, if files can have them.
pub(super) fn properties(properties: NodeProperties) -> Result<NodeProperties, String> {
    match properties.unix_mode {
        Some(mode) if mode & !MODE != 0 => Err(format!("unix_mode {mode:o} is no mode of a file")),
        _ => Ok(properties),
    }
}

//! Makes the `.git` of a staged commit: the commits since a tag with their folders, and an index, but no contents of files. The same
//! commit and tag always make the same bytes.

use std::collections::{BTreeSet, HashSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use git2::{ObjectType, Oid, Reference};
use sha1::{Digest as _, Sha1};
use spec_cas::{Cas, CasError, TreeBuilder};
use spec_model::Digest;

use super::advertised_ref::AdvertisedRef;
use super::describe::newest_first;
use super::objects::{GitEntry, GitEntryKind, GitObjects, ObjectReader, oid};
use super::stage_tree::StageError;
use crate::git_error::GitError;

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";
/// The most commits since a tag that are staged.
const MOST_COMMITS: usize = 100_000;

/// The tree of a `.git` whose HEAD is `commit`.
pub(super) fn dot_git(
    objects: &GitObjects,
    commit: &str,
    tag: Option<&AdvertisedRef>,
    cas: &Cas,
) -> Result<Digest, StageError> {
    let (reader, head) = (&objects.reader()?, oid(commit)?);
    let base = tag.map(|tag| reader.peel(tag.object)).transpose()?;
    let (commits, shallow) = commits(reader, head, base.as_ref().map(|(commit, _)| *commit))?;
    let mut git = GitFolder { reader, cas, builder: TreeBuilder::new() };
    git.file("HEAD", format!("{head}\n").as_bytes())?;
    git.file("config", CONFIG.as_bytes())?;
    git.file("shallow", lines(&shallow).as_bytes())?;
    git.builder.add_directory("refs/heads")?;
    git.builder.add_directory("objects/info")?;
    let mut trees = Vec::new();
    for id in &commits {
        git.object(*id, "commit")?;
        trees.push(reader.commit(*id)?.tree);
    }
    git.folders(trees)?;
    if let (Some(tag), Some((_, chain))) = (tag, base) {
        for id in &chain {
            git.object(*id, "tag")?;
        }
        git.file(&tag.name, format!("{}\n", tag.object).as_bytes())?;
    }
    let index = index(reader, reader.commit(head)?.tree)?;
    git.file("index", &index)?;
    Ok(git.builder.store(cas)?)
}

/// A tag as a source declares it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TagToStage<'t> {
    pub(super) tag: &'t str,
    pub(super) commit: &'t str,
    pub(super) annotated: bool,
}

/// The tree of a `.git` with the commits between tags and `commit`, without their folders, and the tags.
pub(super) fn dot_git_of_tags(
    objects: &GitObjects,
    commit: &str,
    tags: &[TagToStage<'_>],
    cas: &Cas,
) -> Result<Digest, StageError> {
    let (reader, head) = (&objects.reader()?, oid(commit)?);
    let history = newest_first(reader, head)?;
    let (mut included, mut cut) = (BTreeSet::new(), BTreeSet::new());
    let mut git = GitFolder { reader, cas, builder: TreeBuilder::new() };
    for TagToStage { tag, commit, annotated } in tags {
        let target = oid(commit)?;
        between(reader, &history, target, &mut included, &mut cut)?;
        let mut named = target;
        if *annotated {
            let text = format!(
                "object {target}\ntype commit\ntag {tag}\ntagger Unspecified Tagger <unspecified-tagger> 0 +0000\n"
            );
            named = git.new_object(ObjectType::Tag, text.as_bytes())?;
        }
        let path = format!("refs/tags/{tag}");
        if !Reference::is_valid_name(&path) {
            return Err(GitError::NoTag { tag: (*tag).to_owned() }.into());
        }
        git.file(&path, format!("{named}\n").as_bytes())?;
    }
    let shallow: BTreeSet<Oid> = cut.difference(&included).copied().collect();
    for id in included.union(&shallow) {
        git.object(*id, "commit")?;
    }
    git.file("HEAD", format!("{head}\n").as_bytes())?;
    git.file("config", CONFIG.as_bytes())?;
    git.file("shallow", lines(&shallow).as_bytes())?;
    git.builder.add_directory("refs/heads")?;
    git.builder.add_directory("objects/info")?;
    Ok(git.builder.store(cas)?)
}

/// Adds the commits of a history, the newest first, that come after `tag`, and those at which it is cut off.
fn between(
    reader: &ObjectReader<'_>,
    history: &[Oid],
    tag: Oid,
    included: &mut BTreeSet<Oid>,
    cut: &mut BTreeSet<Oid>,
) -> Result<(), GitError> {
    cut.insert(tag);
    let mut after = BTreeSet::from([tag]);
    // Times of commits may be wrong, so that a parent may come before its child.
    loop {
        let before = after.len();
        for id in history.iter().rev().filter(|id| **id != tag) {
            let parents = reader.commit(*id)?.parents;
            if parents.iter().any(|parent| after.contains(parent)) && after.insert(*id) {
                included.insert(*id);
                cut.extend(parents.into_iter().filter(|parent| reader.has(*parent)));
            }
        }
        if after.len() == before {
            return Ok(());
        }
    }
}

fn lines(ids: &BTreeSet<Oid>) -> String {
    ids.iter().map(|id| format!("{id}\n")).collect()
}

/// The commits from `head` to `base`, and those of them whose parents are left out. Without a base it is `head` alone.
fn commits(
    reader: &ObjectReader<'_>,
    head: Oid,
    base: Option<Oid>,
) -> Result<(BTreeSet<Oid>, BTreeSet<Oid>), GitError> {
    let end: HashSet<Oid> = reader.commit(base.unwrap_or(head))?.parents.into_iter().collect();
    let (mut commits, mut shallow) = (BTreeSet::new(), BTreeSet::new());
    let mut waiting = vec![head];
    while let Some(id) = waiting.pop() {
        if !commits.insert(id) {
            continue;
        }
        if commits.len() > MOST_COMMITS {
            return Err(GitError::TooLarge { limit: format!("{MOST_COMMITS} commits since its tag") });
        }
        for parent in reader.commit(id)?.parents {
            match end.contains(&parent) || !reader.has(parent) {
                true => drop(shallow.insert(id)),
                false => waiting.push(parent),
            }
        }
    }
    Ok((commits, shallow))
}

/// A `.git` that is being made.
struct GitFolder<'g> {
    reader: &'g ObjectReader<'g>,
    cas: &'g Cas,
    builder: TreeBuilder,
}

impl GitFolder<'_> {
    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), CasError> {
        let digest = self.cas.put_bytes(bytes)?;
        self.builder.add_file(path, digest, false)
    }

    /// Adds an object as a file of its own.
    fn object(&mut self, id: Oid, what: &'static str) -> Result<(), StageError> {
        let object = self.reader.read(id, what)?;
        self.loose(id, object.kind(), object.data())
    }

    /// Adds an object that the repository does not have.
    fn new_object(&mut self, kind: ObjectType, data: &[u8]) -> Result<Oid, StageError> {
        let id = Oid::hash_object(kind, data).map_err(|error| GitError::damaged(&"tag", &error.message()))?;
        self.loose(id, kind, data)?;
        Ok(id)
    }

    fn loose(&mut self, id: Oid, kind: ObjectType, data: &[u8]) -> Result<(), StageError> {
        let bytes = loose_object(kind, data).map_err(|error| GitError::damaged(&id, &error))?;
        let hex = id.to_string();
        Ok(self.file(&format!("objects/{}/{}", &hex[..2], &hex[2..]), &bytes)?)
    }

    /// Adds folders, those below them, and the targets of symbolic links.
    fn folders(&mut self, roots: Vec<Oid>) -> Result<(), StageError> {
        let (mut waiting, mut seen) = (roots, HashSet::new());
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            self.object(id, "folder")?;
            for entry in self.reader.folder(id)? {
                match entry.kind {
                    GitEntryKind::Folder => waiting.push(entry.id),
                    GitEntryKind::Link if seen.insert(entry.id) => self.object(entry.id, "file")?,
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

fn loose_object(kind: ObjectType, data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    write!(encoder, "{} {}\0", kind.str(), data.len())?;
    encoder.write_all(data)?;
    encoder.finish()
}

/// The index of all files of a folder, without their sizes and times, which git then looks at itself.
fn index(reader: &ObjectReader<'_>, root: Oid) -> Result<Vec<u8>, GitError> {
    let mut entries = Vec::new();
    collect(reader, root, &mut Vec::new(), &mut entries)?;
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let mut bytes = b"DIRC\0\0\0\x02".to_vec();
    bytes.extend_from_slice(&(entries.len() as u32).to_be_bytes());
    for (path, kind, id) in &entries {
        let start = bytes.len();
        bytes.extend_from_slice(&[0; 24]);
        bytes.extend_from_slice(&kind.mode().to_be_bytes());
        bytes.extend_from_slice(&[0; 12]);
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(&(path.len().min(0xfff) as u16).to_be_bytes());
        bytes.extend_from_slice(path);
        let length = bytes.len() - start;
        bytes.resize(start + (length + 8) / 8 * 8, 0);
    }
    let checksum = Sha1::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    Ok(bytes)
}

fn collect(
    reader: &ObjectReader<'_>,
    folder: Oid,
    path: &mut Vec<u8>,
    entries: &mut Vec<(Vec<u8>, GitEntryKind, Oid)>,
) -> Result<(), GitError> {
    for GitEntry { name, kind, id } in reader.folder(folder)? {
        let length = path.len();
        path.extend_from_slice(&name);
        if kind == GitEntryKind::Folder {
            path.push(b'/');
            collect(reader, id, path, entries)?;
        } else {
            entries.push((path.clone(), kind, id));
        }
        path.truncate(length);
    }
    Ok(())
}

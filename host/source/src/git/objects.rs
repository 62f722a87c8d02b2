//! The objects of a repository on this machine: packs and single files, as git keeps them.

use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, OdbObject, Oid, Repository, RepositoryOpenFlags};

use crate::git_error::GitError;

/// The most tags that may point at each other.
const TAG_CHAIN: usize = 16;
/// Digits of the name of an object.
const DIGITS: usize = 40;

/// The objects of a repository. Every object is checked against its name when it is read. It is for one thread; another opens
/// the repository again.
pub(crate) struct GitObjects {
    path: PathBuf,
    repository: Repository,
}

/// A commit, as far as sources need it.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) tree: Oid,
    pub(crate) parents: Vec<Oid>,
    /// Seconds since the epoch.
    pub(crate) committed: i64,
}

/// What an entry of a folder of a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GitEntryKind {
    Folder,
    File { executable: bool },
    Link,
    Submodule,
}

/// An entry of a folder of a commit.
#[derive(Clone, Debug)]
pub(crate) struct GitEntry {
    /// Its name, as the repository has it.
    pub(crate) name: Vec<u8>,
    pub(crate) kind: GitEntryKind,
    pub(crate) id: Oid,
}

impl GitEntryKind {
    fn of_mode(mode: i32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => Self::Folder,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::File { executable: mode & 0o100 != 0 },
        }
    }

    /// The mode that git writes for it.
    pub(crate) fn mode(self) -> u32 {
        match self {
            Self::Folder => 0o040_000,
            Self::File { executable: false } => 0o100_644,
            Self::File { executable: true } => 0o100_755,
            Self::Link => 0o120_000,
            Self::Submodule => 0o160_000,
        }
    }
}

impl std::fmt::Debug for GitObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GitObjects({})", self.path.display())
    }
}

impl GitObjects {
    /// The objects of the repository in a folder, which is bare or has a `.git`.
    pub(crate) fn open(path: &Path) -> Result<Self, GitError> {
        let none: [&Path; 0] = [];
        let repository = Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, none);
        let path = path.to_path_buf();
        match repository {
            Ok(repository) => Ok(Self { path, repository }),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Err(GitError::NoRepository { path }),
            Err(error) => {
                let error = std::io::Error::other(error.message().to_owned());
                Err(GitError::Io { action: "open the repository", path, error })
            }
        }
    }

    /// The folder that it was opened by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Reads objects. For many objects it is kept.
    pub(crate) fn reader(&self) -> Result<ObjectReader<'_>, GitError> {
        let odb = self.repository.odb();
        odb.map(|odb| ObjectReader { odb }).map_err(|error| GitError::damaged(&"database", &error.message()))
    }

    /// The 40 digits of the commit that begins with some of them.
    pub(crate) fn commit_from(&self, start: &str) -> Result<String, GitError> {
        let missing = || GitError::Missing { what: "commit", id: start.to_owned() };
        let found = self.repository.find_commit_by_prefix(start).map_err(|_| missing())?;
        Ok(found.id().to_string())
    }

    /// Whether it has an object.
    pub(crate) fn has(&self, id: Oid) -> bool {
        self.repository.odb().is_ok_and(|odb| odb.exists(id))
    }
}

/// Reads the objects of a repository.
pub(crate) struct ObjectReader<'r> {
    odb: Odb<'r>,
}

impl ObjectReader<'_> {
    pub(crate) fn has(&self, id: Oid) -> bool {
        self.odb.exists(id)
    }

    /// An object of any kind.
    pub(crate) fn read(&self, id: Oid, what: &'static str) -> Result<OdbObject<'_>, GitError> {
        self.odb.read(id).map_err(|error| match error.code() {
            git2::ErrorCode::NotFound => GitError::Missing { what, id: id.to_string() },
            _ => GitError::damaged(&id, &error.message()),
        })
    }

    fn read_as(&self, id: Oid, kind: ObjectType, what: &'static str) -> Result<OdbObject<'_>, GitError> {
        let object = self.read(id, what)?;
        match object.kind() == kind {
            true => Ok(object),
            false => {
                Err(GitError::damaged(&id, &format!("it is a {} instead of a {what}", object.kind().str())))
            }
        }
    }

    /// The size of an object, which is not read.
    pub(crate) fn size(&self, id: Oid) -> Result<u64, GitError> {
        match self.odb.read_header(id) {
            Ok((size, _)) => Ok(size as u64),
            Err(error) if error.code() == git2::ErrorCode::NotFound => {
                Err(GitError::Missing { what: "file", id: id.to_string() })
            }
            Err(error) => Err(GitError::damaged(&id, &error.message())),
        }
    }

    /// The bytes of a file.
    pub(crate) fn blob(&self, id: Oid) -> Result<OdbObject<'_>, GitError> {
        self.read_as(id, ObjectType::Blob, "file")
    }

    /// A commit. Its parents are those that it names, whether they were fetched or not.
    pub(crate) fn commit(&self, id: Oid) -> Result<Commit, GitError> {
        let object = self.read_as(id, ObjectType::Commit, "commit")?;
        parse_commit(object.data()).ok_or_else(|| GitError::damaged(&id, &"it is no commit"))
    }

    /// The entries of a folder, in the order of the repository.
    pub(crate) fn folder(&self, id: Oid) -> Result<Vec<GitEntry>, GitError> {
        let object = self.read_as(id, ObjectType::Tree, "folder")?;
        parse_folder(object.data()).ok_or_else(|| GitError::damaged(&id, &"it is no folder"))
    }

    /// The commit that a tag leads to, with the tags on the way; the commit itself for a commit.
    pub(crate) fn peel(&self, id: Oid) -> Result<(Oid, Vec<Oid>), GitError> {
        let (mut at, mut tags) = (id, Vec::new());
        while tags.len() < TAG_CHAIN {
            let object = self.read(at, "tag")?;
            match object.kind() {
                ObjectType::Commit => return Ok((at, tags)),
                ObjectType::Tag => {
                    let target = header(object.data(), "object ").and_then(|text| oid(text).ok());
                    tags.push(at);
                    at = target.ok_or_else(|| GitError::damaged(&at, &"it is no tag"))?;
                }
                kind => {
                    return Err(GitError::damaged(
                        &id,
                        &format!("it leads to a {} instead of a commit", kind.str()),
                    ));
                }
            }
        }
        Err(GitError::damaged(&id, &"it is a tag of a tag of too many tags"))
    }

    /// The entry at a path of a commit.
    pub(crate) fn entry(&self, commit: Oid, path: &str) -> Result<Option<GitEntry>, GitError> {
        let mut at = self.commit(commit)?.tree;
        let mut names = path.split('/').filter(|name| !matches!(*name, "" | ".")).peekable();
        while let Some(name) = names.next() {
            let found = self.folder(at)?.into_iter().find(|entry| entry.name == name.as_bytes());
            match found {
                Some(entry) if names.peek().is_none() => return Ok(Some(entry)),
                Some(GitEntry { kind: GitEntryKind::Folder, id, .. }) => at = id,
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The object that 40 digits name.
pub(crate) fn oid(digits: &str) -> Result<Oid, GitError> {
    let found = Oid::from_str(digits).ok().filter(|_| digits.len() == DIGITS);
    found.ok_or_else(|| GitError::Missing { what: "commit", id: digits.to_owned() })
}

/// The value of the first line of an object that begins so; the lines end with an empty one.
fn header<'d>(data: &'d [u8], start: &str) -> Option<&'d str> {
    headers(data).find_map(|line| line.strip_prefix(start))
}

fn headers(data: &[u8]) -> impl Iterator<Item = &str> {
    let lines = data.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    lines.filter_map(|line| std::str::from_utf8(line).ok())
}

fn parse_commit(data: &[u8]) -> Option<Commit> {
    let tree = oid(header(data, "tree ")?).ok()?;
    let parents = headers(data).filter_map(|line| line.strip_prefix("parent "));
    let parents = parents.map(oid).collect::<Result<_, _>>().ok()?;
    // The time stands before the time zone at the end of the line, whose name may not be text.
    let line = data.split(|byte| *byte == b'\n').find(|line| line.starts_with(b"committer "));
    let words = line.map(|line| line.rsplit(|byte| *byte == b' ').nth(1).unwrap_or_default());
    let committed = words.and_then(|word| std::str::from_utf8(word).ok()?.parse().ok()).unwrap_or_default();
    Some(Commit { tree, parents, committed })
}

fn parse_folder(data: &[u8]) -> Option<Vec<GitEntry>> {
    let (mut entries, mut rest) = (Vec::new(), data);
    while !rest.is_empty() {
        let space = rest.iter().take(8).position(|byte| *byte == b' ')?;
        let mode = i32::from_str_radix(std::str::from_utf8(&rest[..space]).ok()?, 8).ok()?;
        rest = &rest[space + 1..];
        let end = rest.iter().position(|byte| *byte == 0)?;
        let (name, after) = (rest[..end].to_vec(), &rest[end + 1..]);
        let id = Oid::from_bytes(after.get(..DIGITS / 2)?).ok()?;
        rest = &after[DIGITS / 2..];
        entries.push(GitEntry { name, kind: GitEntryKind::of_mode(mode), id });
    }
    Some(entries)
}

#[cfg(test)]
mod tests;

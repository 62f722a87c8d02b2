//! Listing a folder of the host, before its files are read.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};

use rayon::prelude::*;
use rustix::fs::{Dir, FileType, Stat};
use rustix::io::Errno;
use spec_model::Cancel;

use crate::error::{CasError, Result};
use crate::host_folder::{HostFolder, escape_invalid_utf8, special_file_kind};
use crate::limits::{Limits, Meter};
use crate::overlay_xattrs::{LowerPart, OverlayXattrs, is_executable, proc_path};
use crate::store::{Cas, MIN_FOR_THREADS};
use crate::tree::push_name;

/// Files of a folder that one thread reads.
const SHARE: usize = 32;

/// A folder of the host.
#[derive(Default)]
pub(crate) struct ScannedFolder {
    pub(crate) entries: BTreeMap<String, ScannedEntry>,
    /// The lower entry that it extends, in an overlay's upper folder.
    pub(crate) lower: LowerPart,
    /// When it was last changed, if that is wanted.
    pub(crate) mtime: Option<(i64, i32)>,
}

pub(crate) enum ScannedEntry {
    /// Index into [`Scan::files`].
    File(usize),
    /// A file whose contents are below an overlay's upper folder.
    FileBelow {
        contents: LowerPart,
        executable: bool,
        mtime: Option<(i64, i32)>,
    },
    Symlink(String),
    Folder(ScannedFolder),
    /// No entry, and none of the layers below either: a whiteout or a special file.
    Absent,
}

/// A file that is to be read.
#[derive(Debug)]
pub(crate) struct ScannedFile {
    /// Index into [`Scan::folders`].
    pub(crate) folder: usize,
    pub(crate) name: String,
}

/// A named pipe, socket or device, which no tree can hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpecialFile {
    /// Relative path.
    pub path: String,
    /// What it is, for messages.
    pub kind: &'static str,
}

/// How a folder is scanned.
pub(crate) struct ScanOptions<'a> {
    /// Says of a relative path whether it is wanted, with all below it.
    pub(crate) filter: &'a dyn Fn(&str) -> bool,
    /// The attributes of the overlay whose upper folder it is. Without them whiteouts are devices.
    pub(crate) overlay: Option<OverlayXattrs>,
    /// Whether special files are left out; otherwise they are an error.
    pub(crate) skip_special: bool,
    /// Whether times are wanted: those of files, and outside of overlays those of folders.
    pub(crate) times: bool,
    pub(crate) limits: Limits,
    pub(crate) cancel: &'a Cancel,
}

/// The listing of a folder.
pub(crate) struct Scan {
    pub(crate) root: ScannedFolder,
    /// Relative paths of the folders that hold files.
    pub(crate) folders: Vec<String>,
    /// Those of one folder follow each other.
    pub(crate) files: Vec<ScannedFile>,
    /// Special files, which were left out.
    pub(crate) special: Vec<SpecialFile>,
}

impl Scan {
    /// Lists all of the folder at `path`.
    pub(crate) fn of(host: &HostFolder, path: &str, options: ScanOptions<'_>) -> Result<Self> {
        let meter = Meter::new(options.limits, options.cancel);
        let base = path.to_owned();
        let mut scanner =
            Scanner { host, base, options, meter, folders: vec![], files: vec![], special: vec![] };
        let root = scanner.scan(&mut path.to_owned(), 0)?;
        let Scanner { folders, files, special, .. } = scanner;
        Ok(Self { root, folders, files, special })
    }

    /// Calls `job` for every file, on all threads of the store or of the process when there are many files. `job`
    /// gets the open folder, its path and the file's name; the results are in the order of the files.
    pub(crate) fn read<R: Send>(
        &self,
        host: &HostFolder,
        store: Option<&Cas>,
        job: impl Fn(&OwnedFd, &str, &str) -> Result<R> + Sync,
    ) -> Result<Vec<R>> {
        let of_folder = self.files.chunk_by(|one, next| one.folder == next.folder);
        let shares: Vec<&[ScannedFile]> = of_folder.flat_map(|files| files.chunks(SHARE)).collect();
        let read = |share: &&[ScannedFile]| -> Result<Vec<R>> {
            let Some(first) = share.first() else { return Ok(vec![]) };
            let path = &self.folders[first.folder];
            let folder = host.folder(path)?;
            share.iter().map(|file| job(&folder, path, &file.name)).collect()
        };
        let all = || shares.par_iter().map(read).collect::<Result<Vec<_>>>();
        let found = match store {
            _ if self.files.len() < MIN_FOR_THREADS => shares.iter().map(read).collect::<Result<Vec<_>>>()?,
            Some(store) => store.workers()?.install(all)?,
            None => all()?,
        };
        Ok(found.into_iter().flatten().collect())
    }
}

/// When a file or folder was last changed, to a microsecond, as BuildStream's daemon keeps it.
pub(crate) fn mtime(stat: &Stat) -> (i64, i32) {
    let nanos = i32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    (stat.st_mtime, nanos - nanos % 1000)
}

struct Scanner<'a> {
    host: &'a HostFolder,
    /// Where the scan began; the filter does not see it.
    base: String,
    options: ScanOptions<'a>,
    meter: Meter<'a>,
    folders: Vec<String>,
    files: Vec<ScannedFile>,
    special: Vec<SpecialFile>,
}

impl Scanner<'_> {
    /// Lists the folder at `path`. No more than one folder is open at a time.
    fn scan(&mut self, path: &mut String, depth: u32) -> Result<ScannedFolder> {
        self.meter
            .depth(depth)
            .map_err(|error| error.about(self.host.display_path(path).to_string_lossy()))?;
        let mut scanned = ScannedFolder::default();
        let mut folders = vec![];
        self.list(path, &mut scanned, &mut folders)?;
        for name in folders {
            let length = path.len();
            push_name(path, &name);
            let inner = self.scan(path, depth + 1)?;
            path.truncate(length);
            scanned.entries.insert(name, ScannedEntry::Folder(inner));
        }
        Ok(scanned)
    }

    /// Lists the entries of a folder; the names of its sub-folders go to `folders`.
    fn list(
        &mut self,
        path: &mut String,
        scanned: &mut ScannedFolder,
        folders: &mut Vec<String>,
    ) -> Result<()> {
        let folder = self.host.folder(path)?;
        if let Some(xattrs) = self.options.overlay {
            let lower = xattrs.lower_part(&proc_path(&folder, "."));
            scanned.lower = lower
                .map_err(CasError::io("read the overlay attributes of", self.host.display_path(path)))?;
        }
        let display_path = || self.host.display_path(path);
        if self.options.times && self.options.overlay.is_none() {
            let stat = rustix::fs::fstat(&folder).map_err(CasError::io("look up", display_path()))?;
            scanned.mtime = Some(mtime(&stat));
        }
        let entries = Dir::read_from(&folder).map_err(CasError::io("list", display_path()))?;
        let (number, length) = (self.folders.len(), path.len());
        for entry in entries {
            let entry = entry.map_err(CasError::io("list", self.host.display_path(&path[..length])))?;
            let raw = entry.file_name().to_bytes();
            if raw == b"." || raw == b".." {
                continue;
            }
            self.meter.entry()?;
            push_name(path, &String::from_utf8_lossy(raw));
            let wanted = (self.options.filter)(path[self.base.len()..].trim_start_matches('/'));
            path.truncate(length);
            if !wanted {
                continue;
            }
            let name = self.name(path, raw)?;
            match self.kind(&folder, &name, entry.file_type(), path)? {
                FileType::Directory => folders.push(name),
                FileType::RegularFile => {
                    let found = match self.file_below(&folder, &name, path)? {
                        Some(below) => below,
                        None => ScannedEntry::File(self.files.len()),
                    };
                    if matches!(found, ScannedEntry::File(_)) {
                        self.files.push(ScannedFile { folder: number, name: name.clone() });
                    }
                    scanned.entries.insert(name, found);
                }
                kind => {
                    let found = self.other(&folder, &name, kind, path)?;
                    scanned.entries.insert(name, found);
                }
            }
        }
        self.folders.push(path.clone());
        Ok(())
    }

    fn name(&self, path: &str, raw: &[u8]) -> Result<String> {
        String::from_utf8(raw.to_vec()).map_err(|_| CasError::BadPath {
            path: self.host.display_name(path, raw),
            why: "its name is not UTF-8",
        })
    }

    fn kind(&self, folder: &OwnedFd, name: &str, told: FileType, path: &str) -> Result<FileType> {
        if told != FileType::Unknown {
            return Ok(told);
        }
        let stat = self.host.stat(folder, name);
        let stat = stat.map_err(CasError::io("look up", self.host.display_path(path).join(name)))?;
        Ok(FileType::from_raw_mode(stat.st_mode))
    }

    /// A file whose contents are below; `None` for others.
    fn file_below(&self, folder: &OwnedFd, name: &str, path: &str) -> Result<Option<ScannedEntry>> {
        let display_path = || self.host.display_path(path).join(name);
        let Some(xattrs) = self.options.overlay else { return Ok(None) };
        let contents = xattrs
            .contents(&proc_path(folder, name))
            .map_err(CasError::io("read the overlay attributes of", display_path()))?;
        let Some(contents) = contents else { return Ok(None) };
        let stat = self.host.stat(folder, name).map_err(CasError::io("look up", display_path()))?;
        let mtime = self.options.times.then(|| mtime(&stat));
        Ok(Some(ScannedEntry::FileBelow { contents, executable: is_executable(stat.st_mode), mtime }))
    }

    /// An entry that is neither a folder nor a file.
    fn other(&mut self, folder: &OwnedFd, name: &str, kind: FileType, path: &str) -> Result<ScannedEntry> {
        let display_path = || self.host.display_path(path).join(name);
        if kind == FileType::Symlink {
            let target = rustix::fs::readlinkat(folder, name, Vec::new());
            let target = target.map_err(CasError::io("read", display_path()))?.into_bytes();
            return String::from_utf8(target).map(ScannedEntry::Symlink).map_err(|error| CasError::BadPath {
                path: format!("{} -> {}", display_path().display(), escape_invalid_utf8(error.as_bytes())),
                why: "the target of the symbolic link is not UTF-8",
            });
        }
        let whiteout = self.options.overlay.is_some()
            && kind == FileType::CharacterDevice
            && is_whiteout(self.host, folder, name).map_err(CasError::io("look up", display_path()))?;
        let kind = special_file_kind(kind);
        match self.options.skip_special {
            _ if whiteout => {}
            true => {
                let mut path = path.to_owned();
                push_name(&mut path, name);
                self.special.push(SpecialFile { path, kind });
            }
            false => return Err(CasError::SpecialFile { path: display_path(), kind }),
        }
        Ok(ScannedEntry::Absent)
    }
}

/// Overlayfs writes a deleted name as a character device with number 0/0.
fn is_whiteout(host: &HostFolder, folder: impl AsFd, name: &str) -> Result<bool, Errno> {
    Ok(host.stat(folder, name)?.st_rdev == 0)
}

//! Writes trees as tar archives.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use spec_cas::{Cas, EntryRef, Walk};
use spec_model::Digest;

use crate::cli::Compression;
use crate::error::{CommandError, CommandResult};
use crate::user_file::NewFile;

/// BuildStream's one modification time, 2011-11-11 11:11:11 UTC.
const MTIME: u64 = 1_321_009_871;

/// Refuses what [`write()`] would refuse, before the work of making the tree.
///
/// # Errors
/// `file-exists`, `file-is-directory`.
pub(super) fn check(path: &Path, force: bool) -> CommandResult {
    if is_stdout(path) { Ok(()) } else { NewFile::check(path, force) }
}

/// Refuses a compression without an archive, and a name that says one that there is not. The command line alone cannot: it is silent
/// when the archive's option conflicts with another.
///
/// # Errors
/// `compression-without-tar`, `unknown-compression`.
pub(super) fn check_compression(compression: Option<Compression>, tar: Option<&Path>) -> CommandResult {
    match (compression, tar) {
        (Some(_), None) => {
            let error = CommandError::usage("compression-without-tar", "--compression is for archives");
            Err(error.hint("write one with --tar, or leave it out"))
        }
        (None, Some(path)) if by_name(path).is_none() && is_compressed_otherwise(path) => {
            let message = format!(
                "the name of the archive, {}, says a compression that there is none of",
                path.display()
            );
            let error = CommandError::usage("unknown-compression", message);
            Err(error.hint("expected .tar, .tar.gz, .tar.xz or .tar.bz2; or say --compression"))
        }
        _ => Ok(()),
    }
}

/// Whether a name ends in `.tar.` and something else.
fn is_compressed_otherwise(path: &Path) -> bool {
    path.extension().is_some()
        && path.file_stem().is_some_and(|stem| Path::new(stem).extension() == Some("tar".as_ref()))
}

/// Writes a tree as an archive to `path`, which may be a device or a pipe, or to the standard output when that is
/// `-`. A new file is removed if writing it fails.
///
/// # Errors
/// `file-exists` unless `force` says that a file may be overwritten, or when the cache or the disk fails.
pub(super) fn write(
    cas: &Cas,
    root: &Digest,
    path: &Path,
    compression: Option<Compression>,
    force: bool,
) -> CommandResult {
    write_below("", cas, root, path, compression, force)
}

/// As [`write()`], with something before the name of each member.
///
/// # Errors
/// As [`write()`].
pub(super) fn write_below(
    prefix: &str,
    cas: &Cas,
    root: &Digest,
    path: &Path,
    compression: Option<Compression>,
    force: bool,
) -> CommandResult {
    let compression = compression.or_else(|| by_name(path));
    if is_stdout(path) {
        return compressed(prefix, cas, root, &mut io::stdout().lock(), compression);
    }
    let mut file = NewFile::open(path, force)?;
    let mut out = BufWriter::new(&mut file);
    compressed(prefix, cas, root, &mut out, compression)?;
    out.flush().map_err(|error| CommandError::io(&format!("write {}", path.display()), &error))?;
    drop(out);
    file.keep();
    Ok(())
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn by_name(path: &Path) -> Option<Compression> {
    match path.extension()?.to_str()? {
        "gz" | "tgz" => Some(Compression::Gz),
        "xz" | "txz" => Some(Compression::Xz),
        "bz2" | "tbz2" => Some(Compression::Bz2),
        _ => None,
    }
}

fn compressed(
    prefix: &str,
    cas: &Cas,
    root: &Digest,
    out: &mut dyn Write,
    how: Option<Compression>,
) -> CommandResult {
    let failed = |error: io::Error| CommandError::io("write the archive", &error);
    match how {
        None => archive(prefix, cas, root, out).map(drop),
        Some(Compression::Gz) => {
            let out = archive(
                prefix,
                cas,
                root,
                flate2::write::GzEncoder::new(out, flate2::Compression::default()),
            )?;
            out.finish().map(drop).map_err(failed)
        }
        Some(Compression::Xz) => {
            let out = archive(prefix, cas, root, liblzma::write::XzEncoder::new(out, 6))?;
            out.finish().map(drop).map_err(failed)
        }
        Some(Compression::Bz2) => {
            let out =
                archive(prefix, cas, root, bzip2::write::BzEncoder::new(out, bzip2::Compression::default()))?;
            out.finish().map(drop).map_err(failed)
        }
    }
}

fn archive<W: Write>(prefix: &str, cas: &Cas, root: &Digest, out: W) -> CommandResult<W> {
    let mut archive = tar::Builder::new(out);
    let mut failure = None;
    cas.walk(root, |path, entry| {
        if failure.is_none() {
            failure = add(cas, &mut archive, &format!("{prefix}{path}"), entry).err();
        }
        Ok(if failure.is_some() { Walk::Skip } else { Walk::Enter })
    })?;
    match failure {
        Some(error) => Err(error),
        None => archive.into_inner().map_err(|error| CommandError::io("write the archive", &error)),
    }
}

fn add<W: Write>(cas: &Cas, archive: &mut tar::Builder<W>, path: &str, entry: EntryRef<'_>) -> CommandResult {
    let mut header = tar::Header::new_ustar();
    header.set_mtime(MTIME);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    let written = match entry {
        EntryRef::Directory(_) => {
            header.set_entry_type(tar::EntryType::Directory);
            header.set_mode(0o755);
            append(archive, &mut header, &format!("{path}/"), "", io::empty())
        }
        EntryRef::Symlink(link) => {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_mode(0o777);
            append(archive, &mut header, path, &link.target, io::empty())
        }
        EntryRef::File(file) => {
            header.set_mode(if file.executable { 0o755 } else { 0o644 });
            header.set_size(file.digest.size());
            let contents: File = cas.open_blob(&file.digest)?;
            append(archive, &mut header, path, "", contents)
        }
    };
    written.map_err(|error| CommandError::io(&format!("add '{path}' to the archive"), &error))
}

/// Adds a member with a name and a target that are written as they are: the library would take `./` away.
fn append<W: Write>(
    archive: &mut tar::Builder<W>,
    header: &mut tar::Header,
    name: &str,
    target: &str,
    contents: impl io::Read,
) -> io::Result<()> {
    let old = header.as_old_mut();
    let mut long = Vec::new();
    for (field, key, text) in [(&mut old.name, "path", name), (&mut old.linkname, "linkpath", target)] {
        let short = text.len().min(field.len());
        field[..short].copy_from_slice(&text.as_bytes()[..short]);
        if short < text.len() {
            long.push((key, text.as_bytes()));
        }
    }
    if !long.is_empty() {
        archive.append_pax_extensions(long)?;
    }
    header.set_cksum();
    archive.append(header, contents)
}

//! The working copy of the example project: its source tars, and the refs that differ from machine to
//! machine.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use tar::{Builder, Header};

use crate::base;
use crate::command::{command, show};
use crate::paths::{self, Paths};

/// The URL of a source of the example, before its name.
const ALIAS: &str = "url: sources:";

/// Makes target/example/hello anew; answers with its path.
pub(crate) fn run(paths: &Paths) -> Result<PathBuf> {
    base::run(paths, false)?;
    let project = paths.example();
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    fs::create_dir_all(project.parent().context("the example has a folder")?)?;
    show(command("cp", ["-a"]).arg(paths.root.join("examples/hello")).arg(&project))?;
    let sources = project.join("sources");
    fs::create_dir(&sources)?;
    for folder in paths::folders(&project.join("src"))? {
        pack(&folder, &sources.join(format!("{}.tar.gz", paths::name(&folder))))?;
    }
    for file in paths::files(&project.join("src"))? {
        fs::copy(&file, sources.join(paths::name(&file)))?;
    }
    symlink(paths.base_tar(), sources.join("base.tar"))?;
    for element in paths::files(&project.join("elements"))? {
        write_refs(paths, &element, &sources)?;
    }
    Ok(project)
}

/// Packs a folder as a tar whose bytes depend only on the folder's contents.
pub(crate) fn pack(folder: &Path, tar: &Path) -> Result<()> {
    let gzip = GzBuilder::new().mtime(0).write(File::create(tar)?, Compression::default());
    let mut builder = Builder::new(gzip);
    append(&mut builder, folder, Path::new(&paths::name(folder)))?;
    builder.into_inner()?.finish()?;
    Ok(())
}

fn append(builder: &mut Builder<impl std::io::Write>, folder: &Path, name: &Path) -> Result<()> {
    let mut header = header(0o755, 0);
    header.set_entry_type(tar::EntryType::Directory);
    builder.append_data(&mut header, name, &[][..])?;
    for file in paths::files(folder)? {
        let bytes = fs::read(&file)?;
        let name = name.join(paths::name(&file));
        builder.append_data(&mut self::header(0o644, bytes.len()), name, &bytes[..])?;
    }
    for inner in paths::folders(folder)? {
        append(builder, &inner, &name.join(paths::name(&inner)))?;
    }
    Ok(())
}

fn header(mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(mode);
    header.set_size(size as u64);
    // The time that BuildStream gives every source.
    header.set_mtime(1_321_009_871);
    header
}

/// Writes a ref under each URL of an element's sources.
fn write_refs(paths: &Paths, element: &Path, sources: &Path) -> Result<()> {
    let mut text = String::new();
    for line in fs::read_to_string(element)?.lines() {
        text += line;
        text.push('\n');
        if let Some((indent, name)) = line.split_once(ALIAS) {
            let hash = match name {
                "base.tar" => base::hash(paths)?,
                _ => base::sha256(&sources.join(name))?,
            };
            text += &format!("{indent}ref: {hash}\n");
        }
    }
    fs::write(element, text)?;
    Ok(())
}

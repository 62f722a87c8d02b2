//! Staged trees, compared with those that BuildStream made of the same sources (golden/make.py).

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use common::{Lab, append, sha256, silent, spec};
use spec_model::Digest;
use spec_source::{SourceError, SourceSpec};
use tar::EntryType;

const CASES: &str = include_str!("../golden/cases.txt");

#[derive(Default)]
struct Source<'t> {
    kind: &'t str,
    options: Vec<(&'t str, &'t str)>,
    entries: Vec<Entry<'t>>,
}

/// Letter, path, mode, and text or target.
type Entry<'t> = (char, &'t str, u32, &'t str);

impl<'t> Source<'t> {
    fn option(&self, name: &str) -> Option<&'t str> {
        self.options.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

fn parse(line: &str) -> Entry<'_> {
    let letter = line.chars().next().expect("lines are not empty");
    let mut words = line[2..].splitn(if letter == 'f' { 3 } else { 2 }, ' ');
    let path = words.next().unwrap_or_default();
    let octal = |mode: &str| u32::from_str_radix(mode, 8).expect("modes are octal");
    match letter {
        'f' => (letter, path, octal(words.next().unwrap_or_default()), words.next().unwrap_or_default()),
        'h' => {
            let (target, mode) = words.next().and_then(|rest| rest.split_once(' ')).expect("target and mode");
            (letter, path, octal(mode), target)
        }
        _ => (letter, path, 0o755, words.next().unwrap_or_default()),
    }
}

fn tar_of(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (letter, path, mode, text) in entries {
        let (kind, link, data) = match letter {
            'd' => (EntryType::Directory, "", ""),
            'f' => (EntryType::Regular, "", *text),
            'l' => (EntryType::Symlink, *text, ""),
            'h' => (EntryType::Link, *text, ""),
            'c' => (EntryType::Char, "", ""),
            'p' => (EntryType::Fifo, "", ""),
            _ => (EntryType::new(b'Y'), "", ""),
        };
        append(&mut tar, kind, path, *mode, link, data.as_bytes());
    }
    tar.into_inner().expect("writing to memory")
}

fn write_folder(folder: &Path, entries: &[Entry<'_>]) -> std::io::Result<()> {
    for (letter, path, mode, text) in entries {
        let path = folder.join(path);
        fs::create_dir_all(if *letter == 'd' { &path } else { path.parent().unwrap_or(folder) })?;
        match letter {
            'f' => {
                fs::write(&path, text)?;
                fs::set_permissions(&path, fs::Permissions::from_mode(*mode))?;
            }
            'l' => symlink(text, &path)?,
            'p' => drop(std::os::unix::net::UnixListener::bind(&path)?),
            _ => {}
        }
    }
    Ok(())
}

fn declare(lab: &Lab, index: usize, source: &Source<'_>) -> SourceSpec {
    let file = format!("source-{index}");
    let mut declared = match source.kind {
        "local" => {
            write_folder(&lab.project().join(&file), &source.entries).expect("the project can be written");
            let path = source.option("path").map_or(file.clone(), |path| format!("{file}/{path}"));
            spec("local", &[("path", &path)])
        }
        kind => {
            let bytes = match kind {
                "tar" => tar_of(&source.entries),
                _ => source.entries[0].3.as_bytes().to_vec(),
            };
            lab.write(&file, &bytes);
            spec(kind, &[("url", &format!("files:{file}")), ("ref", &sha256(&bytes))])
        }
    };
    let mut set = |key: &str, value: &str| declared.config.set(key, spec_model::Node::text(value));
    if source.kind == "remote" {
        set("filename", source.entries[0].1);
    }
    for (option, value) in &source.options {
        match *option {
            "executable" => set("executable", "true"),
            "base-dir" => set("base-dir", value),
            _ => {}
        }
    }
    declared.directory = source.option("directory").map(str::to_owned);
    declared
}

fn stage(sources: &[Source<'_>]) -> Result<Digest, SourceError> {
    let lab = Lab::new();
    let specs: Vec<SourceSpec> =
        sources.iter().enumerate().map(|(index, source)| declare(&lab, index, source)).collect();
    let sources = lab.sources(&specs)?;
    let tree = sources.fetch(&silent())?;
    assert_eq!(sources.cached()?, Some(tree), "a staged tree is remembered");
    Ok(tree)
}

fn check(name: &str, sources: &[Source<'_>], expect: &str) {
    let outcome = stage(sources);
    if expect == "refused" {
        assert!(outcome.is_err(), "{name} should be refused");
    } else {
        assert_eq!(
            outcome.map(|tree| tree.to_string()).unwrap_or_else(|error| error.to_string()),
            expect,
            "{name}"
        );
    }
}

#[test]
fn trees_are_those_of_buildstream() {
    let mut count = 0;
    for block in CASES.split("\n\n").filter(|block| block.starts_with("case ")) {
        let mut name = "";
        let mut sources: Vec<Source<'_>> = Vec::new();
        for line in block.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("case", rest) => name = rest,
                ("source", rest) => {
                    let mut words = rest.split(' ');
                    let kind = words.next().unwrap_or_default();
                    let options = words.map(|word| word.split_once('=').unwrap_or((word, ""))).collect();
                    sources.push(Source { kind, options, entries: Vec::new() });
                }
                ("=", expect) => check(name, &sources, expect),
                _ => sources.last_mut().expect("a source comes first").entries.push(parse(line)),
            }
        }
        count += 1;
    }
    assert!(count > 55, "only {count} cases were found");
}

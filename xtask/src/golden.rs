//! Golden keys: BuildStream's keys of the projects in tests/projects/keys-*, written to tests/golden/keys, one file
//! for each project.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::bst::{self, Bst};
use crate::command::{command, output};
use crate::paths::Paths;

/// Writes the golden keys of every key project.
pub(crate) fn run(paths: &Paths) -> Result<()> {
    let bst = Bst::install(paths)?;
    let cache = tempfile::tempdir()?;
    let config = Bst::write_config(cache.path(), cache.path())?;
    let oracle = Oracle { bst: &bst, config: &config, script: &paths.root.join("tests/oracle/keys.py") };
    fs::create_dir_all(paths.golden_keys())?;
    for project in crate::paths::folders(&paths.root.join("tests/projects"))? {
        let name = crate::paths::name(&project);
        if name.starts_with("keys-") {
            let keys = oracle.golden(&project).with_context(|| format!("no golden keys of {name}"))?;
            let file = paths.golden_keys().join(format!("{name}.txt"));
            fs::write(&file, keys)?;
            println!("{}", file.display());
        }
    }
    Ok(())
}

struct Oracle<'a> {
    bst: &'a Bst,
    config: &'a Path,
    script: &'a Path,
}

impl Oracle<'_> {
    /// The text of a project's golden file.
    fn golden(&self, project: &Path) -> Result<String> {
        let mut text = format!(
            "# Made by `cargo xtask golden` with BuildStream {}: element, strong key, weak key, and the\n\
             # digest of its staged sources, or `-` where these would have to be downloaded.\n",
            bst::VERSION
        );
        for options in variants(project)? {
            let _ =
                writeln!(text, "\noptions:{}", options.iter().map(|o| format!(" {o}")).collect::<String>());
            for line in self.keys(project, &options)?.lines() {
                let (line, _files) = line.rsplit_once(' ').context("the oracle's line has no fields")?;
                let _ = writeln!(text, "{line}");
            }
        }
        Ok(text)
    }

    fn keys(&self, project: &Path, options: &[String]) -> Result<String> {
        let mut python = command(self.bst.program("python"), [self.script]);
        python.arg("--config").arg(self.config).arg("--directory").arg(project);
        for option in options {
            let (name, value) = option.split_once('=').context("an option is NAME=VALUE")?;
            python.args(["--option", name, value]);
        }
        output(python.arg("--").args(elements(project)?))
    }
}

/// The option sets to look at: none, and each line of variants.txt.
fn variants(project: &Path) -> Result<Vec<Vec<String>>> {
    let file = project.join("variants.txt");
    let text = if file.exists() { fs::read_to_string(file)? } else { String::new() };
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    Ok([vec![]].into_iter().chain(text.lines().map(words)).collect())
}

/// The elements of a project by name, sorted.
fn elements(project: &Path) -> Result<Vec<String>> {
    let folder = project.join("elements");
    let mut names = vec![];
    let mut open = vec![folder.clone()];
    while let Some(next) = open.pop() {
        open.extend(crate::paths::folders(&next)?);
        for file in crate::paths::files(&next)? {
            let name = file.strip_prefix(&folder)?.to_str().context("an element's name is not UTF-8")?;
            names.push(name.to_owned());
        }
    }
    names.retain(|name| name.ends_with(".bst"));
    names.sort();
    Ok(names)
}

//! The licences of all that is linked into the program, and into the components that it contains.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::command::{command, output};

/// What files with licences are called; some crates have more after that.
const NAMES: [&str; 6] = ["license", "licence", "copying", "copyright", "notice", "unlicense"];
/// How deep libraries of other languages lie in the crates that bring them.
const DEPTH: usize = 2;
/// The size of the largest text, in bytes.
const LARGEST: u64 = 256 << 10;

/// A crate that is linked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct LinkedCrate {
    name: String,
    version: String,
    /// As an SPDX expression.
    licence: String,
    repository: String,
}

/// A page with each crate and its licence, and then each text once.
pub(super) fn of_linked(checkout: &Path) -> Result<String> {
    let mut texts: BTreeMap<LinkedCrate, BTreeSet<String>> = BTreeMap::new();
    for (workspace, roots) in [("", Some("spec-host")), ("plugins", None)] {
        let metadata = metadata(&checkout.join(workspace))?;
        for package in linked(&metadata, roots)? {
            let (linked, found) = read(package)?;
            texts.insert(linked, found);
        }
    }
    Ok(page(&texts))
}

fn metadata(workspace: &Path) -> Result<Value> {
    let mut cargo = command("cargo", ["metadata", "--format-version", "1", "--locked"]);
    // The archive is for machines like this one.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let text = output(cargo.args(["--filter-platform", &target]).current_dir(workspace))?;
    serde_json::from_str(&text).context("cargo metadata prints JSON")
}

/// The packages from elsewhere that are linked into the package `root`, or into all packages of the workspace.
fn linked<'a>(metadata: &'a Value, root: Option<&str>) -> Result<Vec<&'a Value>> {
    let by_id = |of: &'a Value, key: &str| -> HashMap<&'a str, &'a Value> {
        let all = of[key].as_array().into_iter().flatten();
        all.filter_map(|value| Some((value["id"].as_str()?, value))).collect()
    };
    let (packages, nodes) = (by_id(metadata, "packages"), by_id(&metadata["resolve"], "nodes"));
    let members = metadata["workspace_members"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let is_root = |id: &&str| root.is_none_or(|root| packages[id]["name"] == root);
    let mut open: Vec<&str> = members.filter(is_root).collect();
    ensure!(!open.is_empty(), "cargo metadata has no package to begin with");
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if is_macro(packages[id]) || !seen.insert(id) {
            continue;
        }
        let below = nodes[id]["deps"].as_array().into_iter().flatten();
        let linked = below.filter(|dependency| {
            let mut kinds = dependency["dep_kinds"].as_array().into_iter().flatten();
            kinds.any(|kind| kind["kind"].is_null())
        });
        open.extend(linked.filter_map(|dependency| dependency["pkg"].as_str()));
    }
    let found = seen.into_iter().map(|id| packages[id]);
    Ok(found.filter(|package| !package["source"].is_null()).collect())
}

/// Whether a package is code for the compiler, which is not linked.
fn is_macro(package: &Value) -> bool {
    let mut kinds = package["targets"].as_array().into_iter().flatten().flat_map(|target| {
        target["kind"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>()
    });
    kinds.any(|kind| kind == "proc-macro")
}

/// What a package says of its licence, and the texts that it has.
fn read(package: &Value) -> Result<(LinkedCrate, BTreeSet<String>)> {
    let of = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let (name, version, mut licence) = (of("name"), of("version"), of("license"));
    let manifest = of("manifest_path");
    let folder = Path::new(&manifest).parent().context("a manifest is in a folder")?;
    let mut texts = BTreeSet::new();
    collect(folder, DEPTH, &mut texts)?;
    ensure!(!licence.is_empty() || !texts.is_empty(), "{name} {version} does not tell its licence");
    if licence.is_empty() {
        "see its text".clone_into(&mut licence);
    }
    Ok((LinkedCrate { name, version, licence, repository: of("repository") }, texts))
}

fn collect(folder: &Path, depth: usize, texts: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let kind = entry.file_type()?;
        if kind.is_dir() && depth > 0 {
            collect(&entry.path(), depth - 1, texts)?;
        } else if kind.is_file()
            && NAMES.iter().any(|start| name.starts_with(start))
            && !Path::new(&name).extension().is_some_and(|extension| extension == "rs" || extension == "h")
            && entry.metadata()?.len() <= LARGEST
        {
            let text = String::from_utf8_lossy(&fs::read(entry.path())?).replace("\r\n", "\n");
            texts.insert(text.trim().to_owned());
        }
    }
    Ok(())
}

fn page(texts: &BTreeMap<LinkedCrate, BTreeSet<String>>) -> String {
    let mut page = "# Licences of what spec-host contains\n\n".to_owned();
    page += "| crate | version | licence | source |\n| --- | --- | --- | --- |\n";
    let mut by_text: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for (LinkedCrate { name, version, licence, repository }, found) in texts {
        let _ = writeln!(page, "| {name} | {version} | {licence} | {repository} |");
        found.iter().for_each(|text| by_text.entry(text).or_default().push(format!("{name} {version}")));
    }
    for (text, crates) in by_text {
        let _ = write!(page, "\n## {}\n\n```\n{text}\n```\n", crates.join(", "));
    }
    page
}

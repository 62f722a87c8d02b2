//! The shape of the source code: what modules use each other, which names types have, how long files and functions are,
//! where `unsafe` is, and that messages leave advice to hints.

mod circles;
mod crates;
mod exceptions;
mod messages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crates::Crate;
use syn::visit::{self, Visit};

/// The folders with Rust code that is not generated.
const FOLDERS: [&str; 6] = ["guest-sdk", "host", "plugins", "proto", "tests", "xtask"];

/// No file is longer, in lines.
const LONGEST_FILE: usize = 800;

/// No function is longer, from its signature to its last line.
const LONGEST_FUNCTION: usize = 100;

/// The crate that may use `unsafe`.
const UNSAFE_CRATE: &str = "host/sandbox";

/// The one file elsewhere that may: it loads compiled code.
const UNSAFE_FILE: &str = "host/plugins/src/code_cache.rs";

#[test]
fn modules_do_not_use_each_other_in_circles() {
    let mut found = BTreeMap::new();
    for folder in crate_folders() {
        for root in ["src/lib.rs", "src/main.rs"].map(|root| checkout().join(&folder).join(root)) {
            for circle in root.is_file().then(|| Crate::parse(&root).circles()).into_iter().flatten() {
                let uses = circle.uses.iter().map(|(file, path)| format!("{} uses {path}", shown(file)));
                let uses = uses.collect::<Vec<_>>().join("\n    ");
                found.insert(format!("{folder}: {}", circle.modules.join(", ")), uses);
            }
        }
    }
    compare(found, exceptions::CIRCLES.iter().map(|(circle, _)| *circle), "these modules use each other");
}

#[test]
fn no_crate_has_two_types_of_one_name() {
    let mut found = BTreeMap::new();
    for folder in crate_folders() {
        for root in roots(&folder) {
            let types = types_of_one_name(&Crate::parse(&root)).into_iter();
            found.extend(types.map(|(name, files)| (format!("{folder}: {name}"), files.join("\n    "))));
        }
    }
    compare(found, exceptions::TYPE_NAMES.iter().copied(), "more than one type of a crate has this name");
}

/// Fails when something was found that is no exception, or an exception was not found. `found` maps to details.
fn compare<'e>(
    mut found: BTreeMap<String, String>,
    exceptions: impl Iterator<Item = &'e str>,
    what_it_means: &str,
) {
    let mut problems = String::new();
    for exception in exceptions {
        if found.remove(exception).is_none() {
            problems += &format!("\nno longer needed in exceptions.rs: {exception:?}");
        }
    }
    for (found, details) in found {
        problems += &format!("\n{found}: {what_it_means}:\n    {details}");
    }
    assert!(problems.is_empty(), "{problems}");
}

fn types_of_one_name(parsed: &Crate) -> Vec<(String, Vec<String>)> {
    let mut files: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    // A file may be in the module tree twice.
    let mut seen = BTreeSet::new();
    for module in &parsed.modules {
        let file = module.file.canonicalize().expect("it was read");
        if module.is_inline || seen.insert(file) {
            for name in &module.types {
                files.entry(name).or_default().push(shown(&module.file));
            }
        }
    }
    files.into_iter().filter(|(_, files)| files.len() > 1).map(|(name, f)| (name.clone(), f)).collect()
}

#[test]
fn files_are_short() {
    let lines = |file: PathBuf| (shown(&file), read(&file).lines().count());
    let long: Vec<_> = sources().into_iter().map(lines).filter(|(_, lines)| *lines > LONGEST_FILE).collect();
    assert!(long.is_empty(), "these files have more than {LONGEST_FILE} lines: {long:#?}");
}

#[test]
fn functions_are_short() {
    let mut found = BTreeMap::new();
    for file in sources() {
        let mut functions = Functions::default();
        functions.visit_file(&crates::parse(&file));
        for (name, lines) in functions.0.into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION) {
            found.insert(format!("{}: {name}", shown(&file)), format!("{lines} lines"));
        }
    }
    compare(found, exceptions::LONG_FUNCTIONS.iter().copied(), "this function is too long");
}

/// The functions of a file and how many lines each has.
#[derive(Default)]
struct Functions(Vec<(String, usize)>);

impl Functions {
    fn add(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let lines = body.brace_token.span.close().end().line - first + 1;
        self.0.push((signature.ident.to_string(), lines));
    }
}

impl<'a> Visit<'a> for Functions {
    fn visit_item_fn(&mut self, function: &'a syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'a syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

/// The workspace denies `unsafe` to crates that inherit its lints: so each has to inherit them, and no file may allow it
/// for itself.
#[test]
fn unsafe_is_in_one_crate_and_one_file() {
    let mut strays = vec![];
    for folder in ["host", "proto", "tests", "xtask"] {
        let files = below(&checkout().join(folder), "rs").into_iter();
        strays.extend(files.filter(|file| !may_be_unsafe(file) && allows_unsafe(&read(file))));
    }
    for manifest in manifests(&["host", "proto", "xtask"]) {
        let lints = read(&manifest);
        if !in_unsafe_crate(&manifest) && !lints.contains("[lints]\nworkspace = true\n") {
            strays.push(manifest);
        }
    }
    assert!(strays.is_empty(), "only {UNSAFE_CRATE} and {UNSAFE_FILE} may use unsafe; see {strays:?}");
}

fn allows_unsafe(text: &str) -> bool {
    // In two pieces, so that this line does not count.
    let lint = concat!("unsafe", "_code");
    text.lines().any(|line| line.contains(lint) && (line.contains("allow(") || line.contains("expect(")))
}

/// The entry points of fuzz targets are functions that C code calls: a macro makes them.
fn may_be_unsafe(file: &Path) -> bool {
    let fuzz_targets = checkout().join("tests/fuzz/targets");
    // A guest that breaks the rules of its language on purpose runs as a component.
    let hostile_guest = checkout().join("tests/guests/hostile-priming");
    let is_foreign = file.starts_with(fuzz_targets) || file.starts_with(hostile_guest);
    in_unsafe_crate(file) || file == checkout().join(UNSAFE_FILE) || is_foreign
}

fn in_unsafe_crate(file: &Path) -> bool {
    file.starts_with(checkout().join(UNSAFE_CRATE))
}

fn checkout() -> PathBuf {
    spec_testkit::checkout()
}

/// The folders of all crates, below the checkout.
fn crate_folders() -> Vec<String> {
    manifests(&FOLDERS).iter().filter_map(|manifest| manifest.parent()).map(shown).collect()
}

/// The files that the module trees of a crate's library, programs, tests, examples and benchmarks begin with.
fn roots(folder: &str) -> Vec<PathBuf> {
    let folder = checkout().join(folder);
    let mut roots: Vec<PathBuf> = ["src/lib.rs", "src/main.rs"].map(|root| folder.join(root)).into();
    for entry in ["tests", "examples", "benches"].iter().flat_map(|kind| entries(&folder.join(kind))) {
        roots.push(if entry.is_dir() { entry.join("main.rs") } else { entry });
    }
    roots.retain(|root| root.is_file() && root.extension().is_some_and(|extension| extension == "rs"));
    roots
}

/// All files with Rust code.
fn sources() -> Vec<PathBuf> {
    FOLDERS.iter().flat_map(|folder| below(&checkout().join(folder), "rs")).collect()
}

fn manifests(folders: &[&str]) -> Vec<PathBuf> {
    let found = folders.iter().flat_map(|folder| below(&checkout().join(folder), "toml"));
    found.filter(|file| file.ends_with("Cargo.toml")).collect()
}

/// The files below a folder with this extension, without those in cargo's target folders.
fn below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    for path in entries(folder) {
        if path.is_dir() && !path.ends_with("target") {
            found.extend(below(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

/// The entries of a folder, sorted; none if it does not exist.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> =
        entries.map(|entry| entry.expect("folders of the checkout can be read").path()).collect();
    paths.sort();
    paths
}

/// The path of a file below the checkout.
fn shown(file: &Path) -> String {
    file.strip_prefix(checkout()).unwrap_or(file).display().to_string()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

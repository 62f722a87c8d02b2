//! Pages of the book that are made of other texts: the command line as the program describes it, and the contracts with
//! plugins as their WIT text does. `cargo xtask book` writes them; a test fails when those in `docs` are not these.

mod command_line;
mod contracts;

use std::path::Path;

/// A page that is made.
#[derive(Debug)]
pub struct ReferencePage {
    /// The path, below the folder of the book.
    pub path: &'static str,
    /// The contents.
    pub text: String,
}

/// The pages that are made, of this binary of spec-host and this checkout.
///
/// # Panics
/// If the binary cannot be run, or the WIT text is not valid.
#[must_use]
pub fn reference_pages(binary: &Path, checkout: &Path) -> [ReferencePage; 2] {
    [
        ReferencePage { path: "reference/command-line.md", text: command_line::page(binary) },
        ReferencePage { path: "reference/contracts.md", text: contracts::page(&checkout.join("wit")) },
    ]
}

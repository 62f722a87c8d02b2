//! The book in `docs`: its summary, its links, the pages that are made of other texts, and the commands of its tutorial.

mod commands;
mod pages;
mod walk;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pages::Page;
use spec_testkit::{checkout, reference_pages};

fn book() -> PathBuf {
    checkout().join("docs")
}

/// The pages below a folder, relative to the book; without the summary.
fn pages_below(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder)
        .expect("the book can be read")
        .map(|entry| entry.expect("it can be read").path());
    let mut found = BTreeSet::new();
    for path in entries {
        if path.is_dir() {
            found.extend(pages_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("SUMMARY.md")
        {
            found.insert(path.strip_prefix(book()).expect("it is below").display().to_string());
        }
    }
    found
}

/// The pages in the order of the summary.
fn summary() -> Vec<String> {
    Page::read(&book().join("SUMMARY.md")).links.into_iter().map(|link| link.target).collect()
}

#[test]
fn the_summary_has_each_page_once() {
    let listed = summary();
    let once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), once.len(), "a page is in docs/SUMMARY.md twice");
    assert_eq!(once, pages_below(&book()), "docs/SUMMARY.md and the pages of docs");
}

#[test]
fn every_link_leads_to_a_page_and_a_heading() {
    let pages = pages_below(&book()).into_iter().map(|page| book().join(page));
    let beside = ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "docs/SUMMARY.md"];
    let mut broken = Vec::new();
    for file in pages.chain(beside.map(|file| checkout().join(file))) {
        let page = Page::read(&file);
        broken.extend(page.links.iter().filter_map(|link| pages::problem(&file, &page, link)));
    }
    assert!(broken.is_empty(), "these links lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn pages_made_of_other_texts_are_those_in_the_book() {
    for page in reference_pages(&spec_testkit::binary(), &checkout()) {
        let written = fs::read_to_string(book().join(page.path)).unwrap_or_default();
        let differs = page.text.lines().zip(written.lines()).find(|(made, written)| made != written);
        assert!(
            page.text == written,
            "docs/{} is out of date: run `cargo xtask book`. The first different lines: {differs:?}",
            page.path
        );
    }
}

#[test]
fn the_commands_of_the_tutorial_do_what_it_says() {
    let tutorial = summary().into_iter().filter(|page| page.starts_with("tutorial/"));
    let walk = walk::Walk::new();
    let mut ran = 0;
    for page in tutorial {
        for block in Page::read(&book().join(&page)).blocks {
            ran += walk.follow(&page, &block);
        }
        walk.end_of_page();
    }
    assert!(ran > 20, "only {ran} commands were found");
}

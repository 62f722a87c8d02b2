//! Reads pages of Markdown, as far as this test needs them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// A page of the book.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The links to other places, without those to web sites.
    pub(crate) links: Vec<Link>,
    /// The names that links to headings use.
    anchors: BTreeSet<String>,
    /// The fenced blocks.
    pub(crate) blocks: Vec<Block>,
}

/// A link.
#[derive(Debug)]
pub(crate) struct Link {
    /// The number of its line, from 1.
    line: usize,
    /// Where it leads: a path and an anchor.
    pub(crate) target: String,
}

/// A fenced block.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The number of its first line, from 1.
    pub(crate) line: usize,
    /// The word after the fence.
    pub(crate) language: String,
    /// Its lines.
    pub(crate) text: String,
    /// The comment that ends right before it.
    pub(crate) comment: Option<String>,
}

impl Page {
    pub(crate) fn read(file: &Path) -> Page {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut page = Page::default();
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
        let mut comment = None::<String>;
        while let Some((number, line)) = lines.next() {
            let trimmed = line.trim_start();
            if let Some(language) = trimmed.strip_prefix("```") {
                let indent = line.len() - trimmed.len();
                let inner =
                    lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_start() != "```");
                let text =
                    inner.map(|line| line.get(indent..).unwrap_or_default().to_owned() + "\n").collect();
                let language = language.to_owned();
                page.blocks.push(Block { line: number + 1, language, text, comment: comment.take() });
            } else if line.starts_with("<!--") {
                let mut text = line.to_owned();
                while !text.contains("-->") {
                    let (_, line) = lines.next().expect("a comment ends");
                    text = text + "\n" + line;
                }
                comment = Some(text.trim_start_matches("<!--").trim_end_matches("-->").trim().to_owned());
            } else {
                if !line.is_empty() {
                    comment = None;
                }
                page.take_line(number, line);
            }
        }
        page
    }

    fn take_line(&mut self, line: usize, text: &str) {
        if text.starts_with('#') {
            let anchor = anchor(text.trim_start_matches('#').trim());
            let number = |number| format!("{anchor}-{number}");
            let free = |anchor: &String| !self.anchors.contains(anchor);
            let name = Some(anchor.clone()).into_iter().chain((1..).map(number)).find(free);
            self.anchors.extend(name);
        }
        self.links.extend(targets(text).into_iter().map(|target| Link { line, target }));
    }
}

/// The name of a heading in links: its letters, digits, dashes and underscores, with dashes for spaces.
fn anchor(heading: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || ['-', '_', ' '].contains(c);
    heading.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The targets of a line's links; what is code is no link.
fn targets(line: &str) -> Vec<String> {
    let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_here = |target: &&str| !target.contains("://") && !target.starts_with("mailto:");
    targets.filter(is_here).map(str::to_owned).collect()
}

/// What is wrong with a link of the page in a file.
pub(crate) fn problem(file: &Path, page: &Page, link: &Link) -> Option<String> {
    let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
    let linked = file.parent().expect("a page is in a folder").join(path);
    let leads_there = match (path.is_empty(), linked.exists(), anchor.is_empty()) {
        (true, _, _) => page.anchors.contains(anchor),
        (false, false, _) => false,
        (false, true, true) => true,
        (false, true, false) => Page::read(&linked).anchors.contains(anchor),
    };
    (!leads_there).then(|| format!("{}:{}: {}", file.display(), link.line, link.target))
}

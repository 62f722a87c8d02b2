//! The page: one file of HTML without scripts, with its style sheet and its charts inside.

mod comparison;
mod path;
mod predictions;
mod summary;
mod time_line;

use crate::error::Result;
use crate::html;
use crate::session_times::SessionTimes;

pub use comparison::{ComparedPolicies, PolicyRow};

/// The page for a recorded session. It has at most a few hundred kilobytes, and says what it leaves out.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn page(times: &SessionTimes, compared: &ComparedPolicies) -> Result<String> {
    let header = &times.header;
    let title = format!("{} of {}: {}", header.trigger, header.project, header.targets.join(" "));
    let sections = [
        summary::section(times, &title),
        time_line::section(times)?,
        path::section(times),
        time_line::primed_section(times)?,
        predictions::section(times)?,
        comparison::section(compared)?,
    ];
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
        html::short(&title),
        include_str!("page/page.css"),
        sections.concat()
    ))
}

/// A section with its heading, under which links find it.
fn section(id: &str, heading: &str, body: &str) -> String {
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{}</h2>\n{body}</section>\n",
        html::text(heading)
    )
}

/// A chart with its caption, in a box that scrolls by itself.
fn figure(svg: &str, caption: &str, legend: &[(u8, &str)]) -> String {
    let keys = legend.iter().map(|(class, name)| {
        format!("<li><span class=\"key k{class}\" aria-hidden=\"true\"></span>{}</li>", html::short(name))
    });
    let keys = keys.collect::<Vec<_>>().concat();
    let legend = if keys.is_empty() { keys } else { format!("<ul class=\"legend\">{keys}</ul>\n") };
    let (open, caption) = (html::scroll_box(caption), html::text(caption));
    format!("<figure>\n{open}{svg}</div>\n{legend}<figcaption>{caption}</figcaption>\n</figure>\n")
}

/// Classes of the style sheet, for what charts and tables show.
mod class {
    pub(super) const BUILD: u8 = 2;
    pub(super) const OTHER_JOB: u8 = 3;
    pub(super) const FAILED: u8 = 4;
    pub(super) const USED: u8 = 5;
    pub(super) const JOINED: u8 = 6;
    pub(super) const UNUSED: u8 = 7;
    pub(super) const REQUESTED: u8 = 8;
    pub(super) const NOT_EXECUTED: u8 = 9;
    /// The first of eight for lines.
    pub(super) const LINES: u8 = 10;
    pub(super) const LINE_COUNT: u8 = 8;
}

#[cfg(test)]
mod tests;

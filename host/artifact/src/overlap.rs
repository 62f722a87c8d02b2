//! Finds what went wrong between artifacts that were staged together.
//!
//! One [`StagingSession`] is one call to stage dependencies: some elements over each other at one location, over all that
//! earlier sessions staged. Within a session an element may lie over others where its whitelist permits it; a file of an
//! earlier session must not be overwritten at all. Of several overlaps in one file a session reports those among its own
//! elements and else the one with an earlier session, as BuildStream does (`_overlapcollector.py`).

use std::collections::BTreeMap;

use spec_model::ElementName;

use crate::public_data::{OverlapWhitelist, absolute};
use crate::warning::{OverlappedFile, SessionOverlap, StagingWarning};

/// One element that was staged: one layer of the merge.
#[derive(Clone, Debug)]
pub struct StagedElement {
    /// Its full name.
    pub name: ElementName,
    /// What it may lie over.
    pub whitelist: OverlapWhitelist,
}

/// The elements that were staged together, bottom first.
#[derive(Clone, Debug)]
pub struct StagingSession {
    /// Where, absolute.
    pub location: String,
    /// The elements.
    pub elements: Vec<StagedElement>,
}

/// The warnings about some sessions, in their order.
///
/// `overlaps` and `ignored` are those of [`spec_cas::Merged`], whose layers are the elements of all sessions, one after
/// the other. An overlap counts whether the contents differ or not.
///
/// # Panics
/// When a layer is not one of the elements.
#[must_use]
pub fn staging_warnings(
    sessions: &[StagingSession],
    overlaps: &BTreeMap<String, Vec<usize>>,
    ignored: &[(usize, String)],
) -> Vec<StagingWarning> {
    let staged = Staged::new(sessions);
    let mut reports: Vec<Report> = sessions.iter().map(|_| Report::default()).collect();
    for (path, layers) in overlaps {
        staged.sort(&absolute(path), layers, &mut reports);
    }
    for (layer, path) in ignored {
        let (session, element) = staged.layers[*layer];
        reports[session].unstaged.push((absolute(path), element.name.clone()));
    }
    let locations = sessions.iter().map(|session| session.location.clone());
    locations.zip(reports).flat_map(|(location, report)| report.warnings(&location)).collect()
}

/// What was found about one session.
#[derive(Default)]
struct Report {
    inner: Vec<OverlappedFile>,
    unstaged: Vec<(String, ElementName)>,
    outer: Vec<SessionOverlap>,
}

impl Report {
    fn warnings(self, location: &str) -> Vec<StagingWarning> {
        let location = || location.to_owned();
        let mut warnings = Vec::new();
        if !self.inner.is_empty() {
            warnings.push(StagingWarning::Overlaps { location: location(), files: self.inner });
        }
        if !self.unstaged.is_empty() {
            warnings.push(StagingWarning::Unstaged { location: location(), files: self.unstaged });
        }
        if !self.outer.is_empty() {
            warnings.push(StagingWarning::SessionOverlaps { location: location(), files: self.outer });
        }
        warnings
    }
}

/// The layers of the merge: each an element and the number of its session.
struct Staged<'a> {
    sessions: &'a [StagingSession],
    layers: Vec<(usize, &'a StagedElement)>,
}

impl<'a> Staged<'a> {
    fn new(sessions: &'a [StagingSession]) -> Self {
        let numbered = sessions.iter().enumerate();
        let layers =
            numbered.flat_map(|(at, session)| session.elements.iter().map(move |element| (at, element)));
        Self { sessions, layers: layers.collect() }
    }

    /// Puts an overlap into the reports of the sessions that have a part in it.
    fn sort(&self, path: &str, layers: &[usize], reports: &mut [Report]) {
        let mut by_session: BTreeMap<usize, Vec<&StagedElement>> = BTreeMap::new();
        for layer in layers {
            let (session, element) = self.layers[*layer];
            by_session.entry(session).or_default().push(element);
        }
        let mut before: Option<(usize, &StagedElement)> = None;
        for (session, elements) in by_session {
            match (&elements[..], before) {
                ([only], Some(earlier)) => reports[session].outer.push(self.outer(path, only, earlier)),
                (several, _) => reports[session].inner.extend(self.inner(path, session, several)),
            }
            before = Some((session, elements[0]));
        }
    }

    /// An overlap within a session, unless whitelists permit all of it.
    fn inner(&self, path: &str, session: usize, elements: &[&StagedElement]) -> Option<OverlappedFile> {
        let inside = below(path, &self.sessions[session].location);
        let above = elements.iter().skip(1).filter(|element| !element.whitelist.permits(inside));
        let offenders: Vec<_> = above.map(|element| element.name.clone()).collect();
        let order = elements.iter().map(|element| element.name.clone()).collect();
        (!offenders.is_empty()).then(|| OverlappedFile { path: path.to_owned(), offenders, order })
    }

    fn outer(&self, path: &str, element: &StagedElement, earlier: (usize, &StagedElement)) -> SessionOverlap {
        let (session, overlapped) = earlier;
        SessionOverlap {
            path: path.to_owned(),
            element: element.name.clone(),
            overlapped: overlapped.name.clone(),
            location: self.sessions[session].location.clone(),
        }
    }
}

/// An absolute path as seen from a location above it.
fn below<'p>(path: &'p str, location: &str) -> &'p str {
    path.strip_prefix(location.trim_end_matches('/')).unwrap_or(path)
}

#[cfg(test)]
mod tests;

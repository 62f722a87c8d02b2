//! Finds overlaps of artifacts that were staged together.
//!
//! One [`StagingSession`] is one call to stage dependencies: some elements over each other at one location, over all
//! that earlier sessions staged. Within a session an element may overlap others where its whitelist permits it; a
//! file of an earlier session must not be overwritten at all. Of several overlaps in one file a session reports those
//! among its own elements and else the one with an earlier session, as BuildStream does (`_overlapcollector.py`).

use std::collections::BTreeMap;

use spec_model::ElementName;

use crate::public_data::{OverlapWhitelist, absolute};
use crate::warning::{OverlappedFile, SessionOverlap, StagingWarning};

/// One element that was staged: one input of the merge.
#[derive(Clone, Debug)]
pub struct StagedElement {
    /// Its full name.
    pub name: ElementName,
    /// The files with which it may overlap others.
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
/// `overlaps` and `ignored` are those of [`spec_cas::MergedTree`], whose layers are the elements of all sessions, one after
/// the other. An overlap counts whether the contents differ or not.
///
/// # Panics
/// When an input is not one of the elements.
#[must_use]
pub fn staging_warnings(
    sessions: &[StagingSession],
    overlaps: &BTreeMap<String, Vec<usize>>,
    ignored: &[(usize, String)],
) -> Vec<StagingWarning> {
    let inputs = MergeInputs::new(sessions);
    let mut reports: Vec<SessionReport> = sessions.iter().map(|_| SessionReport::default()).collect();
    for (path, overlapping) in overlaps {
        inputs.report(&absolute(path), overlapping, &mut reports);
    }
    for (input, path) in ignored {
        let (session, element) = inputs.elements[*input];
        reports[session].unstaged.push((absolute(path), element.name.clone()));
    }
    let locations = sessions.iter().map(|session| session.location.clone());
    locations.zip(reports).flat_map(|(location, report)| report.warnings(&location)).collect()
}

/// The overlaps of one session: among its own elements and with earlier sessions, and the files that were left out.
#[derive(Default)]
struct SessionReport {
    within: Vec<OverlappedFile>,
    unstaged: Vec<(String, ElementName)>,
    across: Vec<SessionOverlap>,
}

impl SessionReport {
    fn warnings(self, location: &str) -> Vec<StagingWarning> {
        let location = || location.to_owned();
        let mut warnings = Vec::new();
        if !self.within.is_empty() {
            warnings.push(StagingWarning::Overlaps { location: location(), files: self.within });
        }
        if !self.unstaged.is_empty() {
            warnings.push(StagingWarning::Unstaged { location: location(), files: self.unstaged });
        }
        if !self.across.is_empty() {
            warnings.push(StagingWarning::SessionOverlaps { location: location(), files: self.across });
        }
        warnings
    }
}

/// The inputs of the merge: each an element and the number of its session.
struct MergeInputs<'a> {
    sessions: &'a [StagingSession],
    elements: Vec<(usize, &'a StagedElement)>,
}

impl<'a> MergeInputs<'a> {
    fn new(sessions: &'a [StagingSession]) -> Self {
        let numbered = sessions.iter().enumerate();
        let elements =
            numbered.flat_map(|(at, session)| session.elements.iter().map(move |element| (at, element)));
        Self { sessions, elements: elements.collect() }
    }

    /// Adds an overlap to the reports of the sessions that staged the file.
    fn report(&self, path: &str, inputs: &[usize], reports: &mut [SessionReport]) {
        let mut by_session: BTreeMap<usize, Vec<&StagedElement>> = BTreeMap::new();
        for input in inputs {
            let (session, element) = self.elements[*input];
            by_session.entry(session).or_default().push(element);
        }
        let mut before: Option<(usize, &StagedElement)> = None;
        for (session, elements) in by_session {
            match (&elements[..], before) {
                ([only], Some(earlier)) => {
                    reports[session].across.push(self.overlap_across(path, only, earlier))
                }
                (several, _) => reports[session].within.extend(self.overlap_within(path, session, several)),
            }
            before = Some((session, elements[0]));
        }
    }

    /// An overlap within a session, unless whitelists permit all of it.
    fn overlap_within(
        &self,
        path: &str,
        session: usize,
        elements: &[&StagedElement],
    ) -> Option<OverlappedFile> {
        let inside = below(path, &self.sessions[session].location);
        let above = elements.iter().skip(1).filter(|element| !element.whitelist.permits(inside));
        let offenders: Vec<_> = above.map(|element| element.name.clone()).collect();
        let order = elements.iter().map(|element| element.name.clone()).collect();
        (!offenders.is_empty()).then(|| OverlappedFile { path: path.to_owned(), offenders, order })
    }

    fn overlap_across(
        &self,
        path: &str,
        element: &StagedElement,
        earlier: (usize, &StagedElement),
    ) -> SessionOverlap {
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

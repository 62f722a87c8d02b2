//! Staged sessions and the warnings about them.

use spec_model::{Mapping, Node};

use super::*;

fn name(text: &str) -> ElementName {
    text.parse().expect("an element name")
}

/// `a.bst` or `a.bst=PATTERN`, with a whitelist of that pattern.
fn staged(text: &str) -> StagedElement {
    let (element, pattern) = text.split_once('=').unwrap_or((text, ""));
    let (mut bst, mut public) = (Mapping::new(), Mapping::new());
    bst.set("overlap-whitelist", Node::sequence(vec![Node::text(pattern)]));
    public.set("bst", bst);
    StagedElement {
        name: name(element),
        whitelist: OverlapWhitelist::from_public(&public).expect("a pattern"),
    }
}

fn session(location: &str, elements: &[&str]) -> StagingSession {
    StagingSession {
        location: location.to_owned(),
        elements: elements.iter().map(|text| staged(text)).collect(),
    }
}

fn overlaps(list: &[(&str, &[usize])]) -> BTreeMap<String, Vec<usize>> {
    list.iter().map(|(path, layers)| ((*path).to_owned(), layers.to_vec())).collect()
}

fn check(sessions: &[StagingSession], list: &[(&str, &[usize])], expect: &[&str]) {
    let warnings = staging_warnings(sessions, &overlaps(list), &[]);
    let lines: Vec<String> =
        warnings.iter().map(|warning| format!("{}: {warning}", warning.reason())).collect();
    assert_eq!(lines, expect);
}

#[test]
fn the_bottom_element_is_never_at_fault() {
    let sessions = [session("/", &["a.bst", "b.bst=/etc/*"])];
    check(&sessions, &[("etc/x", &[0, 1])], &[]);
    let sessions = [session("/", &["a.bst=/etc/*", "b.bst"])];
    check(
        &sessions,
        &[("etc/x", &[0, 1])],
        &["overlaps: elements overlap in / where no overlap-whitelist permits it:\n  \
           /etc/x: b.bst over others; from the top: b.bst, a.bst"],
    );
}

#[test]
fn only_files_with_an_offender_are_told() {
    let sessions = [session("/", &["a.bst", "b.bst=/etc/**", "j.bst:c.bst"])];
    check(
        &sessions,
        &[("etc/x", &[0, 1]), ("etc/y", &[0, 1, 2]), ("usr/z", &[0, 1, 2])],
        &["overlaps: elements overlap in / where no overlap-whitelist permits it:\n  \
           /etc/y: j.bst:c.bst over others; from the top: j.bst:c.bst, b.bst, a.bst\n  \
           /usr/z: b.bst, j.bst:c.bst over others; from the top: j.bst:c.bst, b.bst, a.bst"],
    );
}

#[test]
fn whitelists_see_paths_below_the_location() {
    let sessions = [session("/opt/sdk", &["a.bst", "b.bst=/etc/x"])];
    check(&sessions, &[("opt/sdk/etc/x", &[0, 1])], &[]);
}

#[test]
fn no_whitelist_permits_overlaps_between_sessions() {
    let sessions = [session("/", &["a.bst", "b.bst"]), session("/opt", &["c.bst=/**", "d.bst"])];
    check(
        &sessions,
        &[("opt/x", &[1, 2]), ("opt/z", &[0, 3])],
        &["overlaps: elements in /opt overlap what was staged before them:\n  \
           /opt/x: c.bst over b.bst, staged in /\n  /opt/z: d.bst over a.bst, staged in /"],
    );
}

#[test]
fn an_overlap_within_the_session_is_told_before_one_with_another() {
    let sessions = [session("/", &["a.bst"]), session("/opt", &["c.bst", "d.bst=/x"])];
    check(&sessions, &[("opt/x", &[0, 1, 2])], &[]);
}

#[test]
fn the_latest_earlier_session_is_named() {
    let sessions = [session("/", &["a.bst"]), session("/opt", &["b.bst"]), session("/", &["c.bst"])];
    let warnings = staging_warnings(&sessions, &overlaps(&[("opt/x", &[0, 1, 2])]), &[]);
    let found = warnings.iter().filter_map(|warning| match warning {
        StagingWarning::SessionOverlaps { files, .. } => {
            Some((&files[0].overlapped, files[0].location.as_str()))
        }
        _ => None,
    });
    assert_eq!(found.collect::<Vec<_>>(), [(&name("a.bst"), "/"), (&name("b.bst"), "/opt")]);
}

#[test]
fn files_left_out_are_told_with_their_element() {
    let ignored = [(1, "usr/lib".to_owned())];
    let warnings = staging_warnings(&[session("/", &["a.bst", "b.bst"])], &BTreeMap::new(), &ignored);
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].reason(), "unstaged-files");
    assert!(warnings[0].to_string().ends_with("\n  /usr/lib of b.bst"), "{}", warnings[0]);
}

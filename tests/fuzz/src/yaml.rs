//! YAML: what is read can be written and read again, and writing refs does not change the rest.

use spec_model::{FilePosition, Mapping, Node, NodeKind};
use spec_project::RefPlace;
use spec_project::compose::{assert_composed, compose, compose_under};
use spec_project::ref_edits::set_ref;
use spec_project::yaml::{dump, parse_text};

/// The input is two texts.
pub fn run(data: &[u8]) {
    let Some([first, second]) = crate::texts(data) else { return };
    let Ok(upper) = parse_text(first, "upper") else { return };
    round_trip(&upper);
    edit(first, &upper);
    let Ok(lower) = parse_text(second, "lower") else { return };
    let mut over = lower.clone();
    let mut under = upper.clone();
    let composed = [compose(&upper, &mut over).is_ok(), compose_under(lower, &mut under).is_ok()];
    assert_eq!(composed[0], composed[1], "both ways to compose differ");
    if composed[0] {
        let _ = assert_composed(&over);
        assert_eq!(sorted(&over), sorted(&under), "both ways to compose differ");
    }
}

fn round_trip(mapping: &Mapping) {
    let text = dump(mapping);
    // The dump is that of YAML 1.1, byte for byte, in which these break lines. In YAML 1.2, which is read, they do not.
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return;
    }
    let again = match parse_text(&text, "dumped") {
        Ok(again) => again,
        Err(error) => panic!("{error} in what was dumped: {text:?}"),
    };
    assert_eq!(plain(&again), plain(mapping), "{text:?} is read as something else");
}

/// Sets a ref at the first scalar, and in the first dictionary.
fn edit(text: &str, mapping: &Mapping) {
    let Some((name, node)) = mapping.entries.first() else { return };
    let Some(position) = &node.position else { return };
    let at = match &node.kind {
        NodeKind::Scalar(_) => RefPlace::Value(FilePosition::clone(position)),
        NodeKind::Mapping(inner) if inner.get("ref").is_none() => {
            RefPlace::Dictionary(FilePosition::clone(position))
        }
        _ => return,
    };
    let inner = Node::sequence(vec![Node::text("x, y"), mapping.clone().into()]);
    for new in [Node::text("new-ref"), inner, Node::from(mapping.clone())] {
        check_edit(text, (&**name, mapping), &at, &new);
    }
}

fn check_edit(text: &str, (name, mapping): (&str, &Mapping), at: &RefPlace, new: &Node) {
    let Ok(edited) = set_ref(text, at, new) else { return };
    let Ok(again) = parse_text(&edited, "upper") else { panic!("{edited:?} is what became of {text:?}") };
    let found = again.get(name).and_then(|node| match (at, &node.kind) {
        (RefPlace::Dictionary(_), NodeKind::Mapping(inner)) => inner.get("ref"),
        _ => Some(node),
    });
    assert!(
        found.is_some_and(|node| plain_node(node) == plain_node(new)),
        "{edited:?} is what became of {text:?}"
    );
    let others = |mapping: &Mapping| plain(mapping).into_iter().skip(1).collect::<Vec<_>>();
    assert_eq!(others(&again), others(mapping), "{edited:?} is what became of {text:?}");
}

/// A node without places.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Plain {
    Scalar(String),
    Sequence(Vec<Plain>),
    Mapping(Vec<(String, Plain)>),
}

fn plain(mapping: &Mapping) -> Vec<(String, Plain)> {
    mapping.entries.iter().map(|(name, node)| (name.to_string(), plain_node(node))).collect()
}

fn plain_node(node: &Node) -> Plain {
    match &node.kind {
        NodeKind::Scalar(text) => Plain::Scalar(text.to_string()),
        NodeKind::Sequence(nodes) => Plain::Sequence(nodes.iter().map(plain_node).collect()),
        NodeKind::Mapping(mapping) => Plain::Mapping(plain(mapping)),
    }
}

fn sorted(mapping: &Mapping) -> Vec<(String, Plain)> {
    let mut entries = plain(mapping);
    entries.iter_mut().for_each(|(_, node)| sort(node));
    entries.sort();
    entries
}

fn sort(node: &mut Plain) {
    match node {
        Plain::Scalar(_) => {}
        Plain::Sequence(nodes) => nodes.iter_mut().for_each(sort),
        Plain::Mapping(entries) => {
            entries.iter_mut().for_each(|(_, node)| sort(node));
            entries.sort();
        }
    }
}

/// Texts in every style.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let styles = "a: plain\nb: 'single''s'\nc: \"double \\\"\\u263a\\n\"\nd: |\n  literal\n  text\ne: >-\n  folded\n  text\n\
                  f: [1, {g: h}, []]\n? long\n: value\n# comment\ni:\n- j: k\n  l:\n- - m\n\"n\": ~\n";
    let source = "sources:\n- kind: tar\n  url: up:a.tar\n  ref: 'x'\n- {kind: local, path: b}\n";
    let directives = "list:\n  (<):\n  - a\n  (>): [b]\nover:\n  (=): []\nx: {y: z}\n";
    let lists = "list: [m]\nover: [n]\nx: {y: 1, w: 2}\n(?): []\n";
    let plain = "kind: manual\nref: abc\nconfig:\n  a: b\n";
    vec![
        crate::joined(&[styles, plain]),
        crate::joined(&[directives, lists]),
        crate::joined(&[source, ""]),
        crate::joined(&[plain, plain]),
        crate::joined(&["ref:\nkind: x\n"]),
        crate::joined(&["s: {kind: x}\n"]),
    ]
}

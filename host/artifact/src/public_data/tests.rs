use spec_model::{FilePosition, UserError};

use super::*;

fn list(texts: &[&str]) -> Node {
    let node = |(line, text): (usize, &&str)| {
        let position = FilePosition { file: "a.bst".into(), line: line as u32 + 1, column: 3 };
        Node { position: Some(position), ..Node::text(*text) }
    };
    Node::sequence(texts.iter().enumerate().map(node).collect())
}

fn public(key: &str, texts: &[&str]) -> Mapping {
    let (mut bst, mut public) = (Mapping::new(), Mapping::new());
    bst.set(key, list(texts));
    public.set("bst", bst);
    public
}

#[test]
fn a_whitelist_permits_what_it_names() {
    let whitelist = |patterns: &[&str]| OverlapWhitelist::from_public(&public("overlap-whitelist", patterns));
    let some = whitelist(&["/etc/*", "/usr/lib/**.la"]).expect("patterns");
    assert!(some.permits("etc/passwd") && some.permits("/usr/lib/x/y.la"));
    assert!(!some.permits("etc/x/y") && !some.permits("usr/bin/sh"));
    assert!(!whitelist(&[]).expect("no patterns").permits("etc/passwd"));
    assert!(!OverlapWhitelist::from_public(&Mapping::new()).expect("no data").permits(""));
}

#[test]
fn a_bad_pattern_has_its_place() {
    let error = OverlapWhitelist::from_public(&public("overlap-whitelist", &["/a", "/[b-a]"]));
    let error = error.expect_err("the range runs backwards");
    assert_eq!(error.reason(), "invalid-glob");
    assert_eq!(error.position().map(ToString::to_string).as_deref(), Some("a.bst:2:3"));
}

#[test]
fn integration_commands_keep_their_order() {
    let commands = integration_commands(&public("integration-commands", &["ldconfig", "true"]));
    assert_eq!(commands.expect("a list"), ["ldconfig", "true"]);
    assert!(integration_commands(&Mapping::new()).expect("no data").is_empty());
    let mut odd = Mapping::new();
    odd.set("bst", Node::text("x"));
    assert_eq!(integration_commands(&odd).expect_err("not a dictionary").reason(), "invalid-data");
}

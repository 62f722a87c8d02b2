use super::*;

/// `{name: thing, list: [a, b]}`, the dictionary last.
fn nodes() -> Vec<kind::Node> {
    vec![
        kind::Node::Scalar("thing".to_owned()),
        kind::Node::Scalar("a".to_owned()),
        kind::Node::Scalar("b".to_owned()),
        kind::Node::Sequence(vec![1, 2]),
        kind::Node::Mapping(vec![("name".to_owned(), 0), ("list".to_owned(), 3)]),
    ]
}

#[test]
fn entries_are_read_by_name_and_type() -> Result<(), Rejection> {
    let nodes = nodes();
    let mapping = Node::new(&nodes, 4).as_mapping()?;
    assert_eq!(mapping.str("name")?, "thing");
    assert_eq!(mapping.str_list_or_empty("list")?, ["a", "b"]);
    assert_eq!(mapping.opt_str("other")?, None);
    Ok(())
}

#[test]
fn mistakes_name_their_node() -> Result<(), Rejection> {
    let nodes = nodes();
    let mapping = Node::new(&nodes, 4).as_mapping()?;
    let place = |result: Result<&str, Rejection>| result.err().and_then(|rejection| rejection.node);
    assert_eq!(place(mapping.str("list")), Some(3));
    assert_eq!(place(mapping.str("other")), Some(4));
    let unknown = mapping.validate_keys(&["name"]).expect_err("'list' is not known");
    assert!(matches!(unknown.reason, RejectionReason::UnknownKey));
    assert_eq!(unknown.node, Some(3));
    Ok(())
}

use super::*;

fn qualifier(name: &str, value: &str) -> Qualifier {
    Qualifier { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn names_do_not_depend_on_the_order_of_qualifiers() {
    let uris = || vec!["a:b".to_owned(), "c:d".to_owned()];
    let (x, y) = (qualifier("x", "1"), qualifier("y", "2"));
    let one = names(uris(), vec![x.clone(), y.clone()], false).expect("good");
    assert_eq!(one, names(uris(), vec![y.clone(), x.clone()], false).expect("good"));
    assert_ne!(one, names(uris(), vec![y, x], true).expect("good"));
    assert_eq!(one.len(), 2);
}

#[test]
fn invalid_names_are_rejected() {
    let many = |count| vec!["u".to_owned(); count];
    let long = vec!["u".repeat(MAX_BYTES + 1)];
    for (uris, qualifiers) in [
        (many(0), vec![]),
        (vec![String::new()], vec![]),
        (many(MAX_NAMES + 1), vec![]),
        (long, vec![]),
        (many(1), vec![qualifier("x", "1"), qualifier("x", "2")]),
    ] {
        assert_eq!(names(uris, qualifiers, false).expect_err("refused").reason(), "invalid");
    }
}

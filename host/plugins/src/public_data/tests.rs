use super::*;

fn text(text: &str) -> guest::PublicValue {
    guest::PublicValue::Text(text.to_owned())
}

#[test]
fn data_are_the_same_after_both_ways() {
    let text = |text: &str| PublicData::Text(text.to_owned());
    let list = PublicData::Sequence(vec![text("x"), text("y")]);
    let data = PublicData::Mapping(vec![("b".to_owned(), list), ("a".to_owned(), text(""))]);
    assert_eq!(tree(flat(&data)), Ok(data));
}

#[test]
fn faults_are_told() {
    let (list, mapping) = (guest::PublicValue::Sequence, guest::PublicValue::Mapping);
    let twice = mapping(vec![("a".to_owned(), 0), ("a".to_owned(), 1)]);
    let deep = std::iter::once(text("x")).chain((0..100).map(|index| list(vec![index]))).collect();
    let cases = [
        (vec![], "its public data are empty"),
        (vec![text("x"), text("y")], "its public data have a value without a parent"),
        (vec![list(vec![0])], "its public data name a value that is not before it or was used already"),
        (vec![text("x"), text("y"), twice], "its public data have the same name twice"),
        (deep, "its public data are nested too deeply; the limit is 64 levels"),
    ];
    for (values, fault) in cases {
        assert_eq!(tree(guest::PublicData { values }), Err(fault));
    }
}

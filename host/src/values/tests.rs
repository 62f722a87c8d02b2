use super::*;

#[test]
fn numbers_are_single_or_ranges() {
    assert_eq!(number_ranges("all"), Ok(None));
    assert_eq!(number_ranges("0"), Ok(Some(vec![0..=0])));
    assert_eq!(number_ranges("0, 1000-1999"), Ok(Some(vec![0..=0, 1000..=1999])));
    for bad in ["", "x", "1-", "-1", "5-4", "1,,2", "4294967296", "1-2-3"] {
        assert!(number_ranges(bad).is_err(), "{bad}");
    }
}

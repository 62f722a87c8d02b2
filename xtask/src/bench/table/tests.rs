use super::*;

#[test]
fn a_row_says_whether_its_target_is_reached() {
    let row = |ours, target| {
        let theirs = Duration::from_secs(2);
        Row::beside("x", Duration::from_millis(ours), "bst", theirs, target).cells().join(" ")
    };
    assert_eq!(row(50, Target::Ratio(1.0 / 40.0)), "x 50.0 ms bst: 2.00 s 1/40 ≤ 1/40 yes");
    assert_eq!(row(51, Target::Ratio(1.0 / 40.0)), "x 51.0 ms bst: 2.00 s 1/39 ≤ 1/40 NO");
    assert_eq!(row(8, Target::Below(Duration::from_millis(8))), "x 8.0 ms bst: 2.00 s 1/250 < 8.0 ms NO");
    assert_eq!(row(2200, Target::Ratio(1.15)), "x 2.20 s bst: 2.00 s 1.10 ≤ 1.15 yes");
    assert_eq!(row(2200, Target::None), "x 2.20 s bst: 2.00 s 1.10  ");
}

use super::*;

#[test]
fn the_nearest_of_long_names_is_not_looked_for() {
    let long = "x".repeat(1 << 20);
    let start = std::time::Instant::now();
    assert_eq!(nearest(&long, &[&long[1..], "x"]), None);
    assert_eq!(nearest("ab", &[&long, "abcd", "öb"]), Some("öb"));
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}

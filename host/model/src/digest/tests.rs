use super::*;

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/0";

#[test]
fn of_nothing_is_the_well_known_digest() {
    assert_eq!(Digest::of(b"").to_string(), EMPTY);
    assert_eq!(EMPTY.parse(), Ok(Digest::of(b"")));
}

#[test]
fn refuses_what_is_no_digest() {
    let upper = EMPTY.to_uppercase();
    let wrong = |at: usize, digit| format!("{}{digit}{}", &EMPTY[..at], &EMPTY[at + 1..]);
    let wrong = [wrong(0, 'g'), wrong(1, '/'), wrong(62, ':'), wrong(63, '`'), wrong(7, '\u{7f}')];
    let wrong = wrong.iter().map(String::as_str);
    let bad = ["", "/0", "abc/1", &EMPTY[..64], &format!("{}/-1", &EMPTY[..64]), &upper];
    for bad in bad.into_iter().chain(wrong) {
        assert!(bad.parse::<Digest>().is_err(), "{bad}");
    }
}

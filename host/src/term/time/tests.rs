use super::*;

#[test]
fn durations_read_well() {
    for (millis, running, done) in [
        (0, "00:00", "0.0 s"),
        (9_940, "00:09", "9.9 s"),
        (59_999, "00:59", "59 s"),
        (184_000, "03:04", "3 min 4 s"),
        (3_723_000, "1:02:03", "1 h 2 min"),
    ] {
        let elapsed = Duration::from_millis(millis);
        assert_eq!((format_clock(elapsed).as_str(), format_duration(elapsed).as_str()), (running, done));
    }
}

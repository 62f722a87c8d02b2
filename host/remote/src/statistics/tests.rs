use super::*;

#[test]
fn percentiles_are_at_most_an_eighth_too_large() {
    let histogram = LatencyHistogram::default();
    assert_eq!(histogram.percentile(50), Duration::ZERO, "nothing was measured");
    (1..=1000).for_each(|number| histogram.add(Duration::from_micros(number * 100)));
    for (percent, exact) in [(50, 50_000), (95, 95_000), (100, 100_000)] {
        let found = histogram.percentile(percent).as_micros() as u64;
        assert!((exact..=exact * 9 / 8).contains(&found), "p{percent} is {found}, not {exact}");
    }
}

#[test]
fn every_time_is_in_the_bucket_that_ends_after_it() {
    for micros in (0..200).chain([1_000, 65_535, 65_536, 3_600_000_000]) {
        let bucket = bucket(micros);
        assert!(upper_end(bucket) >= micros, "{micros} is in a bucket that ends before it");
        assert!(bucket == 0 || upper_end(bucket - 1) < micros, "{micros} is in a bucket too high");
    }
    assert_eq!(bucket(u64::MAX), BUCKETS - 1);
}

use super::*;

#[test]
fn a_log_is_read() {
    let log = "INFO: seed corpus: files: 4\n#5\tINITED cov: 100 ft: 101 corp: 4/9b exec/s: 0 rss: 40Mb\n\
               #77\tNEW    cov: 123 ft: 140 corp: 5/10b lim: 4 exec/s: 0 rss: 41Mb\n\
               #900\tDONE   cov: 123 ft: 140 corp: 5/10b\nstat::number_of_executed_units: 901\n";
    let outcome = FuzzOutcome::of(log, Duration::from_millis(1600), vec![]);
    assert_eq!(outcome.cells("x"), ["x", "901", "2", "23 of 123", "0"]);
    let killed = log.split("#900").next().expect("the log has a beginning");
    let outcome = FuzzOutcome::of(killed, Duration::ZERO, vec![PathBuf::from("crash-1")]);
    assert_eq!(outcome.cells("x"), ["x", "77", "0", "23 of 123", "1"]);
}

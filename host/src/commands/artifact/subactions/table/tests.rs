use spec_model::{ActionFailure, ActionResult, AnswerSource, Digest};
use std::time::SystemTime;

use super::*;

#[test]
fn columns_are_aligned() {
    let mut result = ActionResult { exit_code: 1, ..ActionResult::default() };
    result.metadata.usage = Some(ActionUsage {
        user: Duration::from_millis(20),
        system: Duration::from_millis(11),
        max_rss: 28_100_000,
    });
    let failure =
        ActionFailure { reason: "action-timed-out".to_owned(), message: String::new(), partial: None };
    let subaction = |answered, millis, outcome| Subaction {
        action: Digest::of(b""),
        answered,
        asked: SystemTime::UNIX_EPOCH,
        took: Duration::from_millis(millis),
        outcome,
    };
    let command = Command { arguments: vec!["gcc".into(), "-c\n a.c".into()], ..Command::default() };
    let long = Command { arguments: vec!["ä".repeat(WIDTH + 1)], ..Command::default() };
    let drawn = draw(&[
        (subaction(AnswerSource::CacheHit, 2, Ok(result)), Some(command)),
        (subaction(AnswerSource::Executed, 2500, Err(failure)), Some(long)),
        (subaction(AnswerSource::Uploaded, 250, Ok(ActionResult::default())), None),
    ]);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "\t   answered               exit    wall    cpu   memory  command",
            "\t1  cache-hit                 1  2.0 ms  31 ms  28.1 MB  gcc -c a.c",
        ]
    );
    assert!(lines[2].starts_with("\t2  executed   action-timed-out  2.50 s      -        -  ää"));
    assert!(lines[2].ends_with("ä…"));
    assert_eq!(lines[3].trim_end(), "\t3  uploaded                  0  250 ms      -        -");
    assert_eq!(draw(&[]), "");
}

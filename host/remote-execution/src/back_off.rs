//! Pauses after which a cluster that answers, but fails, is asked again.

use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// When a cluster whose answers are of no use is asked again. Servers that do not answer have such pauses of their own.
#[derive(Debug, Default)]
pub(crate) struct BackOff(Option<Pause>);

#[derive(Debug)]
struct Pause {
    end: Instant,
    length: Duration,
}

impl BackOff {
    /// Whether the cluster is left alone at `now`. The first who asks after a pause is the only one until the next.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        match &mut self.0 {
            None => true,
            Some(pause) if now < pause.end => false,
            Some(pause) => {
                pause.end = now + pause.length;
                true
            }
        }
    }

    /// An attempt failed. Those that were under way already change nothing. A pause is at least as long as the attempt took.
    pub(crate) fn failed(&mut self, began: Instant, now: Instant) {
        let length = match &self.0 {
            None => FIRST,
            Some(pause) if began + pause.length >= pause.end => pause.length * 2,
            Some(_) => return,
        };
        let length = length.max(now.saturating_duration_since(began)).min(LONGEST);
        self.0 = Some(Pause { end: now + length, length });
    }

    /// The cluster executed something.
    pub(crate) fn succeeded(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_asks_at_a_time_after_longer_and_longer_pauses() {
        let (mut back_off, start) = (BackOff::default(), Instant::now());
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert!(back_off.is_over(at(0)) && back_off.is_over(at(0)), "all ask until one fails");
        back_off.failed(at(10), at(10));
        back_off.failed(at(0), at(11));
        let mut now = 10;
        for pause in [1, 2, 4, 8, 16, 30, 30] {
            assert!(!back_off.is_over(start + Duration::from_millis((now + pause) * 1000 - 1)), "{pause}");
            now += pause;
            assert!(back_off.is_over(at(now)), "{pause}");
            assert!(!back_off.is_over(at(now)), "somebody asks already");
            back_off.failed(at(now), at(now));
        }
        back_off.succeeded();
        back_off.failed(at(now), at(now + 20));
        assert!(!back_off.is_over(at(now + 39)) && back_off.is_over(at(now + 40)), "the attempt took 20 s");
        back_off.succeeded();
        assert!(back_off.is_over(at(now)) && back_off.is_over(at(now)));
    }
}

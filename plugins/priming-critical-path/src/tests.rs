use super::*;

fn load(slots: u32, primed: u32, free: u32) -> Load {
    Load { slots: Some(slots), primed, free, ..Load::default() }
}

/// Priorities of candidates with these chains and distances; `None` for those that are held.
fn decided(candidates: &[(u32, u32)], load: Load) -> Vec<Option<u16>> {
    let candidate = |(critical_ms, distance): &(u32, u32)| Candidate {
        critical_ms: *critical_ms,
        distance: *distance,
        ..Candidate::default()
    };
    let candidates: Vec<_> = candidates.iter().map(candidate).collect();
    let decisions = CriticalPath { per_slot: 2 }.decide(&candidates, &load);
    let priority = |decision: &Decision| match decision {
        Decision::Submit(priority) => Some(*priority),
        Decision::Hold | Decision::Skip(_) => None,
    };
    decisions.iter().map(priority).collect()
}

#[test]
fn long_chains_go_first_and_then_what_is_near() {
    let candidates = [(10, 0), (500, 3), (500, 1), (20, 0)];
    assert_eq!(decided(&candidates, load(8, 0, 100)), [Some(3), Some(1), Some(0), Some(2)]);
}

#[test]
fn no_more_is_sent_than_there_is_room_for() {
    let candidates = [(1, 0), (3, 0), (2, 0)];
    assert_eq!(decided(&candidates, load(1, 0, 100)), [None, Some(0), Some(1)]);
    assert_eq!(decided(&candidates, load(1, 1, 100)), [None, Some(0), None]);
    assert_eq!(decided(&candidates, load(1, 5, 100)), [None; 3]);
    assert_eq!(decided(&candidates, load(4, 0, 1)), [None, Some(0), None]);
}

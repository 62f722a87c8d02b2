use super::*;

const NOTHING: Candidate = Candidate {
    action: 0,
    element: 0,
    program: 0,
    took_ms: 0,
    cpu_ms: 0,
    hits: 0,
    misses: 0,
    element_hits: 0,
    element_misses: 0,
    fan_out: 0,
    critical_ms: 0,
    distance: 0,
};

fn machine(slots: u32, primed: u32, free: u32) -> Machine {
    Machine { slots, real: 0, primed, sent: 0, hits: 0, free, cpu_left_ms: 0, bytes_left: 0 }
}

/// Priorities of candidates with these chains and distances; `None` for those that are held.
fn decided(candidates: &[(u32, u32)], machine: Machine) -> Vec<Option<u16>> {
    let candidate = |(critical_ms, distance): &(u32, u32)| Candidate {
        critical_ms: *critical_ms,
        distance: *distance,
        ..NOTHING
    };
    let candidates: Vec<_> = candidates.iter().map(candidate).collect();
    let decisions = CriticalPath { per_slot: 2 }.decide(&candidates, &machine);
    let priority = |decision: &Decision| match decision {
        Decision::Submit(priority) => Some(*priority),
        Decision::Hold | Decision::Skip(_) => None,
    };
    decisions.iter().map(priority).collect()
}

#[test]
fn long_chains_go_first_and_then_what_is_near() {
    let candidates = [(10, 0), (500, 3), (500, 1), (20, 0)];
    assert_eq!(decided(&candidates, machine(8, 0, 100)), [Some(3), Some(1), Some(0), Some(2)]);
}

#[test]
fn no_more_is_sent_than_there_is_room_for() {
    let candidates = [(1, 0), (3, 0), (2, 0)];
    assert_eq!(decided(&candidates, machine(1, 0, 100)), [None, Some(0), Some(1)]);
    assert_eq!(decided(&candidates, machine(1, 1, 100)), [None, Some(0), None]);
    assert_eq!(decided(&candidates, machine(1, 5, 100)), [None; 3]);
    assert_eq!(decided(&candidates, machine(4, 0, 1)), [None, Some(0), None]);
}

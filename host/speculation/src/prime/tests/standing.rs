//! Elements that ask for other things than was predicted.

use super::*;

const NOTHING: Finished = Finished { outputs: None, took_ms: 1, cpu_ms: 1, bytes: 0 };

/// Six compiles of which one is under way and five are queued; then two of these turn out otherwise.
fn surprised(store: &Store, shown: &[(InputId, Content)]) -> (Board, Vec<Command>) {
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut board, sent) = changed(store, 6, PrimingSlot::default(), one);
    assert_eq!(sent.len(), 1);
    let open = (0..6).map(ActionId).filter(|action| *action != sent[0].0);
    let mut commands = Vec::new();
    for action in open.take(2) {
        let otherwise = Digest::of(format!("{action:?}").as_bytes());
        commands.extend(board.shown(action, otherwise, shown.to_vec()));
    }
    board.finished(sent[0].0, sent[0].1, NOTHING);
    (board, commands)
}

#[test]
fn what_is_queued_is_held_when_an_element_surprises() {
    let store = Store::new();
    let (mut board, commands) = surprised(&store, &[]);
    assert_eq!((commands, board.admit()), (vec![], vec![]), "nothing was learned, so nothing is sent");
    let stage = |board: &Board, action: ActionId| board.track(action).stage;
    let held = (0..6).map(ActionId).find(|action| matches!(stage(&board, *action), Stage::Candidate(_)));
    let digest = held.and_then(|action| stage(&board, action).digest()).expect("some are held");
    board.requested(&digest);
    assert_eq!(submitted(&board.admit()).len(), 1, "it does as predicted again");
}

#[test]
fn a_surprise_that_corrects_others_is_forgiven() {
    let store = Store::new();
    let (mut board, commands) = surprised(&store, &[(InputId(0), text(&store, "c2"))]);
    let sent = submitted(&carry_out(&mut board, &store, commands));
    assert_eq!(sent.len(), 1, "what was learned from it is tried");
}

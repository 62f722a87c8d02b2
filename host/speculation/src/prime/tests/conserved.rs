use proptest::prelude::*;

use super::*;

/// Something that may happen.
#[derive(Clone, Debug)]
enum Happening {
    Header(u8),
    Adapt,
    Finish(bool),
    Request(u8),
    Show(u8, u8),
    Lost,
    End,
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0u8..4).prop_map(Happening::Header),
        Just(Happening::Adapt),
        any::<bool>().prop_map(Happening::Finish),
        any::<u8>().prop_map(Happening::Request),
        (0u8..5, 0u8..3).prop_map(|(action, config)| Happening::Show(action, config)),
        Just(Happening::Lost),
        Just(Happening::End),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// In whatever order things happen: every action is in one bucket, no more fly than may, and what flies was sent
    /// once and is finished once.
    #[test]
    fn buckets_are_conserved(happenings in prop::collection::vec(any_happening(), 0..40)) {
        let store = Store::new();
        let budget = Budget { in_flight: 3, ..Budget::default() };
        let (mut board, place) = compiles(&store, 5, PrimingSlot::default(), budget);
        let (mut adapting, mut flying, mut sent) = (Vec::new(), Vec::new(), 0);
        for happening in happenings {
            let mut commands = match happening {
                Happening::Header(version) => board.learned(vec![(place, Some(text(&store, &version.to_string())))]),
                Happening::Adapt => match adapting.pop() {
                    Some((action, round, digest)) => {
                        board.adapted(action, round, Adapted::Action { digest, command: digest })
                    }
                    None => Vec::new(),
                },
                Happening::Finish(good) => match flying.pop() {
                    Some((action, digest)) => {
                        let outputs = good.then(Vec::new);
                        board.finished(action, digest, Finished { outputs, took_ms: 1, cpu_ms: 1, bytes: 1 })
                    }
                    None => Vec::new(),
                },
                Happening::Request(pick) => {
                    let digest = flying.get(usize::from(pick) % flying.len().max(1)).map(|(_, digest)| *digest);
                    _ = digest.map(|digest| board.requested(&digest));
                    Vec::new()
                }
                Happening::Show(action, config) => {
                    let shown = vec![(InputId(0), text(&store, &config.to_string()))];
                    board.shown(ActionId(u32::from(action)), Digest::of(&[action, config]), shown)
                }
                Happening::Lost => board.learned(vec![(place, None)]),
                Happening::End => board.element_ended(board.resolver().element_of(COMPILE)),
            };
            commands.extend(board.admit());
            for command in commands {
                match command {
                    Command::Adapt { action, round, adaptation, .. } => {
                        adapting.push((action, round, store.blob(&format!("{action:?} {adaptation:?}"))));
                    }
                    Command::Submit { action, digest, .. } => {
                        sent += 1;
                        flying.push((action, digest));
                    }
                    Command::Scan => prop_assert!(false, "the policy scans nothing"),
                    Command::Cancel { action, digest } => {
                        prop_assert!(flying.contains(&(action, digest)), "it was never sent");
                    }
                }
            }
            prop_assert!(flying.len() <= 3);
            prop_assert_eq!(board.account().recorded(), 5);
        }
        prop_assert_eq!(board.account().sent, sent);
        prop_assert!(board.account().primed() as u64 <= sent);
    }
}

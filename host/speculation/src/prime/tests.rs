mod conserved;
mod standing;

use std::collections::HashMap;

use spec_strategy::{
    Candidate, Decision, Machine, Observation, Outcome, PolicyError, PrimingPolicy, SkipReason,
};

use super::stage::Stage;
use super::*;
use crate::account::{Bucket, Skipped};
use crate::failures::Draft;
use crate::policy::PrimingSlot;
use crate::record::InputId;
use crate::resolve::{Fact, Impossible, PlaceId, Resolver};
use crate::testing::Store;

const COMPILE: ActionId = ActionId(0);

/// `count` compiles of `app.bst` with a header of `dep.bst` and a generated `config.h`.
fn compiles(store: &Store, count: usize, policy: PrimingSlot, budget: Budget) -> (Board, PlaceId) {
    let mut app = Draft::of(store, "app.bst");
    app.input("src/config.h=c", &[]);
    app.input("dep.h=1", &[("artifact dep.bst:dep.h", None)]);
    for number in 0..count {
        app.action(&format!("cc -c {number}.c"), &["src/config.h=c", "dep.h=1"], &[&format!("{number}.o=o")]);
    }
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    let dep = resolver.element("dep.bst");
    let place = resolver.wanted(Fact::Artifact(dep))[0].0;
    let mut board = Board::new(resolver, policy, budget, HashMap::new());
    assert_eq!(board.start(), []);
    (board, place)
}

fn text(store: &Store, text: &str) -> Content {
    Content::File { digest: store.blob(text), executable: false }
}

/// Instantiates what is asked for, and answers with what is to be executed and cancelled.
fn carry_out(board: &mut Board, store: &Store, commands: Vec<Command>) -> Vec<Command> {
    let mut rest = Vec::new();
    for command in commands {
        match command {
            Command::Adapt { action, round, adaptation, .. } => {
                let digest = store.blob(&format!("{action:?} {adaptation:?}"));
                let adapted = Adapted::Action { digest, command: digest };
                rest.extend(board.adapted(action, round, adapted));
            }
            other => rest.push(other),
        }
    }
    rest.extend(board.admit());
    rest
}

fn submitted(commands: &[Command]) -> Vec<(ActionId, Digest)> {
    let submitted = commands.iter().filter_map(|command| match command {
        Command::Submit { action, digest, .. } => Some((*action, *digest)),
        _ => None,
    });
    submitted.collect()
}

fn ran(store: &Store, output: &str) -> Finished {
    let outputs = Some(vec![(output.to_owned(), text(store, "new"))]);
    Finished { outputs, took_ms: 40, cpu_ms: 30, bytes: 3 }
}

/// The board after the header of the dependency changed, and what was submitted.
fn changed(
    store: &Store,
    count: usize,
    policy: PrimingSlot,
    budget: Budget,
) -> (Board, Vec<(ActionId, Digest)>) {
    let (mut board, place) = compiles(store, count, policy, budget);
    let commands = board.learned(vec![(place, Some(text(store, "2")))]);
    let commands = carry_out(&mut board, store, commands);
    (board, submitted(&commands))
}

#[test]
fn what_is_asked_for_after_it_ran_is_used_and_meanwhile_is_joined() {
    let store = Store::new();
    let (mut board, sent) = changed(&store, 3, PrimingSlot::default(), Budget::default());
    assert_eq!(sent.len(), 3);
    board.finished(sent[0].0, sent[0].1, ran(&store, "0.o"));
    assert_eq!(board.requested(&sent[0].1), [sent[0].0]);
    assert_eq!(board.requested(&sent[1].1), [sent[1].0]);
    board.finished(sent[1].0, sent[1].1, ran(&store, "1.o"));
    let app = board.resolver().element_of(COMPILE);
    let cancelled = board.element_ended(app);
    assert_eq!(cancelled, [Command::Cancel { action: sent[2].0, digest: sent[2].1 }]);
    board.finished(sent[2].0, sent[2].1, Finished { outputs: None, took_ms: 0, cpu_ms: 5, bytes: 0 });
    let account = board.account();
    for bucket in [Bucket::Used, Bucket::Joined, Bucket::Unused] {
        assert_eq!(account.count(bucket), 1, "{bucket:?}");
    }
    assert_eq!((account.sent, account.cpu_ms, account.useful_cpu_ms, account.saved_ms), (3, 65, 60, 40));
}

#[test]
fn a_failed_execution_is_not_sent_again() {
    let store = Store::new();
    let (mut board, sent) = changed(&store, 1, PrimingSlot::default(), Budget::default());
    let failed = Finished { outputs: None, took_ms: 1, cpu_ms: 1, bytes: 0 };
    assert_eq!(board.finished(sent[0].0, sent[0].1, failed), []);
    assert_eq!(board.account().count(Bucket::Failed), 1);
}

#[test]
fn the_first_request_with_a_new_generated_file_adapts_its_siblings() {
    let store = Store::new();
    let (mut board, place) = compiles(&store, 10, PrimingSlot::default(), Budget::default());
    let unchanged = board.learned(vec![(place, Some(text(&store, "1")))]);
    assert_eq!(unchanged, [], "nothing differs");
    let real = Digest::of(b"what the build asked for");
    assert_eq!(board.requested(&real), []);
    let commands = board.shown(COMPILE, real, vec![(InputId(0), text(&store, "c2"))]);
    let sent = submitted(&carry_out(&mut board, &store, commands));
    assert_eq!(sent.len(), 9, "all but the one that was asked for");
    let account = board.account();
    assert_eq!(account.count(Bucket::Skipped(Skipped::Overtaken)), 1);
}

#[test]
fn a_request_whose_command_several_have_has_no_counterpart() {
    let store = Store::new();
    let mut app = Draft::of(&store, "app.bst");
    app.input("conftest.c=1", &[]);
    app.input("conftest.c=2", &[]);
    for (words, source) in [("cc conftest.c", "1"), ("cc conftest.c", "2"), ("cc main.c", "1")] {
        app.action(words, &[&format!("conftest.c={source}")], &[]);
    }
    let mut resolver = Resolver::default();
    let element = resolver.register(app.expand());
    let commands = [0, 2].map(|action| resolver.made_of(ActionId(action)).expect("it is readable").command);
    let bases = [0, 2].map(|action| resolver.recorded(ActionId(action)).base);
    let board = Board::new(resolver, PrimingSlot::default(), Budget::default(), HashMap::new());
    assert_eq!(commands.map(|command| board.counterpart(element, &command)), [None, Some(ActionId(2))]);
    let known = bases.map(|base| board.resolver().action_of(element, &base));
    assert_eq!(known, [Some(ActionId(0)), Some(ActionId(2))]);
}

#[test]
fn a_contradiction_is_of_one_prediction_alone() {
    let store = Store::new();
    let (mut board, place) = compiles(&store, 1, PrimingSlot::default(), Budget::default());
    let commands = board.learned(vec![(place, Some(text(&store, "2")))]);
    let [Command::Adapt { action, round, .. }] = commands[..] else { panic!("{commands:?}") };
    board.adapted(action, round, Adapted::Contradiction);
    assert_eq!(board.bucket(action), Bucket::Impossible(Impossible::Contradiction));
    let commands = board.learned(vec![(place, Some(text(&store, "3")))]);
    assert!(matches!(commands[..], [Command::Adapt { .. }]), "{commands:?}");
}

#[test]
fn a_corrected_prediction_is_cancelled_and_sent_anew() {
    let store = Store::new();
    let (mut board, sent) = changed(&store, 2, PrimingSlot::default(), Budget::default());
    let real = Digest::of(b"another");
    let commands = board.shown(COMPILE, real, vec![(InputId(0), text(&store, "c2"))]);
    let rest = carry_out(&mut board, &store, commands);
    let cancelled = rest.iter().filter(|command| matches!(command, Command::Cancel { .. })).count();
    assert_eq!((cancelled, submitted(&rest).len()), (2, 1));
    // What comes of the old ones changes nothing but the cost.
    for (action, digest) in sent {
        board.finished(action, digest, ran(&store, "0.o"));
    }
    assert_eq!(board.account().count(Bucket::Unused), 2, "one was asked for otherwise, the other not yet");
}

#[test]
fn a_request_overtakes_what_waits_for_its_turn() {
    let store = Store::new();
    let one = Budget { in_flight: 1, ..Budget::default() };
    let (mut board, sent) = changed(&store, 2, PrimingSlot::default(), one);
    assert_eq!(sent.len(), 1);
    let other = ActionId(1 - sent[0].0.0);
    let waiting = board.track(other).stage.digest().expect("it is instantiated");
    assert_eq!(board.requested(&waiting), [other]);
    assert_eq!(board.finished(sent[0].0, sent[0].1, ran(&store, "0.o")), []);
    assert_eq!(board.admit(), [], "nothing is left to send");
    assert_eq!(board.account().count(Bucket::Skipped(Skipped::Overtaken)), 1);
}

#[test]
fn what_is_more_urgent_overtakes_what_is_queued() {
    let store = Store::new();
    let mut app = Draft::of(&store, "app.bst");
    let compile = store.action("cc -c 0.c", &store.tree(&["dep.h=1", "late.h=1"]));
    app.input("dep.h=1", &[("artifact dep.bst:dep.h", None)]);
    app.input("late.h=1", &[("artifact late.bst:late.h", None)]);
    app.input("src/0.o=o", &[("action app.bst:0.o", Some(compile))]);
    app.action("cc -c 0.c", &["dep.h=1", "late.h=1"], &["0.o=o"]);
    app.action("cc 0.o", &["src/0.o=o"], &["0=x"]);
    (1..4).for_each(|number| _ = app.action(&format!("cc -c {number}.c"), &["dep.h=1"], &[]));
    let mut resolver = Resolver::default();
    resolver.register(app.expand());
    let [dep, late] = ["dep.bst", "late.bst"].map(|name| resolver.element(name));
    let [dep, late] = [dep, late].map(|element| resolver.wanted(Fact::Artifact(element))[0].0);
    let one = Budget { in_flight: 1, ..Budget::default() };
    let mut board = Board::new(resolver, PrimingSlot::default(), one, HashMap::new());
    board.start();
    let tell = |board: &mut Board, place| {
        let commands = board.learned(vec![(place, Some(text(&store, "2")))]);
        submitted(&carry_out(board, &store, commands))
    };
    let first = tell(&mut board, dep);
    assert_eq!(first.len(), 1, "two others are queued");
    // The link waits for this one, which nobody could predict before.
    assert_eq!(tell(&mut board, late), [], "there is no room yet");
    board.finished(first[0].0, first[0].1, ran(&store, "1.o"));
    assert_eq!(submitted(&board.admit())[0].0, COMPILE);
}

#[test]
fn the_budget_holds() {
    let store = Store::new();
    // A recorded action took 10 ms.
    let budget = Budget { in_flight: 2, cpu_ms: 30, bytes: 100 };
    let (mut board, mut sent) = changed(&store, 9, PrimingSlot::default(), budget);
    assert_eq!(sent.len(), 2);
    let mut all = sent.len();
    while let Some((action, digest)) = sent.pop() {
        let finished = Finished { outputs: Some(vec![]), took_ms: 10, cpu_ms: 10, bytes: 1 };
        assert_eq!(board.finished(action, digest, finished), []);
        let more = submitted(&board.admit());
        all += more.len();
        sent.extend(more);
    }
    assert_eq!(all, 3);
    board.element_ended(board.resolver().element_of(COMPILE));
    assert_eq!(board.account().count(Bucket::Skipped(Skipped::Budget)), 6);
}

/// Submits odd actions, skips others, and counts what it is told.
#[derive(Default)]
struct Odd(Vec<Outcome>);

impl PrimingPolicy for Odd {
    fn decide(&mut self, candidates: &[Candidate], _: &Machine) -> Result<Vec<Decision>, PolicyError> {
        let decide = |candidate: &Candidate| match candidate.action % 2 {
            1 => Decision::Submit { priority: 5 },
            _ => Decision::Skip(SkipReason::TooCheap),
        };
        Ok(candidates.iter().map(decide).collect())
    }

    fn observe(&mut self, outcomes: &[Observation]) -> Result<(), PolicyError> {
        self.0.extend(outcomes.iter().map(|observation| observation.outcome));
        Ok(())
    }

    fn remember(&mut self) -> Result<Vec<u8>, PolicyError> {
        Ok(format!("{:?}", self.0).into_bytes())
    }
}

#[test]
fn the_policy_hears_of_what_was_asked_for_otherwise() {
    let store = Store::new();
    let policy = PrimingSlot::new(Box::new(Odd::default()));
    let (mut board, _) = changed(&store, 4, policy.clone(), Budget::default());
    board.shown(ActionId(1), Digest::of(b"otherwise"), Vec::new());
    board.element_ended(board.resolver().element_of(COMPILE));
    assert_eq!(board.account().count(Bucket::Unused), 2);
    assert_eq!(policy.remember().as_deref(), Some(&b"[Unused, Unused]"[..]));
}

#[test]
fn what_is_skipped_is_predicted_all_the_same() {
    let store = Store::new();
    let policy = PrimingSlot::new(Box::new(Odd::default()));
    let (mut board, _) = changed(&store, 5, policy, Budget::default());
    let predicted = board.track(COMPILE).predicted.expect("it is instantiated");
    assert_eq!(board.requested(&predicted), [COMPILE]);
    board.shown(ActionId(2), Digest::of(b"otherwise"), Vec::new());
    let app = board.resolver().element_of(COMPILE);
    board.element_ended(app);
    let right: Vec<Option<bool>> = board.ends(app).into_iter().map(|(_, right)| right).collect();
    assert_eq!(right, [Some(true), Some(false), Some(false), Some(false), Some(false)]);
    assert_eq!(board.account().count(Bucket::Skipped(Skipped::Policy(SkipReason::TooCheap))), 3);
}

#[test]
fn the_policy_decides_and_learns() {
    let store = Store::new();
    let policy = PrimingSlot::new(Box::new(Odd::default()));
    let (mut board, sent) = changed(&store, 4, policy.clone(), Budget::default());
    assert_eq!(sent.iter().map(|(action, _)| action.0).collect::<Vec<_>>(), [1, 3]);
    board.requested(&sent[0].1);
    board.element_ended(board.resolver().element_of(COMPILE));
    assert_eq!(board.account().count(Bucket::Skipped(Skipped::Policy(SkipReason::TooCheap))), 2);
    assert_eq!(policy.remember().as_deref(), Some(&b"[Joined, Unused]"[..]));
}

/// Breaks its contract.
struct Broken;

impl PrimingPolicy for Broken {
    fn decide(&mut self, _: &[Candidate], _: &Machine) -> Result<Vec<Decision>, PolicyError> {
        let (policy, message) = ("broken".to_owned(), "unreachable".to_owned());
        Err(PolicyError { reason: "plugin-trap", policy, activity: "decide", message })
    }
}

#[test]
fn a_broken_policy_is_dropped_and_the_built_in_takes_over() {
    use spec_model::UserError;
    let store = Store::new();
    let policy = PrimingSlot::new(Box::new(Broken));
    let (_, sent) = changed(&store, 4, policy.clone(), Budget::default());
    assert_eq!(sent.len(), 4);
    let warning = policy.take_warning().expect("it was dropped");
    assert_eq!(warning.reason(), "plugin-trap");
}

//! How long replays take: `cargo bench -p spec-replay`.

#[path = "../tests/generated/mod.rs"]
mod generated;

use divan::Bencher;
use divan::counter::ItemsCount;
use generated::GeneratedBuild;
use spec_replay::{ReplayOptions, replay};
use spec_strategy::{BuiltInOverlayPolicy, BuiltInPrimingPolicy};

fn main() {
    divan::main();
}

fn build(elements: u32) -> GeneratedBuild {
    GeneratedBuild { elements, actions: 1000, work_us: 100_000, think_us: 1_000 }
}

/// A recording of this many thousand actions is read.
#[divan::bench(args = [1, 10, 100], sample_count = 3, sample_size = 1)]
fn read(bencher: Bencher, elements: u32) {
    bencher.counter(ItemsCount::new(elements * 1000)).bench(|| build(elements).session().action_count());
}

/// It is replayed with 16 workers.
#[divan::bench(args = [1, 10, 100], sample_count = 3, sample_size = 1)]
fn replay_it(bencher: Bencher, elements: u32) {
    let session = build(elements).session();
    bencher.counter(ItemsCount::new(elements * 1000)).bench(|| {
        let options = ReplayOptions {
            priming: Some(Box::new(BuiltInPrimingPolicy)),
            overlay: Box::new(BuiltInOverlayPolicy),
            workers: Some(16),
            budget: None,
        };
        replay(&session, options).expect("its jobs end").wall_us
    });
}

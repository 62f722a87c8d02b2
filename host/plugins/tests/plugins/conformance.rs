//! The contract of element kinds: [`check`] tests a kind.

use std::thread;

use spec_model::Mapping;
use spec_strategy::{ElementInput, ElementKind, KindError, NoDependencies, Plan, Step};

/// Checks a kind with elements that it accepts and elements that it refuses.
pub(crate) fn check(kind: &dyn ElementKind, accepted: &[ElementInput], refused: &[ElementInput]) {
    assert!(!kind.description().name.is_empty());
    for element in accepted {
        answers_are_equal(kind, element, refused);
        order_of_keys_does_not_matter(kind, element);
        let plan = configure(kind, element).plan();
        plan_is_sound(kind, element, &plan);
    }
    for element in refused {
        refusals_are_the_users(kind, element);
    }
    threads_get_equal_answers(kind, accepted);
}

fn configure(kind: &dyn ElementKind, element: &ElementInput) -> spec_strategy::Configured {
    kind.configure(element, &NoDependencies)
        .unwrap_or_else(|error| panic!("{} is refused: {error}", element.name))
}

/// The answers do not depend on calls in between.
fn answers_are_equal(kind: &dyn ElementKind, element: &ElementInput, between: &[ElementInput]) {
    let first = configure(kind, element);
    for other in between {
        drop(kind.configure(other, &NoDependencies));
    }
    assert_eq!(first, configure(kind, element), "{}", element.name);
}

fn order_of_keys_does_not_matter(kind: &dyn ElementKind, element: &ElementInput) {
    let mut entries: Vec<_> = element.config.entries.clone().into_iter().collect();
    entries.reverse();
    let mut config = Mapping::at(element.config.position.clone());
    config.entries.extend(entries);
    let turned = ElementInput { config, ..element.clone() };
    assert_eq!(configure(kind, element), configure(kind, &turned), "{}", element.name);
}

fn plan_is_sound(kind: &dyn ElementKind, element: &ElementInput, plan: &Plan) {
    let description = kind.description();
    let named = plan.digest_environment.iter().flat_map(|named| &named.dependencies);
    let mut staged: Vec<u32> = named.copied().collect();
    for step in &plan.steps {
        match step {
            Step::StageDependencies { dependencies, .. }
            | Step::StageFiles { dependencies, .. }
            | Step::CopyFiles { dependencies, .. }
            | Step::Integrate { dependencies } => staged.extend(dependencies),
            Step::StageSources { .. } => assert!(!description.forbids.sources, "stages what it forbids"),
            Step::Run(_) => assert!(description.runs_commands, "runs commands against its description"),
            Step::MakeDirectory { .. }
            | Step::CopyTree { .. }
            | Step::CopyTreeIfPresent { .. }
            | Step::StageElements { .. }
            | Step::WriteFile { .. } => {}
        }
    }
    for index in staged {
        assert!(element.dependencies[index as usize].build, "stages what is not there at build time");
    }
}

fn refusals_are_the_users(kind: &dyn ElementKind, element: &ElementInput) {
    let refusal = || match kind.configure(element, &NoDependencies) {
        Err(KindError::Rejected { reason, message, position, .. }) => (reason, message, position),
        other => panic!("{} is not refused: {other:?}", element.name),
    };
    assert_eq!(refusal(), refusal(), "{}", element.name);
}

fn threads_get_equal_answers(kind: &dyn ElementKind, accepted: &[ElementInput]) {
    let alone: Vec<_> = accepted.iter().map(|element| configure(kind, element)).collect();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (element, expected) in accepted.iter().zip(&alone) {
                    assert_eq!(configure(kind, element), *expected, "{}", element.name);
                }
            });
        }
    });
}

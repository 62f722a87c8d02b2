use proptest::prelude::*;
use spec_model::DomainSelection;
use spec_strategy::{Command, CommandGroup, DigestEnvironment};

use super::*;

fn path() -> impl Strategy<Value = String> {
    prop_oneof![Just("/a/b".to_owned()), Just("/".to_owned()), "[/a.\0]{0,6}"]
}

fn dependencies() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(prop_oneof![0_u32..4, any::<u32>()], 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    let command = ("[a\0]{0,2}", prop::collection::vec("[a\0]{0,2}", 0..3))
        .prop_map(|(label, argv)| Command { label, argv });
    let group =
        (any::<bool>(), prop::collection::vec(command, 0..3)).prop_map(|(read_only_root, commands)| {
            CommandGroup { label: "g".to_owned(), read_only_root, commands }
        });
    prop_oneof![
        (path(), dependencies())
            .prop_map(|(location, dependencies)| Step::StageDependencies { location, dependencies }),
        dependencies().prop_map(|dependencies| Step::Integrate { dependencies }),
        path().prop_map(|path| Step::StageSources { path }),
        path().prop_map(|path| Step::MakeDirectory { path }),
        (path(), path()).prop_map(|(from, to)| Step::CopyTree { from, to }),
        (path(), dependencies(), any::<bool>()).prop_map(|(location, dependencies, runtime)| {
            Step::StageFiles { location, dependencies, domains: DomainSelection::default(), runtime }
        }),
        path().prop_map(|location| Step::StageElements { location, elements: vec!["a.bst".to_owned()] }),
        (path(), dependencies()).prop_map(|(to, dependencies)| Step::CopyFiles {
            to,
            dependencies,
            domains: DomainSelection::default()
        }),
        (path(), path()).prop_map(|(from, to)| Step::CopyTreeIfPresent { from, to }),
        path().prop_map(|path| Step::WriteFile { path, content: String::new(), executable: false }),
        group.prop_map(Step::Run),
    ]
}

prop_compose! {
    fn plan()(
        variables in prop::collection::vec(("[A=\0]{0,2}", dependencies()), 0..2),
        working_directory in prop::option::of(path()),
        marked_directories in prop::collection::vec(path(), 0..2),
        steps in prop::collection::vec(step(), 0..4),
        collect in path(),
    ) -> Plan {
        let named = |(variable, dependencies)| DigestEnvironment { variable, dependencies };
        let digest_environment = variables.into_iter().map(named).collect();
        Plan { digest_environment, working_directory, marked_directories, steps, collect, ..Plan::default() }
    }
}

/// Values whose children are mostly before them.
fn values() -> impl Strategy<Value = Vec<FlatValue>> {
    let index = || prop_oneof![9 => 0_u32..12, 1 => any::<u32>()];
    let value = prop_oneof![
        Just(FlatValue::Null),
        any::<i64>().prop_map(FlatValue::Int),
        prop::collection::vec(index(), 0..3).prop_map(FlatValue::Sequence),
        prop::collection::vec(("[ab]", index()), 0..3).prop_map(FlatValue::Mapping),
    ];
    prop::collection::vec(value, 0..12)
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Seq(items) => items.iter().map(count).sum(),
        Value::Map(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

fn paths(plan: &Plan) -> Vec<&String> {
    let mut paths: Vec<&String> = plan.marked_directories.iter().chain(&plan.working_directory).collect();
    paths.push(&plan.collect);
    for step in &plan.steps {
        match step {
            Step::StageDependencies { location: path, .. }
            | Step::StageFiles { location: path, .. }
            | Step::StageElements { location: path, .. }
            | Step::CopyFiles { to: path, .. }
            | Step::StageSources { path }
            | Step::WriteFile { path, .. }
            | Step::MakeDirectory { path } => paths.push(path),
            Step::CopyTree { from, to } | Step::CopyTreeIfPresent { from, to } => paths.extend([from, to]),
            Step::Integrate { .. } | Step::Run(_) => {}
        }
    }
    paths
}

fn indices(plan: &Plan) -> impl Iterator<Item = u32> {
    let of_steps = plan.steps.iter().filter_map(|step| match step {
        Step::StageDependencies { dependencies, .. }
        | Step::StageFiles { dependencies, .. }
        | Step::CopyFiles { dependencies, .. }
        | Step::Integrate { dependencies } => Some(dependencies),
        _ => None,
    });
    let named = plan.digest_environment.iter().map(|named| &named.dependencies);
    named.chain(of_steps).flatten().copied()
}

proptest! {
    #[test]
    fn accepted_answers_keep_the_contract(
        values in values(),
        plan in plan(),
        dependencies in 0_usize..4,
        runs_commands: bool,
    ) {
        let total = values.len();
        if let Ok((unique_key, plan)) = configured(values, plan, dependencies, runs_commands) {
            prop_assert_eq!(count(&unique_key), total);
            prop_assert!(runs_commands || !plan.runs_commands());
            for path in paths(&plan) {
                prop_assert!(path.starts_with('/') && !path.contains('\0'), "{:?}", path);
                prop_assert!(!path.split('/').any(|part| part == ".."), "{:?}", path);
            }
            prop_assert!(indices(&plan).all(|index| (index as usize) < dependencies));
            for step in &plan.steps {
                let Step::Run(group) = step else { continue };
                let texts = group.commands.iter().flat_map(|command| &command.argv);
                prop_assert!(texts.clone().all(|text| !text.contains('\0')));
                prop_assert!(group.commands.iter().all(|command| !command.argv.is_empty()));
            }
        }
    }

    #[test]
    fn a_key_is_built_of_its_values_or_refused(values in values()) {
        let total = values.len();
        if let Ok(key) = unique_key(values) {
            prop_assert_eq!(count(&key), total);
        }
    }
}

/// Each value is in the next: as deep as a component likes.
#[test]
fn a_key_that_is_too_deep_is_refused() {
    let nested = |depth: u32| {
        let inner = (0..depth).map(|index| FlatValue::Sequence(vec![index]));
        unique_key(std::iter::once(FlatValue::Null).chain(inner).collect())
    };
    assert!(nested(MAX_KEY_DEPTH as u32).is_ok());
    for depth in [MAX_KEY_DEPTH as u32 + 1, 1_000_000] {
        assert_eq!(nested(depth), Err("its unique key is nested too deeply; the limit is 64 levels"));
    }
}

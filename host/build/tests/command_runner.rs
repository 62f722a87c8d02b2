//! The commands of an element give the same artifact whether they run in its root or as actions.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use spec_build::{BuildError, CommandFailure};
use spec_execution::{
    ActionError, ActionRequest, CommandRunner, ExecutedAction, Executor, ExecutorTask, InPlaceRunner,
    LocalExecutor, LocalOptions, Rights,
};
use spec_model::{Action, AnswerSource, Cancel, Command, Digest, Platform, Subaction, UserError};
use spec_strategy::{CommandGroup, Step};
use support::{Built, Fixture, Groups, sh};

const GROUPS: Groups<'_> = &[
    (
        "configure-commands",
        &[
            "echo configuring; echo $PWD; echo \"$GREETING\"",
            "read who < /data/again\necho \"$who\" > made\nmkdir sub; echo 1 > sub/one; mv sub moved\n",
        ],
    ),
    ("build-commands", &["echo to stderr >&2; read who < made; echo 'it is' \"$who\"; VAR=1; cd /"]),
    (
        "install-commands",
        &["echo \"$PWD $VAR\" > /install/file; mkdir -p /install/lib/empty; echo x > /tmp/x"],
    ),
];

fn local(fixture: &Fixture, options: LocalOptions) -> Arc<dyn Executor> {
    Arc::new(LocalExecutor::new(fixture.cas.clone(), options))
}

fn in_place() -> Arc<dyn CommandRunner> {
    Arc::new(InPlaceRunner)
}

/// Builds in both ways, each in a project of its own: in place, and by actions of this machine.
fn both(make: impl Fn() -> Fixture) -> [(Fixture, Built); 2] {
    [false, true].map(|as_actions| {
        let fixture = make();
        let commands = match as_actions {
            true => fixture.as_actions(local(&fixture, LocalOptions::default())),
            false => in_place(),
        };
        let built = fixture.build(commands, &Cancel::new());
        (fixture, built)
    })
}

fn failure(built: &Built) -> CommandFailure {
    match &built.artifact {
        Err(BuildError::Command(failure)) => CommandFailure::clone(failure),
        other => panic!("expected a failed command, found {other:?}\n{}", built.log),
    }
}

#[test]
fn artifacts_and_logs_are_the_same_in_both_ways() {
    let [(here, in_place), (_, as_actions)] = both(|| Fixture::new(GROUPS, ""));
    let (one, other) = (in_place.artifact.expect("it builds"), as_actions.artifact.expect("it builds"));
    assert_eq!(in_place.log, as_actions.log);
    assert_eq!(one.trees, other.trees);
    let text = |path: &str| {
        let found =
            here.cas.lookup(&one.trees.buildroot.expect("it is kept"), path).expect("the store works");
        let Some(spec_cas::Entry::File(file)) = found else { panic!("no {path}: {found:?}") };
        String::from_utf8(here.cas.get(&file.digest).expect("it is here")).expect("it is text")
    };
    assert_eq!(text("build/deep/dir/made"), "base's again\n");
    assert_eq!(text("build/deep/dir/moved/one"), "1\n");
    assert_eq!(text("install/file"), "/build/deep/dir \n");
    assert!(in_place.log.contains("\n# build-commands: echo to stderr"), "{}", in_place.log);
    assert!(in_place.log.contains("\nto stderr\nit is base's again\n"), "{}", in_place.log);
    assert!(in_place.log.contains("\nit's $HOME, \"quoted\"\n"), "{}", in_place.log);
}

#[test]
fn a_command_that_fails_is_named_in_both_ways() {
    let groups: Groups<'_> = &[
        ("configure-commands", &["echo one > made", "echo fine"]),
        ("build-commands", &["echo before; exit 3", "echo never"]),
    ];
    let [(_here, in_place), (_there, as_actions)] = both(|| Fixture::new(groups, ""));
    assert_eq!(in_place.log, as_actions.log);
    let [one, other] = [&in_place, &as_actions].map(failure);
    assert_eq!(one.output_tail(5), ["before"]);
    assert_eq!(other.output_tail(5), ["before"]);
    assert_eq!(
        (&*one.group, &*one.command, one.exit_code),
        ("build-commands", "echo before; exit 3", Some(3))
    );
    assert_eq!(
        (one.exit_code, one.signal, one.group, one.command, one.output_start, one.has_buildtree),
        (other.exit_code, other.signal, other.group, other.command, other.output_start, true)
    );
}

#[test]
fn what_may_not_be_written_cannot_be_written_in_either_way() {
    let groups: Groups<'_> = &[("build-commands", &["echo x > /build/other"])];
    for (_, built) in both(|| Fixture::new(groups, "")) {
        assert_eq!(failure(&built).exit_code, Some(2), "{}", built.log);
        assert!(built.log.contains("Read-only"), "{}", built.log);
    }
}

#[test]
fn a_working_directory_that_is_missing_is_made_and_no_more_writable_than_its_place() {
    let plan = |directory: &'static str, read_only_root: bool, command: &str| {
        let commands = vec![sh(command)];
        let group = CommandGroup { label: "commands".to_owned(), read_only_root, commands };
        move || Fixture::with_plan_in(directory, vec![Step::Run(group.clone())], "")
    };
    for (directory, is_read_only, command, is_written) in [
        ("/nowhere/deep", true, "echo $PWD; ! echo x > file", false),
        ("/nowhere/deep", false, "echo $PWD; echo x > file", true),
        ("/build/deep", true, "echo $PWD; echo x > file", true),
        ("/data", true, "echo $PWD; ! echo x > file", false),
    ] {
        let [(here, in_place), (_, as_actions)] = both(plan(directory, is_read_only, command));
        assert!(in_place.log.contains(&format!("\n{directory}\n")), "{}", in_place.log);
        let (one, other) = (in_place.artifact.expect("it builds"), as_actions.artifact.expect("it builds"));
        assert_eq!(one.trees, other.trees, "{directory}");
        let root = one.trees.buildroot.expect("it is kept");
        let lookup = |path: &str| here.cas.lookup(&root, path).expect("the store works");
        let directory = directory.trim_start_matches('/');
        assert!(matches!(lookup(directory), Some(spec_cas::Entry::Directory(_))), "{directory}");
        assert_eq!(lookup(&format!("{directory}/file")).is_some(), is_written, "{directory}");
    }
}

#[test]
fn roots_that_can_be_written_change_in_both_ways() {
    let commands =
        ["echo 1 > /anywhere; rm /data/again; mv /data /moved", "echo 2 > /dev/null; echo 3 > /tmp/gone"];
    let group = || CommandGroup {
        label: "commands".to_owned(),
        read_only_root: false,
        commands: commands.iter().map(|text| sh(text)).collect(),
    };
    let [(_, in_place), (_, as_actions)] = both(|| Fixture::with_plan(vec![Step::Run(group())], ""));
    let (one, other) = (in_place.artifact.expect("it builds"), as_actions.artifact.expect("it builds"));
    assert_eq!(one.trees, other.trees);
}

#[test]
fn a_missing_program_is_told_in_both_ways() {
    let group = |program: &str, before: &[&str]| {
        let mut commands: Vec<_> = before.iter().map(|text| sh(text)).collect();
        let argv = vec![program.to_owned(), "an argument".to_owned()];
        commands.push(spec_strategy::Command { label: "it".to_owned(), argv });
        vec![Step::Run(CommandGroup { label: "commands".to_owned(), read_only_root: true, commands })]
    };
    for (program, before) in [
        ("nothing", &[][..]),
        ("nothing", &["echo before"]),
        ("/bin/nothing", &[]),
        ("./nothing", &["echo before"]),
    ] {
        for (_, built) in both(|| Fixture::with_plan(group(program, before), "")) {
            match &built.artifact {
                Err(BuildError::MissingCommand { command }) => assert_eq!(command, program),
                other => panic!("{program}: {other:?}\n{}", built.log),
            }
        }
    }
}

#[test]
fn a_cancelled_build_ends_at_once_in_both_ways() {
    let groups: Groups<'_> = &[("build-commands", &["echo started > /install/a; sleep 60"])];
    for as_actions in [false, true] {
        let fixture = Fixture::new(groups, "");
        let commands = match as_actions {
            true => fixture.as_actions(local(&fixture, LocalOptions::default())),
            false => in_place(),
        };
        let cancel = Cancel::new();
        let start = Instant::now();
        let built = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_secs(1));
                cancel.cancel();
            });
            fixture.build(commands, &cancel)
        });
        assert!(matches!(built.artifact, Err(BuildError::Cancelled)), "{built:?}");
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}

#[test]
fn an_action_that_takes_too_long_is_a_command_that_did() {
    let groups: Groups<'_> = &[("build-commands", &["echo 1 > /install/a", "echo waiting; sleep 60"])];
    let fixture = Fixture::new(groups, "");
    let options = LocalOptions { default_timeout: Duration::from_secs(2), ..LocalOptions::default() };
    let built = fixture.build(fixture.as_actions(local(&fixture, options)), &Cancel::new());
    let failure = failure(&built);
    assert_eq!((failure.exit_code, failure.signal), (None, None));
    assert_eq!(failure.to_string(), "build-commands: the command took too long");
    assert_eq!(failure.output_tail(5), ["waiting"]);
    assert!(failure.has_buildtree);
}

#[test]
fn the_log_has_output_while_a_command_runs_in_place() {
    let groups: Groups<'_> = &[("build-commands", &["echo now; sleep 3"])];
    let fixture = Fixture::new(groups, "");
    thread::scope(|scope| {
        let build = scope.spawn(|| fixture.build(in_place(), &Cancel::new()));
        let deadline = Instant::now() + Duration::from_secs(20);
        while !fixture.log().contains("\nnow\n") {
            assert!(!build.is_finished() && Instant::now() < deadline, "{}", fixture.log());
            thread::sleep(Duration::from_millis(20));
        }
        assert!(!build.is_finished(), "the output came while the command ran");
    });
}

/// Executes on this machine, and answers with results as a server gives them that knows only `Tree` messages and adds
/// words of its own to standard error.
struct TreesOnly {
    inner: Arc<dyn Executor>,
    cas: spec_cas::Cas,
    executed: AtomicUsize,
}

impl Executor for TreesOnly {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        self.executed.fetch_add(1, Ordering::Relaxed);
        let mut executed = self.inner.execute(task, cancel)?;
        executed.result.stderr.raw.extend(b"a word of the server\n");
        for directory in &mut executed.result.directories {
            let root = directory.root.take().expect("directories were asked for");
            directory.tree = Some(self.cas.store_tree_message(&root)?);
        }
        Ok(executed)
    }
}

#[test]
fn a_build_is_two_actions_and_comes_from_the_cache_the_next_time() {
    let fixture = Fixture::new(GROUPS, "");
    let executor = Arc::new(TreesOnly {
        inner: local(&fixture, LocalOptions::default()),
        cas: fixture.cas.clone(),
        executed: AtomicUsize::new(0),
    });
    let first = fixture.build(fixture.as_actions(executor.clone()), &Cancel::new());
    assert_eq!(executor.executed.load(Ordering::Relaxed), 2, "integration, and the commands of the plan");
    assert!(first.log.contains("a word of the server\n"), "{}", first.log);
    let again = fixture.build(fixture.as_actions(executor.clone()), &Cancel::new());
    assert_eq!(executor.executed.load(Ordering::Relaxed), 2);
    assert_eq!(first.log, again.log);
    let here = fixture.build(in_place(), &Cancel::new()).artifact.expect("it builds").trees;
    assert_eq!(first.artifact.expect("it builds").trees, here);
    assert_eq!(again.artifact.expect("it builds").trees, here);
}

#[test]
fn what_no_action_can_have_runs_on_this_machine_and_the_log_says_so() {
    let refused = |fixture: &Fixture, why: &str| {
        let executor = Arc::new(TreesOnly {
            inner: local(fixture, LocalOptions::default()),
            cas: fixture.cas.clone(),
            executed: AtomicUsize::new(0),
        });
        let built = fixture.build(fixture.as_actions(executor.clone()), &Cancel::new());
        assert!(built.artifact.is_ok());
        assert!(
            built.log.contains(&format!("# on this machine and not as an action: {why}")),
            "{}",
            built.log
        );
        executor.executed.load(Ordering::Relaxed)
    };
    let groups: Groups<'_> = &[("build-commands", &["echo 1 > /install/a"])];
    let mut namespaces = Fixture::new(groups, "");
    namespaces.user_namespaces = true;
    assert_eq!(refused(&namespaces, "they may make user namespaces"), 0);
    let socket = Fixture::new(groups, "sandbox:\n  remote-apis-socket:\n    path: /run/a.sock\n");
    assert_eq!(refused(&socket, "they want a remote-apis-socket"), 0);
    let variable = Fixture::new(groups, "  a.b: value\n");
    assert_eq!(refused(&variable, "no shell can set their environment variable 'a.b'"), 1);
    let quotes = format!("echo 1 > /install/a # {}", "'".repeat(40_000));
    let long = Fixture::new(&[("build-commands", &[&quotes])], "");
    assert_eq!(refused(&long, "the command 'build-commands: echo 1"), 1);
}

#[test]
fn very_many_commands_are_several_actions() {
    let command = format!(": {}; echo $((1 + $(read n < n; echo $n))) > n", "x".repeat(50_000));
    let groups = [("build-commands", &["echo 0 > n", &command, &command, &command, "mv n /install"][..])];
    let [(_, in_place), (_, as_actions)] = both(|| Fixture::new(&groups, ""));
    assert_eq!(in_place.log, as_actions.log);
    assert_eq!(in_place.artifact.expect("it builds").trees, as_actions.artifact.expect("it builds").trees);
}

/// Executes so many actions, and leaves all others to who requests them.
struct LeavesAfter {
    executor: Arc<dyn Executor>,
    executes: usize,
    asked: AtomicUsize,
}

impl Executor for LeavesAfter {
    fn execute(&self, task: &ExecutorTask, cancel: &Cancel) -> Result<ExecutedAction, ActionError> {
        match self.asked.fetch_add(1, Ordering::SeqCst) < self.executes {
            true => self.executor.execute(task, cancel),
            false => Err(ActionError::LeftToClient { address: "the cluster".to_owned() }),
        }
    }
}

#[test]
fn what_an_executor_leaves_runs_in_the_root_from_there_on() {
    let command = format!(": {}; echo $((1 + $(read n < n; echo $n))) > n", "x".repeat(50_000));
    let groups = [("build-commands", &["echo 0 > n", &command, &command, &command, "mv n /install"][..])];
    let here = Fixture::new(&groups, "").build(in_place(), &Cancel::new());
    let trees = here.artifact.expect("it builds").trees;
    let last = |log: &str| log.rsplit("\n# ").next().unwrap_or_default().to_owned();
    for executes in 0..4 {
        let fixture = Fixture::new(&groups, "");
        let (executor, asked) = (local(&fixture, LocalOptions::default()), AtomicUsize::new(0));
        let commands = fixture.as_actions(Arc::new(LeavesAfter { executor, executes, asked }));
        let built = fixture.build(commands, &Cancel::new());
        assert_eq!(built.artifact.expect("it builds").trees, trees, "{executes}");
        let said = built.log.matches("the cluster does not execute them at present").count();
        // Dependencies are integrated first.
        assert_eq!(said, if executes == 0 { 2 } else { 1 }, "{executes}");
        assert_eq!(last(&built.log), last(&here.log), "{executes}");
        assert_eq!(
            built.log.matches("\n# build-commands: ").count(),
            5,
            "{executes}: each command is there once"
        );
    }
}

#[test]
fn actions_have_a_socket_and_what_they_asked_for_is_recorded() {
    let groups: Groups<'_> = &[("build-commands", &["[ -S /run/a.sock ] && echo there > /install/a"])];
    for as_actions in [false, true] {
        let fixture = Fixture::new(groups, "sandbox:\n  remote-apis-socket:\n    path: /run/a.sock\n");
        let sockets: Arc<dyn spec_execution::RemoteApis> = fixture.sockets.clone();
        let executor = LocalExecutor::new(fixture.cas.clone(), LocalOptions::default());
        let executor = Arc::new(executor.with_remote_apis(Arc::downgrade(&sockets)));
        let inner = answered_action(&fixture, executor.clone());
        *fixture.sockets.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner.clone());
        let commands = if as_actions { fixture.as_actions(executor) } else { in_place() };
        let built = fixture.build(commands, &Cancel::new());
        let artifact = built.artifact.expect("it builds");
        let opened = fixture.sockets.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(
            !opened.is_empty() && opened.iter().all(|for_action| *for_action == as_actions),
            "{opened:?}"
        );
        let record = artifact.subactions.expect("there is a record");
        let record = spec_action::record::load(&fixture.cas, &record).expect("it is here");
        assert_eq!(record[0].action, inner.action);
        assert_eq!(record[0].outcome.as_ref().expect("a result").exit_code, 0);
        assert_eq!(record[0].answered, AnswerSource::CacheHit);
    }
}

/// An action that was executed, as its client was answered.
fn answered_action(fixture: &Fixture, executor: Arc<dyn Executor>) -> Subaction {
    let command = Command {
        arguments: ["sh", "-c", ":"].map(str::to_owned).to_vec(),
        environment: vec![("PATH".to_owned(), "/bin".to_owned())],
        ..Command::default()
    };
    let tree = support::base_tree(&fixture.cas);
    let properties = vec![("chrootRootDigest".to_owned(), tree.to_string())];
    let action = Action {
        command: spec_action::store_command(&fixture.cas, &command).expect("the store takes it"),
        input_root: Digest::of(b""),
        timeout: None,
        do_not_cache: false,
        salt: Vec::new(),
        platform: Some(Platform { properties }),
    };
    let action = spec_action::store_action(&fixture.cas, &action).expect("the store takes it");
    let request = ActionRequest::new(action, Arc::new(Rights::of_sandbox(false, 0, 0)));
    let executions = fixture.executions(executor).get().expect("threads");
    let result = executions.execute(&request, &Cancel::new()).expect("it runs").result.clone();
    Subaction {
        action,
        answered: AnswerSource::CacheHit,
        asked: SystemTime::now(),
        took: Duration::ZERO,
        outcome: Ok(result),
    }
}

#[test]
fn commands_for_another_platform_go_to_the_executor_or_nowhere() {
    let groups: Groups<'_> = &[("build-commands", &["echo 1 > /install/a"])];
    let other = "sandbox:\n  build-arch: sparc-v9\n";
    for (app, user_namespaces, expected) in
        [(other, false, "action-no-worker"), (other, true, "unsupported-platform"), ("", true, "none")]
    {
        let mut fixture = Fixture::new(groups, app);
        fixture.user_namespaces = user_namespaces;
        let commands = fixture.as_actions(local(&fixture, LocalOptions::default()));
        let built = fixture.build(commands, &Cancel::new());
        let reason = built.artifact.as_ref().err().map_or("none", |error| error.reason());
        assert_eq!(reason, expected, "{built:?}");
    }
    let refused = Fixture::new(groups, other).build(in_place(), &Cancel::new());
    assert_eq!(refused.artifact.expect_err("it is for another machine").reason(), "unsupported-platform");
}

#[test]
fn the_errors_of_an_executor_fail_the_build() {
    struct Away;
    impl Executor for Away {
        fn execute(&self, _: &ExecutorTask, _: &Cancel) -> Result<ExecutedAction, ActionError> {
            Err(ActionError::Exhausted { what: "there is no room".to_owned() })
        }
    }
    let fixture = Fixture::new(GROUPS, "");
    let built = fixture.build(fixture.as_actions(Arc::new(Away)), &Cancel::new());
    assert_eq!(built.artifact.expect_err("nobody runs it").reason(), "action-exhausted");
}

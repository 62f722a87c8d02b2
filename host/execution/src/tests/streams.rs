//! How commands end, and what they say.

use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::time::Duration;

use spec_model::{ActionResult, AnswerSource, Digest, StreamOutput, Subaction, TimeSpan, UserError};
use spec_proto::well_known;

use super::fixture::{Fixture, request};

use crate::error::ExecutionError;
use crate::local::{LocalExecutor, LocalOptions};
use crate::outcome::{ActionError, ExecutedAction};
use crate::pool::{Executions, PoolOptions};
use crate::remote_apis::{OpenSocket, RemoteApis, SocketOptions};
use crate::rights::GrantedAction;

#[test]
fn exit_codes_and_streams_come_back() {
    let fixture = &Fixture::new();
    let table = [
        ("echo out; echo err >&2", 0, "out\n", "err\n"),
        ("exit 3", 3, "", ""),
        ("kill -9 $$", 137, "", ""),
        ("echo $PATH-$GREETING", 0, "-hello\n", ""),
        ("read line; echo \"<$line>\"", 0, "<>\n", ""),
    ];
    for (script, code, out, err) in table {
        let draft = fixture.script(script, &[]).with(|draft| {
            let variable = spec_proto::reapi::command::EnvironmentVariable {
                name: "GREETING".to_owned(),
                value: "hello".to_owned(),
            };
            let path = spec_proto::reapi::command::EnvironmentVariable {
                name: "PATH".to_owned(),
                ..Default::default()
            };
            draft.command.environment_variables = vec![variable, path];
        });
        let result = fixture.run(&draft).expect("the action runs");
        let raw = |text: &str| StreamOutput { raw: text.into(), digest: None };
        assert_eq!((result.exit_code, result.stdout, result.stderr), (code, raw(out), raw(err)), "{script}");
    }
}

#[test]
fn long_output_goes_to_the_store() {
    for fixture in &Fixture::all() {
        let local = LocalOptions { inline_output: 10, ..LocalOptions::default() };
        let pool = fixture.pool_with(local, PoolOptions { workers: 1, max_queued: 1 });
        let action = fixture.store(&fixture.script("echo 123456789; echo 1234567890 >&2", &[]));
        let done = pool.execute(&request(action), &spec_model::Cancel::new()).expect("the action runs");
        assert_eq!(done.result.stdout, StreamOutput { raw: b"123456789\n".to_vec(), digest: None });
        let digest = fixture.blob("1234567890\n");
        assert_eq!(done.result.stderr, StreamOutput { raw: Vec::new(), digest: Some(digest) });
    }
}

#[test]
fn a_program_that_cannot_start_is_a_failed_command() {
    let fixture = &Fixture::new();
    for (program, code) in [("/bin/absent", 127), ("absent", 127), ("/bin", 126), ("./file", 126)] {
        let draft = fixture.script("", &[]).inputs(fixture.tree(&[("file", "text")]));
        let draft = draft.with(|draft| draft.command.arguments = vec![program.to_owned()]);
        let result = fixture.run(&draft).expect("it has a result");
        assert_eq!(result.exit_code, code, "{program}: {result:?}");
        let text = String::from_utf8_lossy(&result.stderr.raw);
        assert!(!text.is_empty() && !text.contains("chrootRootDigest"), "{text}");
    }
    let rootless = fixture.script("", &[]).with(|draft| draft.properties.clear());
    let result = fixture.run(&rootless).expect("it has a result");
    let text = String::from_utf8_lossy(&result.stderr.raw);
    assert!(result.exit_code == 127 && text.contains("names no chrootRootDigest"), "{text}");
}

#[test]
fn time_is_limited() {
    let fixture = &Fixture::new();
    let limit = |seconds, nanos| Some(well_known::Duration { seconds, nanos });
    let draft = fixture.script("echo begun; echo 1 > a; /bin/sleep 50", &["a"]);
    let draft = draft.with(|draft| draft.action.timeout = limit(0, 300_000_000));
    let ActionError::TimedOut { executed, .. } = fixture.error(&draft) else { panic!("it has no time") };
    let ExecutedAction { result, report, .. } = *executed;
    let told = report.expect("it is told of");
    assert!(told.contains("killed at its time-out") && told.contains("its time-out was 300ms"), "{told}");
    assert_eq!(result.stdout.raw, b"begun\n");
    assert_eq!(result.files.len(), 1);
    assert!(
        fixture.cache.get(&GrantedAction::unseen(&fixture.store(&draft))).expect("the cache works").is_none()
    );
    let endless = draft.with(|draft| draft.action.timeout = limit(1_000_000, 0));
    assert_eq!(fixture.error(&endless).reason(), "action-invalid");
}

#[test]
fn metadata_says_when_and_how_much() {
    let fixture = &Fixture::new();
    let draft = fixture.script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", &[]);
    let pool = fixture.pool_with(LocalOptions::default(), PoolOptions { workers: 1, max_queued: 1 });
    let done = pool.execute(&request(fixture.store(&draft)), &spec_model::Cancel::new());
    let metadata = done.expect("the action runs").result.metadata.clone();
    let points = [
        metadata.queued,
        metadata.worked.start,
        metadata.fetched.start,
        metadata.fetched.end,
        metadata.executed.start,
        metadata.executed.end,
        metadata.uploaded.start,
        metadata.uploaded.end,
        metadata.worked.end,
    ];
    assert!(points.iter().all(Option::is_some) && points.is_sorted(), "{points:?}");
    let took = |span: TimeSpan| span.end?.duration_since(span.start?).ok();
    assert!(took(metadata.worked) >= took(metadata.executed), "{points:?}");
    let usage = metadata.usage.expect("it ran here");
    assert!(usage.max_rss > 100_000 && !usage.user.is_zero(), "{usage:?}");
}

#[test]
fn the_user_inside_is_the_one_asked_for() {
    let fixture = &Fixture::new();
    let draft = fixture.script(
        "while read name value; do [ $name = Uid: ] && echo $value; done < /proc/self/status; :",
        &[],
    );
    let draft = draft.property("unixUID", "1000").property("unixGID", "100");
    let result = fixture.run(&draft).expect("the action runs");
    assert!(result.stdout.raw.starts_with(b"1000"), "{result:?}");
}

/// Sockets at which one answer is recorded as soon as they are open.
#[derive(Debug)]
struct Sockets(tempfile::TempDir, Subaction);

#[derive(Debug)]
struct Socket(std::path::PathBuf, #[allow(dead_code)] UnixListener);

impl RemoteApis for Sockets {
    fn open(&self, wanted: SocketOptions) -> Result<Box<dyn OpenSocket>, ExecutionError> {
        assert!(wanted.for_action && !wanted.update_results);
        wanted.recording.record(|| self.1.clone());
        let path = self.0.path().join("socket");
        let listener = UnixListener::bind(&path).expect("the folder is ours");
        Ok(Box::new(Socket(path, listener)))
    }
}

impl OpenSocket for Socket {
    fn path(&self) -> &std::path::Path {
        &self.0
    }
}

#[test]
fn the_socket_of_the_session_is_where_it_is_asked_for() {
    let fixture = &Fixture::new();
    let draft = fixture.script("[ -S /run/a.sock ] && echo there", &["run"]);
    let draft = draft.property("remoteApisSocketPath", "/run/a.sock");
    let action = fixture.store(&draft.with(|draft| draft.command.output_directory_format = 1));
    let inner = Subaction {
        action: Digest::of(b"inner"),
        answered: AnswerSource::CacheHit,
        asked: std::time::SystemTime::now(),
        took: Duration::ZERO,
        outcome: Ok(ActionResult::default()),
    };
    let sockets: Arc<dyn RemoteApis> =
        Arc::new(Sockets(tempfile::tempdir().expect("a temporary folder"), inner.clone()));
    let local = || LocalExecutor::new(fixture.cas.clone(), LocalOptions::default());
    let ask = |executor: LocalExecutor| {
        let options = PoolOptions { workers: 1, max_queued: 1 };
        let pool = Executions::start(fixture.cas.clone(), fixture.cache.clone(), Arc::new(executor), options);
        pool.expect("threads").execute(&request(action), &spec_model::Cancel::new())
    };
    let refused = ask(local()).expect_err("there are no sockets");
    assert_eq!(refused.reason(), "action-no-worker");
    let executor = local().with_remote_apis(Arc::downgrade(&sockets));
    let result = ask(executor).expect("the action runs").result.clone();
    assert_eq!((&*result.stdout.raw, &result.subactions), (&b"there\n"[..], &vec![inner.action]));
    // What was mounted is no output.
    let empty = result.directories.iter().all(|directory| directory.root == Some(Digest::of(b"")));
    assert!(empty, "{result:?}");
    assert_eq!(
        fixture.cache.get(&GrantedAction::unseen(&action)),
        Ok(Some(result)),
        "the action cache keeps subactions"
    );
}

#[test]
fn a_failed_command_is_told_of() {
    let fixture = Fixture::new();
    for (script, expected) in [
        (":", None),
        ("exit 3", Some("The command exited with 3.")),
        ("kill -9 $$", Some("The command was ended by signal 9.")),
    ] {
        let done = fixture.answer(&fixture.script(script, &[])).expect("the action runs");
        assert_eq!(done.report.as_deref().and_then(|report| report.lines().next()), expected, "{script}");
        let chroot = format!("chrootRootDigest: {}\n", fixture.chroot);
        assert!(done.report.as_ref().is_none_or(|report| report.contains(&chroot)), "{:?}", done.report);
    }
}

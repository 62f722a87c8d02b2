//! Time of actions over an unpacked root: `action_bench ROOT STORE [RUNS [PROGRAM...]]`.
//!
//! Every run is a fresh action: its input root has one file, and its environment a number, that no other has. The
//! store is kept, so that the root is imported only once.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use spec_action::wire::digest_to_proto;
use spec_cas::{Cas, Take, TreeBuilder};
use spec_execution::{
    ActionRequest, Executions, LocalExecutor, LocalOptions, PoolOptions, ResultCache, Rights,
};
use spec_model::{Cancel, Digest, Span};
use spec_proto::{Message, reapi};

type Failure = Box<dyn std::error::Error>;

const SOURCE: &str = "int twice(int number) { return 2 * number; }\n";

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: action_bench ROOT STORE [RUNS [PROGRAM...]]";
    let (root, store) = (PathBuf::from(args.next().ok_or(usage)?), PathBuf::from(args.next().ok_or(usage)?));
    let runs: usize = args.next().map_or(Ok(100), |runs| runs.parse())?;
    let mut argv: Vec<String> = args.collect();
    if argv.is_empty() {
        argv.push("/bin/true".into());
    }
    let cas = Cas::open(&store)?;
    let chroot = import(&cas, &root, &store)?;
    let cache = ResultCache::new(&cas);
    let executor = Arc::new(LocalExecutor::new(cas.clone(), LocalOptions::default()));
    let jobs = std::thread::available_parallelism()?.get();
    let pool = PoolOptions { workers: jobs, max_queued: 10_000 };
    let executions = Executions::start(cas.clone(), cache, executor, pool)?;
    let actions =
        |count: usize| (0..count).map(|_| action(&cas, &chroot, &argv)).collect::<Result<Vec<_>, _>>();
    for action in actions(5)? {
        run(&executions, &action)?;
    }
    let mut times = Vec::new();
    let mut parts: [Vec<Duration>; 3] = Default::default();
    let fresh = actions(runs)?;
    for action in &fresh {
        let start = Instant::now();
        let spans = run(&executions, action)?;
        times.push(start.elapsed());
        for (part, span) in parts.iter_mut().zip(spans) {
            part.push(length(span));
        }
    }
    show("fresh action", &mut times);
    for (name, part) in ["  staging", "  sandbox", "  outputs"].into_iter().zip(&mut parts) {
        show(name, part);
    }
    let mut hits = Vec::new();
    for action in &fresh {
        let start = Instant::now();
        run(&executions, action)?;
        hits.push(start.elapsed());
    }
    show("cache hit", &mut hits);
    together(&executions, &actions(runs)?)
}

/// Four threads at once, as a build would.
fn together(executions: &Executions, actions: &[Digest]) -> Result<(), Failure> {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for part in actions.chunks(actions.len().div_ceil(4)) {
            scope.spawn(move || {
                part.iter().try_for_each(|action| run(executions, action).map(drop).map_err(drop))
            });
        }
    });
    println!("4 at once: {:.0} actions per second", actions.len() as f64 / start.elapsed().as_secs_f64());
    Ok(())
}

fn run(executions: &Executions, action: &Digest) -> Result<[Span; 3], Failure> {
    let done =
        executions.execute(&ActionRequest::new(*action, Arc::new(Rights::of_clients())), &Cancel::new())?;
    if done.result.exit_code != 0 {
        return Err(format!("{:?}", done.result).into());
    }
    let metadata = &done.result.metadata;
    Ok([metadata.fetched, metadata.executed, metadata.uploaded])
}

/// The digest of the root, from a file beside the store if it was imported before.
fn import(cas: &Cas, root: &Path, store: &Path) -> Result<Digest, Failure> {
    let note = store.join("bench-root");
    if let Ok(text) = std::fs::read_to_string(&note) {
        return Ok(text.parse()?);
    }
    let outside = |path: &str| !path.starts_with("dev/") && !path.starts_with("proc/");
    let digest = cas.import_dir(root, Take::Copy, outside)?;
    std::fs::write(note, digest.to_string())?;
    Ok(digest)
}

fn action(cas: &Cas, chroot: &Digest, argv: &[String]) -> Result<Digest, Failure> {
    let number = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
    let mut inputs = TreeBuilder::new();
    inputs.add_file("src/source.c", cas.put_bytes(format!("// {number}\n{SOURCE}").as_bytes())?, false)?;
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let variable = |(name, value)| reapi::command::EnvironmentVariable { name, value };
    let property = |(name, value)| reapi::platform::Property { name, value };
    let command = reapi::Command {
        arguments: argv.to_vec(),
        environment_variables: [pair("NUMBER", number.to_string()), pair("PATH", "/usr/bin:/bin".to_owned())]
            .map(variable)
            .into(),
        working_directory: "src".to_owned(),
        output_paths: vec!["out.o".to_owned()],
        ..reapi::Command::default()
    };
    let properties = [pair("OSFamily", "linux".to_owned()), pair("chrootRootDigest", chroot.to_string())];
    let action = reapi::Action {
        command_digest: Some(digest_to_proto(&cas.put_bytes(&command.encode_to_vec())?)),
        input_root_digest: Some(digest_to_proto(&inputs.store(cas)?)),
        platform: Some(reapi::Platform { properties: properties.map(property).into() }),
        ..reapi::Action::default()
    };
    Ok(cas.put_bytes(&action.encode_to_vec())?)
}

fn length(span: Span) -> Duration {
    match (span.start, span.end) {
        (Some(start), Some(end)) => end.duration_since(start).unwrap_or_default(),
        _ => Duration::ZERO,
    }
}

fn show(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    let count = times.len();
    println!(
        "{name}: median {:.2} ms, best {:.2}, 9 of 10 under {:.2}",
        ms(count / 2),
        ms(0),
        ms(count * 9 / 10)
    );
}

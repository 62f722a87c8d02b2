//! Fuzzes parsers of untrusted input: `cargo fuzz` compiles the targets of tests/fuzz, and each runs for its share of
//! the time. Corpora stay in the cache, so that the next run continues with them.

mod cargo_fuzz;
mod outcome;

use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::bench::draw;
use crate::command::{command, show};
use crate::paths::{self, Paths};
use crate::steps::step;
use cargo_fuzz::CargoFuzz;
use outcome::FuzzOutcome;

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// For how long, all targets together
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Some targets; all of them when none is named
    targets: Vec<String>,
}

/// Seconds after which an input takes too long, and megabytes after which it takes too much.
const LIMITS: [&str; 3] = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=65536"];

/// Compiles the targets, runs each, and prints the results.
pub(crate) fn run(paths: &Paths, options: &FuzzOptions) -> Result<()> {
    let targets = chosen(paths, &options.targets)?;
    let tool = step("have cargo-fuzz", || CargoFuzz::install(paths))?;
    step("compile the fuzz targets", || tool.build(paths))?;
    let share = Duration::try_from_secs_f64(options.minutes * 60.0)
        .context("--minutes takes a number above 0")?
        / u32::try_from(targets.len())?;
    let mut rows = vec![];
    for name in targets {
        let target = FuzzTarget::of(paths, name);
        let outcome = step(&format!("fuzz {}", target.name), || target.run(share))?;
        rows.push((target, outcome));
    }
    print!("\n{}", FuzzTable(&rows));
    let finds: Vec<_> = rows
        .iter()
        .flat_map(|(target, outcome)| outcome.finds.iter().map(move |find| (target, find)))
        .collect();
    for (target, find) in &finds {
        println!("found: {}; what it says: {}", find.display(), target.log.display());
        println!("reproduce it: {} {}", target.program.display(), find.display());
    }
    match finds.len() {
        0 => Ok(()),
        count => bail!("{count} inputs break a promise; make an ordinary test of each, beside the code"),
    }
}

/// Whether the targets compile, without the tools of fuzzing.
pub(crate) fn check(paths: &Paths) -> Result<()> {
    let mut cargo = command("cargo", ["check", "--release", "--locked"]);
    cargo.current_dir(folder(paths)).env("RUSTFLAGS", "--cfg fuzzing -D warnings");
    show(cargo.env("CARGO_TARGET_DIR", paths.target().join("fuzz-check")))
}

/// The folder of the workspace of the targets.
pub(crate) fn folder(paths: &Paths) -> PathBuf {
    paths.root.join("tests/fuzz")
}

/// The targets that are named, or all.
fn chosen(paths: &Paths, named: &[String]) -> Result<Vec<String>> {
    let known = paths::files(&folder(paths).join("targets"))?;
    let known: Vec<String> = known.iter().map(|file| paths::name(&file.with_extension(""))).collect();
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        bail!("there is no fuzz target {unknown}; there are: {}", known.join(", "));
    }
    Ok(if named.is_empty() { known } else { named.to_vec() })
}

/// A target and the places of what it needs.
struct FuzzTarget {
    name: String,
    program: PathBuf,
    /// Words that its inputs have, where a file says so.
    dictionary: PathBuf,
    seeds: PathBuf,
    /// Its corpus.
    corpus: PathBuf,
    finds: PathBuf,
    log: PathBuf,
}

impl FuzzTarget {
    fn of(paths: &Paths, name: String) -> FuzzTarget {
        let (made, kept) = (cargo_fuzz::target(paths), paths.fuzz().join(&name));
        FuzzTarget {
            program: cargo_fuzz::programs(paths).join(&name),
            dictionary: folder(paths).join("dictionaries").join(&name),
            seeds: made.join("seeds").join(&name),
            corpus: kept.join("corpus"),
            finds: kept.join("finds"),
            log: made.join("logs").join(format!("{name}.log")),
            name,
        }
    }

    /// Runs it with its corpus and its seeds, until the time is over or a broken promise is found.
    fn run(&self, time: Duration) -> Result<FuzzOutcome> {
        let log = self.log.parent().context("a log is in a folder")?;
        for folder in [&self.seeds, &self.corpus, &self.finds, log] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        show(command(&self.program, [] as [&str; 0]).env("SPEC_FUZZ_SEEDS", &self.seeds))?;
        let before = paths::files(&self.finds)?;
        let mut fuzz = command(&self.program, LIMITS);
        fuzz.args(["-print_final_stats=1", "-close_fd_mask=1"]);
        fuzz.arg(format!("-max_total_time={}", time.as_secs().max(1)));
        fuzz.arg(format!("-artifact_prefix={}/", self.finds.display()));
        if self.dictionary.is_file() {
            fuzz.arg(format!("-dict={}", self.dictionary.display()));
        }
        fuzz.args([&self.corpus, &self.seeds]);
        let start = Instant::now();
        let status = fuzz.stderr(Stdio::from(File::create(&self.log)?)).status()?;
        let text = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
        let mut finds = paths::files(&self.finds)?;
        finds.retain(|find| !before.contains(find));
        if !status.success() && finds.is_empty() {
            bail!("{status}, and nothing was found; see {}", self.log.display());
        }
        Ok(FuzzOutcome::of(&text, start.elapsed(), finds))
    }
}

struct FuzzTable<'a>(&'a [(FuzzTarget, FuzzOutcome)]);

impl Display for FuzzTable<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let head = ["target", "runs", "seconds", "new coverage", "finds"].map(str::to_owned);
        let rows = self.0.iter().map(|(target, outcome)| outcome.cells(&target.name));
        draw(out, &[head].into_iter().chain(rows).collect::<Vec<_>>())
    }
}

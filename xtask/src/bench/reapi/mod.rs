//! Compares the server with buildbox-casd of the Debian base, in turn, with the same clients.

mod inside;
mod requests;
mod server;
pub(super) mod transfers;
mod trees;

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use self::inside::{Inside, TREE};
use self::requests::{Client, Part};
use self::server::{Kind, Server};
use super::BenchOptions;
use super::base::Base;
use super::measure::{Load, median, settle};
use super::scratch;
use super::table::{Row, Table, Target};
use crate::base;
use crate::command::show;
use crate::lock::Lock;
use crate::paths::Paths;
use crate::steps::step;

const CASD: &str = "casd";

/// Figures of one run of the client: the name, which of its times, and the target.
type Figures = &'static [(&'static str, Part, Target)];

const STORAGE: [(&str, Figures); 3] = [
    ("find-missing", &[("FindMissingBlobs of 10,000", Part::All, Target::Ratio(0.5))]),
    (
        "batch",
        &[
            ("BatchUpdateBlobs, 10,000 of 4 KB, cold", Part::Cold, Target::Ratio(0.25)),
            ("the same again", Part::Again, Target::Ratio(1.0)),
        ],
    ),
    ("write", &[("ByteStream write of 500 MB, cold", Part::All, Target::Ratio(1.0 / 1.5))]),
];

const ACTIONS: [(&str, Figures); 2] = [
    (
        "true",
        &[
            ("/bin/true, fresh action", Part::Cold, Target::Ratio(1.0 / 30.0)),
            ("Execute answered from the action cache", Part::Again, Target::Ratio(0.5)),
        ],
    ),
    ("true-by-four", &[("200 of them, 4 at a time", Part::All, Target::Ratio(1.0 / 30.0))]),
];

/// The programs and folders of the benchmark.
struct ReapiBench {
    rounds: usize,
    inside: Inside,
    /// What measures requests; transfers need none.
    client: Option<Client>,
    table: Table,
    seed: u64,
}

/// What takes part, and the folder of its stores.
struct Prepared {
    bench: ReapiBench,
    scratch: TempDir,
    _lock: Lock,
}

fn prepare(paths: &Paths, options: &BenchOptions, client: Option<Client>) -> Result<Prepared> {
    let host = options.host(paths)?;
    step("make the Debian base", || base::run(paths, false))?;
    let base = step("unpack the base", || Base::unpack(paths))?;
    let folder = paths.target().join("bench");
    let lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let inside = Inside { base, host, scratch: scratch.path().to_path_buf() };
    let bench = ReapiBench { rounds: options.rounds(), inside, client, table: Table::default(), seed: 0 };
    Ok(Prepared { bench, scratch, _lock: lock })
}

/// Measures everything and prints the table.
pub(super) fn run(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let client = step("compile the client", || Client::build(paths))?;
    let Prepared { mut bench, scratch, _lock } = prepare(paths, options, Some(client))?;
    let before = Load::now()?;
    step("trees", || bench.trees())?;
    step("requests", || bench.requests())?;
    let after = Load::now()?;
    println!("\n{}\nload average {before} before, {after} after", bench.table);
    step("remove the stores", || Ok(scratch.close()?))
}

impl ReapiBench {
    /// Everything but trees, at one pair of servers.
    fn requests(&mut self) -> Result<()> {
        let ours = Server::start(Kind::Ours, &self.inside, "requests-ours")?;
        let casd = Server::start(Kind::Casd, &self.inside, "requests-casd")?;
        let chroot = [&ours, &casd].map(|server| self.upload_base(server));
        let [chroot, same] = chroot;
        let chroot = chroot?;
        ensure!(chroot == same?, "the servers disagree on the base");
        for (figure, rows) in STORAGE.iter().chain(&ACTIONS) {
            self.figure([&ours.tcp, &casd.tcp], figure, &chroot, rows, "")?;
        }
        self.compiler([&ours.tcp, &casd.tcp], &chroot)?;
        for (figure, rows) in STORAGE {
            self.figure([&ours.unix, &casd.unix], figure, &chroot, rows, ", unix socket")?;
        }
        Ok(())
    }

    fn upload_base(&self, server: &Server) -> Result<String> {
        let digest = "/mnt/digest";
        let mut upload = self.inside.command("casupload");
        let options = [format!("--remote={}", server.tcp), format!("--output-digest-file={digest}")];
        show(upload.args(options).arg(TREE).stdout(std::process::Stdio::null()))?;
        Ok(fs::read_to_string(self.inside.scratch.join("digest"))?.trim().to_owned())
    }

    /// The times of a figure, in turn.
    fn times(&mut self, urls: [&str; 2], figure: &str, chroot: &str) -> Result<[Vec<Vec<Duration>>; 2]> {
        let mut times = [vec![], vec![]];
        for _ in 0..self.rounds {
            self.seed += 1;
            for (url, times) in urls.iter().zip(&mut times) {
                settle()?;
                let client = self.client.as_ref().context("requests need the client")?;
                times.push(client.times(url, figure, self.seed, chroot)?);
            }
        }
        Ok(times)
    }

    fn figure(
        &mut self,
        urls: [&str; 2],
        figure: &str,
        chroot: &str,
        rows: Figures,
        suffix: &str,
    ) -> Result<()> {
        let [ours, theirs] = self.times(urls, figure, chroot)?;
        for (name, part, target) in rows {
            let (ours, theirs) = (part.median(&ours), part.median(&theirs));
            self.table.add(Row::beside(&format!("{name}{suffix}"), ours, CASD, theirs, *target));
        }
        Ok(())
    }

    /// `gcc -c`, and the time of the compiler alone.
    fn compiler(&mut self, urls: [&str; 2], chroot: &str) -> Result<()> {
        let [ours, theirs] = self.times(urls, "gcc", chroot)?.map(|times| Part::Cold.median(&times));
        let alone = self.compiler_alone()?;
        let target = Target::Below(alone + Duration::from_millis(8));
        self.table.add(Row::beside("gcc -c of a small file", ours, CASD, theirs, target));
        self.table.add(Row::alone("the compiler of it, in the base", alone, Target::None));
        Ok(())
    }

    fn compiler_alone(&self) -> Result<Duration> {
        const PREPARE: &str = "cd /tmp
            printf '#include <stdio.h>\\nint main(void) { puts(\"hello\"); return 0; }\\n' > small.c";
        Ok(median(self.inside.times(PREPARE, 40, &["gcc", "-c", "small.c", "-o", "small.o"])?))
    }
}

//! What a shared cache at the end of a slow wire has: how long it takes to find artifacts there, and to prime from a record there.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use spec_testkit::engines::{FarEnd, Wire};
use spec_testkit::recc::{BASE, RECC};
use spec_testkit::{Host, Outcome, Service};

use super::measure::{Load, median};
use super::programs::Project;
use super::table::{Row, Table, Target};
use super::{BenchOptions, scratch};
use crate::lock::Lock;
use crate::paths::Paths;
use crate::steps::step;
use crate::{base, example};

const ROUND_TRIP: Duration = Duration::from_millis(50);
const ARTIFACTS: usize = 500;
const ACTIONS: u64 = 1000;
/// How long a first build of all actions may take.
const DEADLINE: Duration = Duration::from_secs(1800);
/// How often it is looked how many actions are sent.
const SENT_INTERVAL: Duration = Duration::from_millis(5);
/// How long it may take until all actions are sent.
const SENT_DEADLINE: Duration = Duration::from_secs(120);

/// The numbers of a server that count the actions that it was given: those that wait, that run, and that have ended.
const ALL: [&str; 3] =
    ["spec_host_actions_queued ", "spec_host_actions_running ", "spec_host_actions_total{"];

/// The project, and a server with the base behind a wire.
struct RecordsBench<'a> {
    host: &'a Path,
    project: Project,
    wire: Wire,
    service: Service,
    _server: Host,
}

/// Measures everything and prints the table.
pub(super) fn run(paths: &Paths, options: &BenchOptions) -> Result<()> {
    let host = options.host(paths)?;
    step("make the Debian base", || base::run(paths, false))?;
    let example = step("prepare the example", || example::run(paths))?;
    let folder = paths.target().join("bench");
    let _lock = Lock::take(&folder)?;
    let scratch = scratch(&folder)?;
    let project = Project::copy(&example, &scratch.path().join("hello"))?;
    write_parts(project.path())?;
    write_many(project.path())?;
    let bench = step("start a server with the base", || RecordsBench::start(&host, project))?;
    let maker = bench.machine(&bench.shared(true))?;
    let before = Load::now()?;
    step("build what is pushed", || {
        bench.run(&maker, &["build", "parts.bst"])?;
        bench.run(&maker, &["build", "many.bst"])
    })?;
    let mut table = Table::default();
    step("find artifacts", || bench.find(options, &mut table))?;
    step("prime from the record", || bench.prime(options, &mut table))?;
    let after = Load::now()?;
    println!("\n{table}\nload average {before} before, {after} after");
    step("remove the project", || Ok(scratch.close()?))
}

impl<'a> RecordsBench<'a> {
    fn start(host: &'a Path, project: Project) -> Result<RecordsBench<'a>> {
        let server = Host::of(host);
        let mut import = server.command_in(project.path());
        let _ = Outcome::of(import.args(["build", "debian.bst"]), DEADLINE).success();
        // One worker, which leaves the other processors to the client.
        let serve = ["--metrics-listen", "127.0.0.1:0", "--max-queued", "5000", "--workers", "1"];
        let service = Service::start(&server, &serve);
        let address: SocketAddr = service.address().parse().context("it tells its address")?;
        let wire = Wire::to(FarEnd::Tcp(address), Duration::ZERO);
        Ok(RecordsBench { host, project, wire, service, _server: server })
    }

    /// The server as a shared cache.
    fn shared(&self, push: bool) -> String {
        format!("artifacts:\n  servers:\n  - {{url: '{}', push: {push}}}\n", self.wire.url())
    }

    /// A machine with the base in its cache, and then this configuration.
    fn machine(&self, lines: &str) -> Result<Host> {
        let machine = Host::of(self.host);
        self.run(&machine, &["build", "debian.bst"])?;
        machine.configure(lines);
        Ok(machine)
    }

    fn run(&self, machine: &Host, arguments: &[&str]) -> Result<()> {
        let mut command = machine.command_in(self.project.path());
        let outcome = Outcome::of(command.args(["--option", "recc", "true"]).args(arguments), DEADLINE);
        ensure!(outcome.code == Some(0), "{arguments:?}: {}", outcome.stderr);
        Ok(())
    }

    /// Finds artifacts on the server from machines with empty caches.
    fn find(&self, options: &BenchOptions, table: &mut Table) -> Result<()> {
        for (round_trip, target) in
            [(Duration::ZERO, Target::None), (ROUND_TRIP, Target::Below(Duration::from_millis(500)))]
        {
            self.wire.set_round_trip(round_trip);
            let mut times = Vec::new();
            for _ in 0..options.rounds() {
                let machine = Host::of(self.host);
                machine.configure(&self.shared(false));
                let start = Instant::now();
                self.run(&machine, &["artifact", "show", "--deps", "all", "parts.bst"])?;
                times.push(start.elapsed());
            }
            let figure =
                format!("{ARTIFACTS} artifacts found on an index, round trip {} ms", round_trip.as_millis());
            table.add(Row::alone(&figure, median(times), target));
        }
        self.wire.set_round_trip(Duration::ZERO);
        Ok(())
    }

    /// Primes from the record on machines that never built it, after a change of the header.
    fn prime(&self, options: &BenchOptions, table: &mut Table) -> Result<()> {
        let (mut first, mut all) = (Vec::new(), Vec::new());
        // ext4 makes files slowly for some time after others were removed, so the machines stay.
        let mut machines = Vec::new();
        for round in 0..options.rounds() {
            let header = format!("#define DEP_VERSION \"round {round}\"\n#define DEP_ANSWER 42\n");
            fs::write(self.project.path().join("files/dep/include/dep.h"), header)?;
            let url = self.wire.url();
            let cluster = format!(
                "remote-execution:\n  execution-service: {{url: '{url}'}}\n  storage-service: {{url: '{url}'}}\n\
                 execution: {{slots: 2000}}\nscheduler:\n  speculation-budget: {{in-flight: 2000}}\n"
            );
            let machine = self.machine(&(self.shared(false) + &cluster))?;
            self.wire.set_round_trip(ROUND_TRIP);
            let [of_first, of_all] = self.sent(&machine)?;
            self.wire.set_round_trip(Duration::ZERO);
            first.push(of_first);
            all.push(of_all);
            machines.push(machine);
        }
        let limits = [Duration::from_secs(1), Duration::from_secs(3)].map(Target::Below);
        let figure = format!("{ACTIONS} actions from a record, round trip {} ms", ROUND_TRIP.as_millis());
        table.add(Row::alone(&format!("{figure}: first sent"), median(first), limits[0]));
        table.add(Row::alone(&format!("{figure}: all sent"), median(all), limits[1]));
        Ok(())
    }

    /// The times from the start of a priming run until the server has the first action, and until it has all.
    fn sent(&self, machine: &Host) -> Result<[Duration; 2]> {
        let before = self.actions(&ALL);
        let mut command = machine.command_in(self.project.path());
        command.args(["--option", "recc", "true", "prime", "many.bst"]);
        let start = Instant::now();
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut first = None;
        let all = loop {
            let (sent, time) = (self.actions(&ALL).saturating_sub(before), start.elapsed());
            if sent > 0 && first.is_none() {
                first = Some(time);
            }
            if sent >= ACTIONS || time > SENT_DEADLINE || run.try_wait()?.is_some() {
                break (sent, time);
            }
            std::thread::sleep(SENT_INTERVAL);
        };
        run.kill()?;
        run.wait()?;
        // The server ends them.
        let end = Instant::now() + SENT_DEADLINE;
        while self.actions(&ALL[..2]) > 0 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
        ensure!(all.0 >= ACTIONS, "only {} actions were sent within {:?}", all.0, all.1);
        Ok([first.context("an action was sent")?, all.1])
    }

    /// What these numbers of the server add up to.
    fn actions(&self, names: &[&str]) -> u64 {
        let page = self.service.page("/metrics");
        let is_named = |line: &&str| names.iter().any(|name| line.starts_with(name));
        let value = |line: &str| line.rsplit_once(' ')?.1.parse::<f64>().ok();
        page.lines().filter(is_named).filter_map(value).sum::<f64>() as u64
    }
}

/// Elements without commands, and one above them.
fn write_parts(project: &Path) -> Result<()> {
    let mut depends = String::new();
    for number in 0..ARTIFACTS - 1 {
        let folder = project.join(format!("files/parts/{number}"));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("part{number}")), format!("part {number}\n"))?;
        let text = format!("kind: import\nsources:\n- {{kind: local, path: files/parts/{number}}}\n");
        fs::write(project.join(format!("elements/part{number}.bst")), text)?;
        writeln!(depends, "- part{number}.bst")?;
    }
    fs::write(project.join("elements/parts.bst"), format!("kind: stack\ndepends:\n{depends}"))?;
    Ok(())
}

/// An element that compiles many files, which all include the header of `dep.bst`.
fn write_many(project: &Path) -> Result<()> {
    let folder = project.join("files/many");
    fs::create_dir_all(&folder)?;
    for number in 0..ACTIONS {
        let text = format!("#include <dep.h>\nconst char *version{number} = DEP_VERSION;\n");
        fs::write(folder.join(format!("{number}.c")), text)?;
    }
    let makefile = "all: $(patsubst %.c,%.o,$(wildcard *.c))\n%.o: %.c\n\trecc gcc -c $< -o $@\n";
    fs::write(folder.join("Makefile"), makefile)?;
    let sources = "sources:\n- {kind: local, path: files/many}\n";
    let commands = "config:\n  build-commands:\n  - make -j%{max-jobs}\n";
    let text = format!("kind: manual\nbuild-depends:\n{BASE}- dep.bst\n{sources}{RECC}{commands}");
    fs::write(project.join("elements/many.bst"), text)?;
    Ok(())
}

//! BuildGrid: a scheduler with its database, a store and an action cache, and real workers.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::engine_root::{EngineRoot, SCRATCH};
use super::owned_process::OwnedProcess;
use super::ports;
use crate::Outcome;

/// How long the database and the scheduler may each take to listen: the latter imports a hundred modules of Python.
const DEADLINE: Duration = Duration::from_secs(120);

/// Where the root has PostgreSQL's programs, BuildGrid's, and a database with its tables.
const POSTGRES: &str = "/usr/lib/postgresql/17/bin/postgres";
const INITDB: &str = "/usr/lib/postgresql/17/bin/initdb";
const PSQL: &str = "/usr/lib/postgresql/17/bin/psql";
const BGD: &str = "/opt/buildgrid/bin/bgd";
const DATABASE: &str = "opt/database";

/// The socket that PostgreSQL has in the scratch folder.
const DATABASE_SOCKET: &str = ".s.PGSQL.5432";

/// A running BuildGrid, whose store and database go when this goes.
#[derive(Debug)]
pub struct BuildGrid {
    // In the order in which they end.
    workers: Vec<BuildGridWorker>,
    scheduler: Option<OwnedProcess>,
    _database: OwnedProcess,
    address: SocketAddr,
    root: EngineRoot,
    base: EngineRoot,
    scratch: TempDir,
}

/// A `buildbox-worker` with a casd, in the base.
#[derive(Debug)]
pub struct BuildGridWorker {
    process: Option<OwnedProcess>,
    name: String,
    /// Of the scheduler.
    url: String,
    /// Actions that it executes at a time.
    jobs: usize,
    /// More arguments of its casd.
    casd: String,
    root: EngineRoot,
    scratch: TempDir,
}

impl BuildGrid {
    /// Starts one with so many workers of one action at a time, from what `SPEC_BUILDGRID` and `SPEC_BASE_ROOT` name.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn start(workers: usize) -> BuildGrid {
        BuildGrid::start_in(EngineRoot::buildgrid(), EngineRoot::base(), workers)
    }

    /// Starts one with one worker of so many actions at a time: they share one store.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn with_jobs(jobs: usize) -> BuildGrid {
        let mut grid = BuildGrid::start(0);
        grid.add_worker_of(jobs, "");
        grid
    }

    /// Starts one with one worker of so many actions at a time, whose sockets for actions have the action cache of the scheduler and
    /// execute beside it.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn with_sockets(jobs: usize) -> BuildGrid {
        let mut grid = BuildGrid::start(0);
        let casd = format!("--ac-remote={} {NESTED}", grid.url());
        grid.add_worker_of(jobs, &casd);
        grid
    }

    /// Starts one from these roots.
    ///
    /// # Panics
    /// If it does not listen soon.
    #[must_use]
    pub fn start_in(root: EngineRoot, base: EngineRoot, workers: usize) -> BuildGrid {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let root = root.as_ordinary_user();
        copy_database(root.path(), scratch.path());
        let database = start_database(&root, scratch.path());
        let address = ports::free_address();
        let configuration = CONFIGURATION.replace("@ADDRESS@", &address.to_string());
        fs::write(scratch.path().join("buildgrid.conf"), configuration).expect("the folder is ours");
        let mut grid =
            BuildGrid { workers: vec![], scheduler: None, _database: database, address, root, base, scratch };
        grid.start_scheduler();
        (0..workers).for_each(|_| grid.add_worker());
        grid
    }

    /// `http://HOST:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts the scheduler with the same database at the same address; it must not run.
    ///
    /// # Panics
    /// If it does not listen soon.
    pub fn start_scheduler(&mut self) {
        let mut command = self.bgd(&["server", "start", "-v"]);
        command.arg(format!("{SCRATCH}/buildgrid.conf"));
        let mut scheduler = OwnedProcess::start("buildgrid", command, self.scratch.path());
        scheduler.wait_until("listening", DEADLINE, |_| ports::is_listening(&self.address));
        self.scheduler = Some(scheduler);
    }

    /// Kills the scheduler, and with it the store and the action cache. The database stays.
    pub fn kill_scheduler(&mut self) {
        self.scheduler = None;
    }

    /// Starts one more worker of one action at a time.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn add_worker(&mut self) {
        self.add_worker_of(1, "");
    }

    fn add_worker_of(&mut self, jobs: usize, casd: &str) {
        let name = format!("worker-{}", self.workers.len());
        self.workers.push(BuildGridWorker::start(name, &self.url(), self.base.clone(), jobs, casd));
    }

    /// A worker.
    ///
    /// # Panics
    /// If there is none of that number.
    #[must_use]
    pub fn worker(&mut self, number: usize) -> &mut BuildGridWorker {
        &mut self.workers[number]
    }

    /// Whether any worker has executed an action.
    #[must_use]
    pub fn has_executed(&self) -> bool {
        self.workers.iter().any(BuildGridWorker::has_executed)
    }

    /// How many actions the workers have begun to execute since they were started.
    #[must_use]
    pub fn executions(&self) -> usize {
        self.workers.iter().map(|worker| worker.log().matches(EXECUTES).count()).sum()
    }

    /// What the scheduler has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.scheduler.as_ref().map(OwnedProcess::log).unwrap_or_default()
    }

    fn bgd(&self, arguments: &[&str]) -> Command {
        bgd(&self.root, self.scratch.path(), arguments)
    }
}

impl BuildGridWorker {
    fn start(name: String, url: &str, root: EngineRoot, jobs: usize, casd: &str) -> BuildGridWorker {
        let scratch = tempfile::tempdir().expect("a temporary folder can be made");
        let (url, casd) = (url.to_owned(), casd.to_owned());
        let mut worker = BuildGridWorker { process: None, name, url, jobs, casd, root, scratch };
        worker.start_again();
        worker
    }

    /// Kills it, with its casd and the action that it executes.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it with the same store; it must not run. It joins the scheduler a moment later.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_again(&mut self) {
        // A killed casd leaves it.
        let _ = fs::remove_file(self.scratch.path().join("casd.sock"));
        let mut command = self.root.command(self.scratch.path(), "sh");
        command.args(["-ec", WORKER, "sh", &self.url, &self.name, &self.jobs.to_string(), &self.casd]);
        self.process = Some(OwnedProcess::start(&self.name, command, self.scratch.path()));
    }

    /// Whether it has begun to execute an action since it was started.
    #[must_use]
    pub fn has_executed(&self) -> bool {
        self.log().contains(EXECUTES)
    }

    /// What it has written to its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.as_ref().map(OwnedProcess::log).unwrap_or_default()
    }
}

/// What a worker writes to its log when it begins to execute an action.
const EXECUTES: &str = "Executing command";

/// Has a casd execute what is requested through its sockets, beside the action that has the socket: in the scheduler's queue it would wait
/// for that action's place.
const NESTED: &str = "--buildbox-run=/usr/bin/buildbox-run-bubblewrap --jobs=2";

/// A worker's two programs. The first gets what actions need, and keeps it; the second ends when the scheduler does not answer for
/// some seconds, and is started again as a service manager does it.
const WORKER: &str = r#"
buildbox-casd --cas-remote="$1" $4 --bind=unix:/mnt/casd.sock --quota-high=20G /mnt/store &
until [ -S casd.sock ]; do sleep 0.02; done
while :; do
    buildbox-worker --bots-remote="$1" --bots-retry-limit=2 --cas-remote=unix:/mnt/casd.sock --concurrent-jobs="$3" \
        --buildbox-run=/usr/bin/buildbox-run-bubblewrap --platform OSFamily=linux --platform ISA=x86-64 --verbose "$2" || sleep 0.2
done
"#;

/// What BuildGrid is to do. Only what it assigns often is set to less than its usual seconds.
const CONFIGURATION: &str = "
server:
  - !channel
    address: @ADDRESS@
    insecure-mode: true
authorization:
  method: none
monitoring:
  enabled: false
connections:
  - !sql-connection &sql
    connection-string: 'postgresql+psycopg://buildgrid@/buildgrid?host=/mnt'
    pool-size: 10
    pool-timeout: 30
    max-overflow: 10
storages:
  - !disk-storage &storage
    path: /mnt/store
caches:
  - !lru-action-cache &results
    storage: *storage
    max-cached-refs: 100000
    allow-updates: true
    cache-failed-actions: false
schedulers:
  - !sql-scheduler &scheduler
    sql: *sql
    storage: *storage
    action-cache: *results
    bot-session-keepalive-timeout: 10
    property-set: !dynamic-property-set
      match-property-keys: [OSFamily, ISA]
      wildcard-property-keys: [chrootRootDigest, unixUID, unixGID, network, remoteApisSocketPath]
    assigners:
      - !priority-age-assigner
        count: 1
        interval: 0.1
        priority-assignment-percentage: 100
instances:
  - name: ''
    services:
      - !action-cache
        cache: *results
      - !execution
        scheduler: *scheduler
        operation-stream-keepalive-timeout: 10
      - !cas
        storage: *storage
      - !bytestream
        storage: *storage
thread-pool-size: 100
";

/// Makes a database with BuildGrid's tables in a root, of which every [`BuildGrid`] has a copy.
///
/// # Panics
/// If that cannot be done.
pub fn make_database(root: &Path) {
    let scratch = tempfile::tempdir().expect("a temporary folder can be made");
    let engine = EngineRoot::new(root).as_ordinary_user();
    let mut initdb = engine.command(scratch.path(), INITDB);
    initdb.args(["--pgdata", "/mnt/database", "--username=buildgrid", "--auth=trust", "--no-sync"]);
    let _ = Outcome::of(initdb.args(["--encoding=UTF8", "--locale=C.UTF-8"]), DEADLINE).success();
    let mut database = start_database(&engine, scratch.path());
    let mut psql = engine.command(scratch.path(), PSQL);
    psql.args(["--host=/mnt", "--username=buildgrid", "--dbname=postgres"]);
    let _ = Outcome::of(psql.args(["--command", "CREATE DATABASE buildgrid"]), DEADLINE).success();
    let migrate = ["migrate", "apply", "postgresql+psycopg://buildgrid@/buildgrid?host=/mnt"];
    let _ = Outcome::of(&mut bgd(&engine, scratch.path(), &migrate), DEADLINE).success();
    let mut stop = engine.command(scratch.path(), PSQL);
    // What a killed database leaves has to be read again by each that starts from it.
    stop.args(["--host=/mnt", "--username=buildgrid", "--dbname=postgres", "--command", "CHECKPOINT"]);
    let _ = Outcome::of(&mut stop, DEADLINE).success();
    database.kill();
    copy(&scratch.path().join("database"), &root.join(DATABASE));
}

fn copy_database(root: &Path, scratch: &Path) {
    copy(&root.join(DATABASE), &scratch.join("database"));
}

fn copy(from: &Path, to: &Path) {
    let mut cp = Command::new("cp");
    let _ = Outcome::of(cp.args(["-a", "--no-target-directory"]).arg(from).arg(to), DEADLINE).success();
}

/// PostgreSQL without a network, over a database that need not survive.
fn start_database(root: &EngineRoot, scratch: &Path) -> OwnedProcess {
    let mut command = root.command(scratch, POSTGRES);
    command.args(["-D", "/mnt/database", "-c", "listen_addresses=", "-c", "unix_socket_directories=/mnt"]);
    command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
    let mut database = OwnedProcess::start("postgres", command, scratch);
    let socket = scratch.join(DATABASE_SOCKET);
    database.wait_until("ready", DEADLINE, |log| {
        socket.exists() && log.contains("database system is ready to accept connections")
    });
    database
}

fn bgd(root: &EngineRoot, scratch: &Path, arguments: &[&str]) -> Command {
    let mut command = root.command(scratch, "env");
    command.args(["PYTHONPATH=/opt/buildgrid", "python3.13", BGD]).args(arguments);
    command
}

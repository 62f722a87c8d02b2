//! The engines of others that tests run, with the clients of the base: what is told of them here must stay so.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use spec_testkit::engines::{BuildGrid, Casd, FarEnd, NewConnections, ReccClient, ServeHost, Wire};
use spec_testkit::{Host, Outcome, Project, wait_for};

/// A round trip that is seen, and costs a test little.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// A source that differs by number, so that each action is a new one.
fn write_source(recc: &ReccClient, number: u32) {
    fs::write(recc.folder().join("a.c"), format!("int main(void) {{ return {number}; }}\n"))
        .expect("it is ours");
}

/// Has recc compile a source; answers with what it says of the action.
fn compile(recc: &ReccClient, number: u32) -> String {
    write_source(recc, number);
    let object = recc.folder().join("a.o");
    let _ = fs::remove_file(&object);
    let compiled = recc.run(&["gcc", "-c", "a.c", "-o", "a.o"]);
    let _ = compiled.success();
    assert!(fs::read(&object).is_ok_and(|object| object.starts_with(b"\x7fELF")), "{}", compiled.stderr);
    compiled.stderr
}

const EXECUTED: &str = "Remote execution finished with exit code 0";
const HIT: &str = "Action Cache hit";

#[test]
fn casd_executes_and_remembers() {
    let mut casd = Casd::start();
    let recc = ReccClient::new(&casd.url());
    let first = compile(&recc, 1);
    assert!(first.contains(EXECUTED), "{first}");
    let again = compile(&recc, 1);
    assert!(again.contains(HIT), "{again}");
    casd.kill();
    casd.start_again();
    let after = compile(&recc, 1);
    assert!(after.contains(HIT), "its store outlives it: {after}");
    the_example_is_built_with(&casd.url());
}

/// To bring the base to a BuildGrid and to its workers takes seconds, so there is one for all.
#[test]
fn buildgrid_executes_also_after_parts_of_it_were_killed() {
    let mut grid = BuildGrid::start(1);
    let recc = ReccClient::new(&grid.url());
    let first = compile(&recc, 1);
    assert!(first.contains(EXECUTED), "{first}");
    let again = compile(&recc, 1);
    assert!(again.contains(HIT), "{again}");
    an_action_of_a_killed_worker_is_executed_by_another(&mut grid, &recc);
    grid.kill_scheduler();
    grid.start_scheduler();
    let after = compile(&recc, 2);
    assert!(after.contains(EXECUTED), "{after}");
    grid.worker(0).start_again();
    the_example_is_built_with(&grid.url());
}

fn an_action_of_a_killed_worker_is_executed_by_another(grid: &mut BuildGrid, recc: &ReccClient) {
    let begun = |grid: &mut BuildGrid, worker| grid.worker(worker).log().matches("Executing command").count();
    let before = begun(grid, 0);
    thread::scope(|scope| {
        let action = scope.spawn(|| recc.execute(&["sleep", "3"]));
        wait_for("the action to begin", || begun(grid, 0) > before);
        grid.worker(0).kill();
        grid.add_worker();
        let _ = action.join().expect("it does not panic").success();
    });
    assert!(begun(grid, 1) > 0, "{}", grid.worker(1).log());
}

/// Builds an element of the example, whose compiler's calls are executed by the server and nowhere else.
fn the_example_is_built_with(url: &str) {
    let (client, project) = (Host::new(), Project::example());
    let services = ["execution-service", "storage-service", "action-cache-service"];
    let services = services.map(|service| format!("  {service}: {{url: '{url}'}}\n")).concat();
    client.configure(&format!("remote-execution:\n{services}execution: {{local-fallback: False}}\n"));
    let run = |arguments: &[&str]| client.run(&project, &[&["--option", "recc", "true"], arguments].concat());
    let _ = run(&["build", "app.bst"]).success();
    let shown = run(&["artifact", "subactions", "app.bst"]);
    assert!(shown.success().matches("executed").count() >= 3, "{}", shown.stdout);
}

fn push(client: &Host, served: &ServeHost) -> Outcome {
    let mut command = client.command_in(served.host().folder());
    command.args(["cas", "push", "here", "--remote", &served.url()]).current_dir(served.host().folder());
    Outcome::of(&mut command, Duration::from_secs(120))
}

#[test]
fn another_host_is_reached_by_its_wire_alone() {
    let (host, client) = (Host::new(), Host::new());
    fs::create_dir(host.folder().join("here")).expect("it is ours");
    fs::write(host.folder().join("here/file"), vec![7; 3_000_000]).expect("it is ours");
    let mut served = ServeHost::start(host, &["--workers", "0"], ROUND_TRIP);
    let digest = push(&client, &served).success().to_owned();
    assert!(served.wire().bytes() > 3_000_000, "the file went through the wire");
    served.kill();
    push(&client, &served).refused(1, "remote-unreachable", &[&served.url()]);
    served.start_again();
    assert_eq!(push(&client, &served).success(), digest);
    served.wire().on_connect(NewConnections::Close);
    push(&client, &served).refused(1, "remote-unreachable", &[&served.url()]);
    served.wire().on_connect(NewConnections::Carry);
    assert_eq!(push(&client, &served).success(), digest);
}

/// A server that says what it is told.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let address = listener.local_addr().expect("it has an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    address
}

/// How long an answer takes.
fn ask(stream: &mut TcpStream) -> std::io::Result<Duration> {
    let start = Instant::now();
    stream.write_all(b"hello")?;
    stream.read_exact(&mut [0; 5])?;
    Ok(start.elapsed())
}

#[test]
fn a_wire_is_slow_stalls_and_can_be_cut() {
    let wire = Wire::to(FarEnd::Tcp(echo()), Duration::from_millis(40));
    let connect = || TcpStream::connect(wire.url().trim_start_matches("http://")).expect("it listens");
    let mut stream = connect();
    let [first, second] = [(); 2].map(|()| ask(&mut stream).expect("it answers"));
    assert!(first >= Duration::from_millis(80), "a connection takes a round trip, too: {first:?}");
    assert!(second >= Duration::from_millis(40), "{second:?}");
    wire.set_round_trip(Duration::ZERO);
    // A busy machine may answer late once.
    wait_for("a fast answer", || ask(&mut stream).expect("it answers") < Duration::from_millis(40));
    let moved = wire.bytes();
    wire.stall(true);
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a time-out");
    assert!(ask(&mut stream).is_err(), "nothing comes");
    wire.stall(false);
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket takes a time-out");
    stream.read_exact(&mut [0; 5]).expect("what was kept back comes");
    wire.cut();
    assert!(ask(&mut stream).is_err(), "it is cut");
    assert!(ask(&mut connect()).is_ok(), "a new one is not");
    wire.on_connect(NewConnections::Silence);
    let mut silent = connect();
    silent.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket takes a time-out");
    assert!(ask(&mut silent).is_err(), "nobody answers");
    wire.on_connect(NewConnections::HalfClose);
    assert_eq!(connect().read(&mut [0; 5]).ok(), Some(0), "it ends");
    assert_eq!((wire.connections(), wire.bytes() - moved), (4, 2 * 2 * 5));
}

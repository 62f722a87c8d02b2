//! The engines of others that tests run, with the clients of the base: what is told of them here must stay so.

use std::fs;
use std::thread;
use std::time::Duration;

use spec_testkit::engines::{BuildGrid, Casd, NewConnections, ReccClient, ServeHost};
use spec_testkit::{Host, Outcome, wait_for};

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
    write_source(&recc, 2);
    let _ = recc.run(&["gcc", "-c", "a.c", "-o", "a.o"]).failure();
    casd.start_again();
    let again = compile(&recc, 1);
    assert!(again.contains(HIT), "its store outlives it: {again}");
}

#[test]
fn buildgrid_executes_also_when_parts_of_it_fail() {
    let mut grid = BuildGrid::start(2);
    let recc = ReccClient::new(&grid.url());
    let first = compile(&recc, 1);
    assert!(first.contains(EXECUTED), "{first}");
    let again = compile(&recc, 1);
    assert!(again.contains(HIT), "{again}");
    grid.worker(0).kill();
    for number in 2..4 {
        let one_worker = compile(&recc, number);
        assert!(one_worker.contains(EXECUTED), "{one_worker}");
    }
    grid.worker(0).start_again();
    grid.kill_scheduler();
    write_source(&recc, 4);
    let _ = recc.run(&["gcc", "-c", "a.c", "-o", "a.o"]).failure();
    grid.start_scheduler();
    let after = compile(&recc, 5);
    assert!(after.contains(EXECUTED), "{after}");
}

#[test]
fn an_action_of_a_killed_worker_is_executed_by_another() {
    let mut grid = BuildGrid::start(1);
    let recc = ReccClient::new(&grid.url());
    let _ = compile(&recc, 1);
    thread::scope(|scope| {
        let action = scope.spawn(|| recc.execute(&["sleep", "5"]));
        wait_for("the action to begin", || grid.worker(0).log().contains("Executing command"));
        grid.worker(0).kill();
        grid.add_worker();
        let _ = action.join().expect("it does not panic").success();
    });
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

//! The cases with real tools, with a server that executes everything: elements, what they request there, and what is primed.

use spec_testkit::{Host, Service};

use crate::on_buildgrid::run_cases;

/// What needs to see the requests of a build while it runs: they correct the predictions of later ones.
const LEFT_OUT: [&str; 1] = ["11"];
/// Enough for the elements of all cases that run at a time, and for what each is primed with: an action that waits for
/// a worker keeps later ones from being sent.
const WORKERS: &str = "12";

#[test]
fn the_cases_with_elements_and_their_requests_on_a_server() {
    let server = Host::new();
    let service = Service::start(&server, &["--workers", WORKERS, "--metrics-listen", "127.0.0.1:0"]);
    let at = format!("{{url: '{}'}}", service.url());
    let configuration = format!(
        "remote-execution: {{execution-service: {at}, storage-service: {at}}}\n\
         execution: {{elements: remote, elements-with-socket: remote, local-fallback: False}}\n"
    );
    run_cases(&configuration, &LEFT_OUT);
    let executed = service.metric("spec_host_actions_total{outcome=\"executed\"}");
    assert!(executed.is_some_and(|executed| executed > 0.0));
}

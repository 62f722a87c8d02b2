//! A browser without a screen, in a sandbox without a network.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spec_testkit::engines::owned;
use spec_testkit::require_env;
use tempfile::TempDir;

/// How long the browser may take for anything.
const DEADLINE: Duration = Duration::from_secs(60);

/// The most messages of the browser that wait to be read.
const WAITING: usize = 10_000;

/// A browser with one page, which speaks the DevTools protocol over pipes. It is killed when this goes.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// Events that nobody waited for.
    events: VecDeque<Value>,
    last: u64,
    session: Value,
    home: TempDir,
}

impl Browser {
    /// Starts it with an empty page. Files of `home` are below `/home` for it.
    pub(crate) fn start() -> Browser {
        let home = tempfile::tempdir().expect("a temporary folder can be made");
        // The protocol is on descriptors 3 and 4.
        let mut command = owned("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", "bwrap"]);
        command.args(["--unshare-pid", "--unshare-ipc", "--unshare-net", "--die-with-parent", "--ro-bind"]);
        command.arg(require_env("SPEC_BROWSER"));
        command.args(["/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--bind"]);
        command.arg(home.path()).args(["/home", "--setenv", "HOME", "/home"]);
        // Its own sandbox needs namespaces that it cannot have in this one.
        command.args(["/usr/lib/chromium/chromium-headless-shell", "--no-sandbox", "--disable-gpu"]);
        command.args(["--disable-dev-shm-usage", "--remote-debugging-pipe"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be started");
        let input = child.stdin.take().expect("it has a pipe");
        let output = BufReader::new(child.stdout.take().expect("it has a pipe"));
        let (sender, messages) = sync_channel(WAITING);
        // Ends with the browser.
        thread::spawn(move || {
            let messages = output.split(0).map_while(Result::ok);
            let messages = messages.filter_map(|message| serde_json::from_slice(&message).ok());
            messages.take_while(|message: &Value| sender.send(message.clone()).is_ok()).for_each(drop);
        });
        let (events, session) = (VecDeque::new(), Value::Null);
        let mut browser = Browser { child, input, messages, events, last: 0, session, home };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = self.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        self.session = attached["sessionId"].clone();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Opens a file as a page of this width, and waits until it is loaded.
    pub(crate) fn open(&mut self, file: &Path, width: u32, scheme: &str) {
        std::fs::copy(file, self.home.path().join("page.html")).expect("a page can be copied");
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
        self.events.clear();
        self.call("Page.navigate", json!({ "url": "file:///home/page.html" }));
        let end = Instant::now() + DEADLINE;
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next(end);
            self.events.push_back(event);
        }
    }

    /// The value of an expression in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Errors of scripts and messages about the page, since it was opened, and what it asked the network or files for.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let of_interest = self.events.iter().filter(|event| match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => true,
            Some("Network.requestWillBeSent") => {
                event["params"]["request"]["url"] != "file:///home/page.html"
            }
            _ => false,
        });
        of_interest.map(Value::to_string).collect()
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.input.write_all(format!("{message}\0").as_bytes()).expect("the browser reads");
        let end = Instant::now() + DEADLINE;
        loop {
            let message = self.next(end);
            if message["id"] == self.last {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    fn next(&self, end: Instant) -> Value {
        let left = end.saturating_duration_since(Instant::now());
        self.messages.recv_timeout(left).expect("the browser answers in time")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends all that is in its process namespace, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

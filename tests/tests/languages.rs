//! Plugins in other languages than Rust, in the binary.

use spec_testkit::{Host, require_env};

fn component(name: &str) -> String {
    let folder = require_env("SPEC_LANGUAGE_COMPONENTS");
    folder.join(name).with_extension("wasm").to_string_lossy().into_owned()
}

#[test]
fn a_slow_first_compilation_is_told_once() {
    let (host, folder) = (Host::new(), std::env::temp_dir());
    let file = component("javascript-critical-path");
    let check = || host.run_in(&folder, &["plugin", "check", &file]);
    let first = check();
    assert!(first.success().contains("a good priming policy"), "{}", first.stderr);
    for part in ["compiling plugin javascript-critical-path", "for the first time: about", "compiled plugin"]
    {
        assert!(first.stderr.contains(part), "'{part}' is not in:\n{}", first.stderr);
    }
    let second = check();
    let _ = second.success();
    assert!(!second.stderr.contains("compil"), "{}", second.stderr);
}

#[test]
fn debug_shows_what_plugins_log_under_their_names() {
    let (host, folder) = (Host::new(), std::env::temp_dir());
    for (name, says) in [
        ("c-critical-path", " candidates"),
        ("javascript-critical-path", " candidates"),
        ("javascript-throws", "TypeError: "),
    ] {
        let run = |options: &[&str]| {
            let file = component(name);
            host.run_in(&folder, &[options, &["plugin", "check", &file]].concat()).stderr
        };
        let told = run(&["--debug"]);
        // The text of an exception has several lines.
        let begins = |line: &str| line.contains(" plugin: ") && line.contains(name);
        let first = told.lines().position(begins).unwrap_or_else(|| panic!("{told}"));
        assert!(told.lines().skip(first).take(3).any(|line| line.contains(says)), "{told}");
        assert!(!run(&[]).contains(" plugin: "), "{name}");
    }
}

use spec_execution::ActionLimits;

use super::*;
use crate::error::CommandError;

fn environment() -> Environment {
    Environment::new(|name| match name {
        "HOME" => Some("/home/me".to_owned()),
        "SCRATCH" => Some("/scratch".to_owned()),
        _ => None,
    })
}

fn read(text: &str) -> Result<Config, CommandError> {
    let file = spec_project::yaml::parse_text(text, "my.conf")?;
    let mut config = Config::defaults(&environment());
    config.take(&file, &environment())?;
    Ok(config)
}

fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[test]
fn an_empty_file_changes_nothing() {
    let defaults = Config::defaults(&environment());
    assert_eq!(format!("{:?}", good("{}")), format!("{defaults:?}"));
    assert_eq!(good("{}").cache_dir, Path::new("/home/me/.cache/spec-host"));
}

#[test]
fn the_command_line_turns_on_and_off_what_the_file_says() {
    for (text, args, verbose, debug) in [
        ("logging: {verbose: True, debug: True}", "", true, true),
        ("logging: {verbose: True, debug: True}", "--no-verbose --no-debug", false, false),
        ("logging: {verbose: False}", "--verbose --debug", true, true),
        ("{}", "--no-verbose", false, false),
    ] {
        let mut config = good(text);
        let words = ["spec-host"].into_iter().chain(args.split_whitespace()).chain(["show"]);
        config.override_with(&crate::cli::Cli::read(words).expect("these are options").globals);
        assert_eq!((config.verbose, config.debug), (verbose, debug), "{text} {args}");
    }
}

#[test]
fn directories_are_expanded() {
    for (text, expect) in [
        ("cachedir: ~/c", "/home/me/c"),
        ("cachedir: ${XDG_CACHE_HOME}/c", "/home/me/.cache/c"),
        ("cachedir: $SCRATCH/./c//d/../e", "/scratch/c/e"),
        ("cachedir: /a/$UNSET/${UNSET}/$", "/a/$UNSET/${UNSET}/$"),
    ] {
        assert_eq!(good(text).cache_dir, Path::new(expect), "{text}");
    }
    assert_eq!(good("cachedir: /c").log_dir, Path::new("/c/logs"));
    assert_eq!(good("logdir: /l\ncachedir: /c").log_dir, Path::new("/l"));
}

#[test]
fn every_setting_is_taken() {
    let config = good(
        "
scheduler: {on-error: continue, fetchers: 1, builders: 2, pushers: 9, network-retries: 0, speculative-actions: True,
  speculation-budget: {cpu-share: 25%, cpu-seconds: 60, output-size: 2G, in-flight: 8}, speculation-record-format: upstream}
build: {max-jobs: 3, retry-failed: True, dependencies: all}
cache: {quota: 10G, reserved-disk-space: 2G, low-watermark: 50%, cache-buildtrees: always, pull-buildtrees: True}
logging: {key-length: 64, error-lines: 5, message-lines: 0, element-format: '%{name} ',
  message-format: ' [%{key}] %{message} '}
projects: {mine: {options: {debug: True}, strict: False, default-mirror: near}}
limits: {tree-entries: 1, tree-size: 2K, tree-depth: 3, artifact-size: infinity, action-entries: 4, action-size: 5M,
  action-log-size: 6, action-memory: 7G}
serve: {allow-network: True, allow-users: '0,1000-1999', allow-groups: 7, allow-sockets: False}
",
    );
    let trees = spec_cas::Limits { entries: 1, bytes: 2 << 10, depth: 3 };
    let actions = ActionLimits { entries: 4, bytes: 5 << 20, stream: 6, memory: 7 << 30 };
    assert_eq!(config.bounds, TreeAndActionLimits { trees, artifact: u64::MAX, actions });
    let served = ServeRights {
        network: true,
        users: Some(vec![0..=0, 1000..=1999]),
        groups: Some(vec![7..=7]),
        sockets: false,
    };
    assert_eq!(config.served, served);
    assert_eq!((config.fetchers, config.builders, config.network_retries), (1, 2, 0));
    assert_eq!((config.pushers, config.pull_buildtrees), (9, true));
    assert_eq!((config.on_error, config.cache_buildtrees), (OnError::Continue, CacheBuildTrees::Always));
    assert_eq!((config.speculation, config.record_format), (SpeculationMode::Full, RecordFormat::Upstream));
    let budget = Budget { in_flight: 8, cpu_share: 25, cpu_ms: 60_000, output_bytes: 2 << 30 };
    assert_eq!(config.speculation_budget, budget);
    assert_eq!((config.max_jobs, config.retry_failed, config.dependencies), (3, true, Deps::All));
    assert_eq!(config.quota, Some(SizeSetting::Bytes(10 << 30)));
    assert_eq!((config.reserved, config.low_watermark), (SizeSetting::Bytes(2 << 30), 50));
    assert_eq!((config.key_length, config.error_lines, config.message_lines), (64, 5, 0));
    assert_eq!(config.element_format, "%{name}");
    assert_eq!(config.message_format, MessageFormat::parse("[%{key}] %{message}").ok());
    let globals = |line: &[&str]| crate::cli::Cli::read(line).expect("the line is right").globals;
    assert!(!config.strict(&globals(&["spec-host", "build"]), "mine"));
    assert!(config.strict(&globals(&["spec-host", "--strict", "build"]), "mine"));
    assert!(config.strict(&globals(&["spec-host", "build"]), "other"));
}

#[test]
fn settings_of_buildstream_without_effect_are_named() {
    let config = good("artifacts: {servers: []}\ntrack: {source: all}\nlogging: {throttle-ui-updates: true}");
    assert_eq!(config.without_effect, ["track", "logging.throttle-ui-updates"]);
    let service = "{url: 'http://a'}";
    let only_results = format!("{{storage-service: {service}, action-cache-service: {service}}}");
    for text in [
        format!("remote-execution: {only_results}"),
        format!("projects: {{p: {{remote-execution: {only_results}}}}}"),
    ] {
        assert_eq!(good(&text).without_effect, ["remote-execution without an execution-service"], "{text}");
    }
}

#[test]
fn wrong_files_say_what_and_where() {
    for (text, expect) in [
        ("cachdir: /c", "invalid-data my.conf:1:1 unexpected key 'cachdir', did you mean 'cachedir'?"),
        ("cachedir: c", "invalid-data my.conf:1:11 expected an absolute path, found 'c'"),
        (
            "logging:\n  message-format: '%{name}'",
            "invalid-data my.conf:2:19 expected a format of lines (%{name} is none of elapsed, elapsed-us, wallclock, wallclock-us, key, element, action, message), found '%{name}'",
        ),
        (
            "build:\n  max-jobs: -1",
            "invalid-data my.conf:2:13 expected a whole number of at least 0, found '-1'",
        ),
        (
            "scheduler: {builders: 0}",
            "invalid-data my.conf:1:23 expected a whole number of at least 1, found '0'",
        ),
        (
            "execution:\n  elements-with-socket: remote",
            "invalid-data my.conf:2:25 expected 'local' unless 'elements' is 'remote', found 'remote'",
        ),
        (
            "execution: {elements: remote, actions: local, elements-with-socket: remote}",
            "invalid-data my.conf:1:69 expected 'local' unless 'actions' is 'remote', found 'remote'",
        ),
        (
            "execution: {elements: remote, roots: merged, elements-with-socket: remote}",
            "invalid-data my.conf:1:68 expected 'local' unless 'roots' is 'named', found 'remote'",
        ),
        (
            "execution: {elements-with-socket: both}",
            "invalid-data my.conf:1:35 expected one of remote, local, found 'both'",
        ),
        ("scheduler: {on-error: stop}", "expected one of continue, quit, terminate, found 'stop'"),
        (
            "scheduler: {speculation-budget: {cpu-share: 50}}",
            "expected a share of the workers such as 50%, found '50'",
        ),
        (
            "scheduler: {speculation-budget: {output-size: 50%}}",
            "expected a size such as 800M, 10G, found '50%'",
        ),
        ("scheduler: {speculation-budget: {bytes: 1}}", "unexpected key 'bytes'"),
        ("scheduler: {speculation-record-format: json}", "expected one of compact, upstream, found 'json'"),
        ("build: {dependencies: build}", "expected one of none, run, all, found 'build'"),
        ("build: {retry-failed: yes}", "expected a boolean"),
        ("cache: {quota: much}", "expected a size such as 800M, 10G, 50%, found 'much'"),
        (
            "cache: {reserved-disk-space: infinity}",
            "expected a size such as 800M, 10G, 50%, found 'infinity'",
        ),
        ("cache: {low-watermark: 5G}", "expected a part of the quota such as 80%, found '5G'"),
        ("limits: {tree-entries: 0}", "expected a whole number of at least 1, found '0'"),
        ("limits: {action-entries: -1}", "expected a whole number of at least 1, found '-1'"),
        (
            "limits: {action-size: 50%}",
            "expected a size such as 800M or 10G, or infinity, of at least 1, found '50%'",
        ),
        ("limits: {tree-depth: 257}", "my.conf:1:22 expected at most 256, found '257'"),
        ("limits: {tree-width: 2}", "unexpected key 'tree-width'"),
        ("serve: {allow-users: 1-}", "expected all, or numbers and ranges such as 0,1000-1999, found '1-'"),
        ("serve: {allow-network: yes}", "expected a boolean"),
        ("cache: []", "invalid-data my.conf:1:8 expected a dictionary, found a list"),
        (
            "projects: {p: {artifacts: {servers: [{uri: a}]}}}",
            "my.conf:1:39 unexpected key 'uri', did you mean 'url'?",
        ),
        ("projects: {p: {option: {}}}", "did you mean 'options'?"),
        ("logging: {key-length: eight}", "expected an integer, found 'eight'"),
    ] {
        let error = read(text).expect_err(text);
        let shown = error.summary();
        assert!(shown.contains(expect), "{text}: {shown}");
    }
}

#[test]
fn sizes() {
    for (text, expect) in [
        ("0", Some(SizeSetting::Bytes(0))),
        ("1K", Some(SizeSetting::Bytes(1024))),
        ("2T", Some(SizeSetting::Bytes(2 << 40))),
        ("50%", Some(SizeSetting::Percent(50))),
        ("101%", None),
        ("-1", None),
        ("", None),
        ("K", None),
        ("99999999999T", None),
    ] {
        assert_eq!(SizeSetting::parse(text), expect, "{text}");
    }
}

#[test]
fn the_command_line_goes_before_the_file() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("my.conf");
    std::fs::write(&path, "scheduler: {builders: 7, fetchers: 7}\n")?;
    let path = path.display().to_string();
    let cli = crate::cli::Cli::read(["spec-host", "--config", &path, "--builders", "3", "build"])?;
    let config = Config::load(&cli.globals, &environment()).map_err(|error| error.summary())?;
    assert_eq!((config.builders, config.fetchers, config.network_retries), (3, 7, 2));
    Ok(())
}

#[test]
fn our_own_file_goes_before_buildstreams() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().display().to_string();
    let environment = Environment::new(move |name| (name == "XDG_CONFIG_HOME").then(|| home.clone()));
    assert_eq!(file::find(None, &environment), None);
    for name in ["buildstream.conf", "buildstream2.conf", "spec-host.conf"] {
        std::fs::write(folder.path().join(name), "{}")?;
        assert_eq!(file::find(None, &environment), Some(folder.path().join(name)));
    }
    Ok(())
}

#[test]
fn user_namespaces_are_for_the_projects_that_are_named() {
    let config = good(
        "projects: {a: {sandbox: {allow-user-namespaces: True}}, b: {sandbox: {allow-user-namespaces: False}}, c: {}}",
    );
    assert_eq!(config.user_namespaces(), ["a".to_owned()].into());
    assert!(good("{}").user_namespaces().is_empty());
    for text in
        ["{sandbox: {allow-user-namespaces: often}}", "{sandbox: {allow-mounts: True}}", "{sandbox: yes}"]
    {
        assert!(read(&format!("projects: {{a: {text}}}")).is_err(), "{text}");
    }
}

#[test]
fn elements_with_a_socket_are_remote_only_where_all_else_is() {
    let settings = |text: &str| good(text).execution;
    assert!(!settings("execution: {elements: remote}").remote_elements_with_socket);
    assert!(!settings("execution: {elements-with-socket: local, roots: merged}").remote_elements_with_socket);
    assert!(
        settings("execution: {elements: remote, elements-with-socket: remote}").remote_elements_with_socket
    );
}

#[test]
fn the_tree_of_an_action_is_named_unless_the_cluster_wants_it_merged() {
    use spec_remote_execution::RootForm;
    for (text, form) in [
        ("{}", RootForm::Named),
        ("execution: {roots: named}", RootForm::Named),
        ("execution: {roots: merged}", RootForm::Merged),
    ] {
        assert_eq!(good(text).execution.roots, form, "{text}");
    }
    let error = read("execution: {roots: both}").expect_err("there is no such form");
    assert!(format!("{error:?}").contains("one of named, merged"), "{error:?}");
}

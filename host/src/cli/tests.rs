use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::read(std::iter::once("spec-host").chain(line.split_whitespace()))
}

fn parsed(line: &str) -> Cli {
    parse(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[test]
fn the_definition_is_sound() {
    Cli::definition().debug_assert();
}

#[test]
fn lines_that_are_right() {
    for line in [
        "build",
        "build app.bst top.bst --deps all --retry-failed",
        "-C dir build app.bst",
        "build app.bst -C dir",
        "--directory dir build app.bst",
        "-o debug True -o arch x86-64 show",
        "show -d none -f %{name} --order alpha app.bst",
        "show --json",
        "artifact checkout app.bst --directory out --force --no-integrate --hardlinks",
        "artifact checkout app.bst --tar out.tar --compression xz",
        "artifact list-contents -l app.bst",
        "artifact log app.bst --out logs",
        "artifact show",
        "artifact delete p/app/0123",
        "artifact pull --deps all --artifact-remote http://a --ignore-project-artifact-remotes app.bst p/app/0123",
        "artifact push --artifact-remote url=http://a,type=index --artifact-remote url=http://b,type=storage app.bst",
        "build --artifact-remote url=http://a,push=False --source-remote http://b --ignore-project-source-remotes",
        "source push --deps build --except base.bst --source-remote unix:/a app.bst",
        "--pushers 8 --pull-buildtrees artifact show --artifact-remote http://a app.bst",
        "shell --artifact-remote http://a app.bst -- ls",
        "source fetch --deps all --source-remote http://a app.bst",
        "source track app.bst --except base.bst",
        "source checkout app.bst --directory out",
        "shell --build --use-buildtree app.bst -- make -k",
        "shell app.bst",
        "shell --mount /etc/hosts /etc/hosts --mount a /b --isolate app.bst -- ls -l",
        "shell",
        "workspace open --no-checkout --force --directory d app.bst",
        "workspace close --remove-dir --all",
        "workspace reset --soft app.bst top.bst",
        "workspace list",
        "--default-mirror near show",
        "serve --listen unix:/a --listen 127.0.0.1:0 --instance a --read-only --workers 0",
        "serve --tls-certificate c --tls-key k --tls-client-ca a --read-tokens r --write-tokens w",
        "init --project-name p dir",
        "report",
        "report a.recording -o a.html --policy none --policy priming-selective,least-ms=20 --workers 1,4 --force",
        "report last --trace a.json",
        "build --record a.recording --trace a.json",
        "doctor",
        "completions bash",
        "--plugin manual=a.wasm --on-error continue --builders 3 --max-jobs 0 --no-strict build",
        "--no-colors --no-colors build --no-colors --builders 2 --builders 3 app.bst --debug --debug",
        "--cache-buildtrees always --config f --json-events e --no-colors --no-interactive build",
        "--colors --debug --log-file l --error-lines 3 --network-retries 0 build",
    ] {
        parsed(line);
    }
}

#[test]
fn lines_that_are_wrong() {
    for (line, expect) in [
        ("", "Usage"),
        ("build --deps runtime", "invalid value 'runtime'"),
        ("-o debug", "2 values required"),
        ("show --json --format x", "cannot be used with"),
        ("--builders 0 build", "0 is not in 1.."),
        ("--plugin manual build", "expected KIND=FILE"),
        ("--on-error retry build", "invalid value 'retry'"),
        ("artifact pull --artifact-remote url=http://a,push=True", "'push' cannot be said here"),
        ("artifact show --artifact-remote a", "is not the address of a server"),
        ("build --source-remote url=http://a,certificate=c", "unexpected key 'certificate'"),
        ("source fetch --artifact-remote http://a", "--artifact-remote"),
        ("--pushers 0 build", "0 is not in 1.."),
        ("artifact checkout a.bst --tar x --directory y", "cannot be used with"),
        ("artifact log", "<ARTIFACT>"),
        ("serve --tls-certificate c", "--tls-key"),
        ("biuld", "similar subcommand exists: 'build'"),
    ] {
        let error = parse(line).expect_err(line).to_string();
        assert!(error.contains(expect), "{line}: {error}");
    }
}

#[test]
fn a_command_after_the_element_keeps_its_options() {
    for line in ["shell app.bst -- ls -l --color", "shell app.bst ls -l --color"] {
        let CliCommand::Shell(shell) = parsed(line).command else { panic!("{line} is no shell") };
        assert_eq!(shell.command, ["ls", "-l", "--color"]);
    }
}

#[test]
fn a_checkout_directory_is_not_the_projects() {
    let cli = parsed("-C project artifact checkout app.bst --directory out");
    assert_eq!(cli.globals.directory(), std::path::Path::new("project"));
    let CliCommand::Artifact(ArtifactCommand::Checkout(checkout)) = cli.command else {
        panic!("no checkout")
    };
    assert_eq!(checkout.directory.as_deref(), Some(std::path::Path::new("out")));
}

#[test]
fn the_last_of_two_opposite_flags_counts() {
    assert_eq!(parsed("--strict --no-strict build").globals.strict(), Some(false));
    assert_eq!(parsed("build").globals.strict(), None);
    for (on, off, said) in [
        ("strict", "no-strict", GlobalOptions::strict as fn(&GlobalOptions) -> Option<bool>),
        ("color", "no-color", GlobalOptions::color),
        ("colors", "no-colors", GlobalOptions::color),
        ("verbose", "no-verbose", GlobalOptions::verbose),
        ("debug", "no-debug", GlobalOptions::debug),
    ] {
        for (first, last, expected) in [(on, off, false), (off, on, true)] {
            for line in [
                format!("--{last} workspace list"),
                format!("--{first} --{last} workspace list"),
                format!("--{first} workspace --{last} list"),
                format!("--{first} workspace list --{last}"),
                format!("workspace --{first} list --{last}"),
                format!("workspace list --{first} --{last}"),
            ] {
                assert_eq!(said(&parsed(&line).globals), Some(expected), "{line}");
            }
        }
    }
}

#[test]
fn options_are_pairs_in_order() {
    for line in ["-o a 1 build -o b 2", "-o a 1 -o b 2 build", "build -o a 1 -o b 2"] {
        assert_eq!(parsed(line).globals.options().collect::<Vec<_>>(), [("a", "1"), ("b", "2")], "{line}");
    }
}

#[test]
fn new_projects_have_the_newest_format() {
    let (major, minor) = spec_project::FORMAT_VERSION;
    assert_eq!(MIN_VERSION, format!("{major}.{minor}"));
}

#[test]
fn of_several_directories_the_last_one_counts() {
    for (line, directory) in [("-C a --directory b build", "b"), ("--directory b -C a build", "a")] {
        assert_eq!(parsed(line).globals.directory(), std::path::Path::new(directory), "{line}");
    }
}

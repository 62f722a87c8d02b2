use super::*;
use crate::cli::Cli;

fn complete(line: &str) -> Vec<String> {
    let word = split(line).len() - usize::from(!line.ends_with(' '));
    let artifacts = |_: &[String]| vec!["test/app/0123 ".to_owned(), "test/base/4567 ".to_owned()];
    candidates(&Cli::definition(), line, word, &artifacts).lines().map(str::to_owned).collect()
}

#[test]
fn commands_options_and_values_are_completed() {
    for (line, expected) in [
        ("bst sh", &["show ", "shell "][..]),
        ("bst workspace ", &["open ", "close ", "reset ", "list ", "help "]),
        (
            "bst workspace open --no",
            &[
                "--no-checkout ",
                "--no-strict ",
                "--no-color ",
                "--no-colors ",
                "--no-interactive ",
                "--no-verbose ",
                "--no-debug ",
            ],
        ),
        ("bst show --deps r", &["run "]),
        ("bst show --deps=r", &["run "]),
        ("bst --on-error ", &["continue ", "quit ", "terminate "]),
        ("bst -o name value show --order a", &["alpha "]),
        ("bst completions b", &["bash "]),
    ] {
        let mut expected: Vec<String> = expected.iter().map(|candidate| (*candidate).to_owned()).collect();
        let mut found = complete(line);
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn elements_are_completed_below_the_element_path() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(path("elements/core")).expect("a new folder");
    for (file, text) in [
        ("project.conf", "name: p\nmin-version: 2.0\nelement-path: elements\n"),
        ("elements/app.bst", ""),
        ("elements/README", ""),
        ("elements/core/base.bst", ""),
    ] {
        std::fs::write(path(file), text).expect("a new file");
    }
    let project = folder.path().display();
    assert_eq!(complete(&format!("bst -C {project} build ")), ["app.bst ", "core/"]);
    assert_eq!(complete(&format!("bst -C {project} build app.bst core/")), ["core/base.bst "]);
    assert_eq!(complete(&format!("bst -C {project} show --except a")), ["app.bst "]);
    assert_eq!(complete(&format!("bst -C {project} artifact log a")), ["app.bst "]);
    assert_eq!(complete(&format!("bst -C {project} artifact log t")), ["test/app/0123 ", "test/base/4567 "]);
    assert_eq!(complete(&format!("bst -C {project} artifact log test/b")), ["test/base/4567 "]);
    assert!(complete(&format!("bst -C {project} build t")).is_empty());
}

#[test]
fn words_are_cut_as_a_shell_does() {
    assert_eq!(split("bst  'a b' \"c\\\" d\" e\\ f 'g h"), ["bst", "a b", "c\" d", "e f", "g h"]);
    assert_eq!(split(""), Vec::<String>::new());
}

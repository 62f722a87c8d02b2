use std::fs;

use spec_model::NodeError;

use super::*;
use crate::term::Style;

#[test]
fn an_error_in_a_file_shows_the_line() -> std::io::Result<()> {
    let base = tempfile::tempdir()?;
    fs::write(base.path().join("app.bst"), "kind: manual\nconfig:\n\tcomands: x\n")?;
    let position = FilePosition { file: "app.bst".into(), line: 3, column: 2 };
    let error = NodeError::new("invalid-data", Some(&position), "unexpected key 'comands'");
    let error = CommandError::from(error).hint("remove it");
    assert_eq!(
        error.render(Style::Plain, base.path()),
        "error[invalid-data]: unexpected key 'comands'\n \
         --> app.bst:3:2\n   |\n 3 | \tcomands: x\n   | \t^\nhelp: remove it\n"
    );
    Ok(())
}

#[test]
fn logins_are_hidden_in_lines_that_are_shown() {
    for (line, shown) in [
        ("url: ftp://me:s3cret@h/a@b", "url: ftp://*********@h/a@b"),
        (
            "{url: 'https://t0ken@h', other: http://a:b@c?d@e}",
            "{url: 'https://*****@h', other: http://***@c?d@e}",
        ),
        ("url: ssh://git@h:a/b", "url: ssh://git@h:a/b"),
        ("url: git+ssh://git:pw@h/b", "url: git+ssh://******@h/b"),
        ("url: https://h/a # me@h", "url: https://h/a # me@h"),
        ("url: http://\u{e9}\u{e9}:x@h", "url: http://****@h"),
        ("url: 'http://me:it's mine@h/a'", "url: 'http://************@h/a'"),
        ("a://", "a://"),
    ] {
        assert_eq!(render::hide_logins(line), shown);
    }
}

#[test]
fn a_place_that_cannot_be_read_is_still_named() {
    let position = FilePosition { file: "gone.bst".into(), line: 9, column: 1 };
    let error = CommandError::from(NodeError::new("invalid-data", Some(&position), "wrong"));
    let text = error.render(Style::Plain, std::path::Path::new("/nowhere"));
    assert_eq!(text, "error[invalid-data]: wrong\n --> gone.bst:9:1\n");
}

#[derive(Debug, thiserror::Error)]
#[error("cannot fetch 'x'")]
struct Outer(#[source] std::io::Error);

impl UserError for Outer {
    fn reason(&self) -> &str {
        "fetch-failed"
    }

    fn blame(&self) -> Blame {
        Blame::Remote
    }
}

#[test]
fn causes_follow_unless_the_message_tells_them() {
    let error = CommandError::from(Outer(std::io::Error::other("no route")));
    let expect = "error[fetch-failed]: cannot fetch 'x'\ncaused by: no route\n";
    assert_eq!(error.render(Style::Plain, std::path::Path::new(".")), expect);
}

#[test]
fn the_exit_code_follows_from_the_blame() {
    for (blame, expect) in [
        (Blame::Usage, 2),
        (Blame::Project, 2),
        (Blame::Plugin, 2),
        (Blame::Build, 1),
        (Blame::Remote, 1),
        (Blame::Machine, 1),
        (Blame::Us, 1),
        (Blame::Cancelled, 130),
    ] {
        let code = CommandError::new(blame, "a", "b").exit_code();
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(expect)), "{blame:?}");
    }
}

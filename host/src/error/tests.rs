use std::fs;

use spec_model::NodeError;

use super::*;
use crate::term::Style;

#[test]
fn an_error_in_a_file_shows_the_line() -> std::io::Result<()> {
    let base = tempfile::tempdir()?;
    fs::write(base.path().join("app.bst"), "kind: manual\nconfig:\n\tcomands: x\n")?;
    let place = Place { file: "app.bst".into(), line: 3, column: 2 };
    let error = NodeError::new("unknown-key", Some(&place), "unexpected key 'comands'");
    let error = CommandError::from(error).hint("remove it");
    assert_eq!(
        error.render(Style::Plain, base.path()),
        "error[unknown-key]: unexpected key 'comands'\n \
         --> app.bst:3:2\n   |\n 3 | \tcomands: x\n   | \t^\nhelp: remove it\n"
    );
    Ok(())
}

#[test]
fn a_place_that_cannot_be_read_is_still_named() {
    let place = Place { file: "gone.bst".into(), line: 9, column: 1 };
    let error = CommandError::from(NodeError::new("invalid-data", Some(&place), "wrong"));
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
}

#[test]
fn causes_follow_unless_the_message_tells_them() {
    let error = CommandError::from(Outer(std::io::Error::other("no route")));
    let expect = "error[fetch-failed]: cannot fetch 'x'\ncaused by: no route\n";
    assert_eq!(error.render(Style::Plain, std::path::Path::new(".")), expect);
}

#[test]
fn the_exit_code_tells_whose_fault_it_is() {
    let code = |error: &CommandError| format!("{:?}", error.exit_code());
    let wrong: CommandResult = Err(CommandError::failure("a", "b")).or_usage();
    assert_eq!(code(&wrong.expect_err("it is an error")), format!("{:?}", ExitCode::from(2)));
    assert_eq!(code(&CommandError::failure("a", "b")), format!("{:?}", ExitCode::from(1)));
}

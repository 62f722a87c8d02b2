use super::*;

#[test]
fn a_status_line_is_one_line() {
    assert_eq!(brief("\n  make -j2 \\\n  all"), "make -j2 \\");
    assert_eq!(brief(""), "");
}

#[test]
fn a_long_command_names_its_element_setting_and_length() {
    let long = "a".repeat(140_000);
    let command = Command { label: format!("true {long}"), argv: vec!["sh".to_owned(), long.clone()] };
    let error = check_length("build-commands", &command, &[]).expect_err("it is too long");
    assert_eq!(spec_model::UserError::reason(&error), "command-too-long");
    let message = error.to_string();
    assert!(message.len() < 400 && message.starts_with("build-commands: the command 'true aaa"), "{message}");
    assert!(message.contains("140001") && message.contains("131072"), "{message}");
    let short = Command { label: "true".to_owned(), argv: vec!["true".to_owned()] };
    let error = check_length("build-commands", &short, &[("FLAGS".to_owned(), long)]);
    let message = error.expect_err("it is too long").to_string();
    assert!(message.contains("environment variable FLAGS is 140007 bytes"), "{message}");
    assert!(check_length("build-commands", &short, &[]).is_ok());
}

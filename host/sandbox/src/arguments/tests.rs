use super::*;

/// The message, if the command is refused.
fn refused(argv: &[&str], environment: &[(&str, &str)], stack: Option<u64>) -> Option<String> {
    check_arguments(argv, environment, stack).err().map(|error| {
        assert_eq!(error.reason(), "sandbox-command-too-long");
        error.to_string()
    })
}

#[test]
fn what_is_too_long_is_named_with_its_length() {
    let most = "x".repeat(MAX_ARGUMENT_SIZE as usize - 1);
    let more = format!("{most}x");
    assert_eq!(refused(&["sh", "-c", &most], &[("A", "b")], Some(64 << 20)), None);
    let message = refused(&["sh", "-c", &more], &[], None).expect("it is too long");
    assert!(message.contains("argument 2 is 131073 bytes long") && message.contains("131072"), "{message}");
    let message = refused(&["sh"], &[("FLAGS", &most)], None).expect("it is too long");
    assert!(message.contains("the environment variable FLAGS"), "{message}");
    let message = refused(&["sh"], &[(&more, "")], None).expect("it is too long");
    assert!(message.len() < 300, "{message}");
}

#[test]
fn the_total_depends_on_the_stack() {
    let large = "x".repeat(100 << 10);
    let argv = vec![large.as_str(); 15];
    assert_eq!(refused(&argv, &[], Some(8 << 20)), None);
    let message = refused(&argv, &[], Some(4 << 20)).expect("it is too long");
    assert!(message.contains("the command line with its environment"), "{message}");
    assert!(refused(&[large.as_str(); 70], &[], Some(1 << 40)).is_some(), "more than Linux ever takes");
    assert_eq!(refused(&["sh"; 100], &[], Some(0)), None);
}

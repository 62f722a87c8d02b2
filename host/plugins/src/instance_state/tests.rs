use super::*;

#[test]
fn errors_are_kept_for_the_present_call() {
    let mut state = InstanceState::new("plugin", 0);
    state.begin_call(1_000_000);
    state.log_message(LogLevel::Info, "of no interest").expect("it is paid for");
    assert_eq!(state.last_error(), None);
    state.log_message(LogLevel::Error, "no\n  idea").expect("it is paid for");
    assert_eq!(state.last_error(), Some("no idea"));
    state.log_message(LogLevel::Error, &"é".repeat(MAX_MESSAGE)).expect("it is paid for");
    assert_eq!(state.last_error().map(str::len), Some(MAX_MESSAGE));
    state.begin_call(1_000_000);
    assert_eq!(state.last_error(), None);
}

#[test]
fn a_call_logs_as_much_as_it_pays_for() {
    let mut state = InstanceState::new("plugin", 0);
    let messages = |state: &mut InstanceState, level, message: &str| {
        state.begin_call(10_000_000);
        (0..100_000).take_while(|_| state.log_message(level, message).is_ok()).count()
    };
    let errors = messages(&mut state, LogLevel::Error, "again");
    assert!((100..1000).contains(&errors), "{errors}");
    assert!(messages(&mut state, LogLevel::Debug, "nobody reads it") > 10 * errors);
    assert!(messages(&mut state, LogLevel::Debug, &"x".repeat(1 << 20)) < 10);
}

use proptest::prelude::*;

use super::*;

#[track_caller]
fn shown(format: &str) -> String {
    MessageFormat::parse(format).expect(format).line(|column| format!("<{column:?}>"))
}

#[test]
fn names_and_texts_are_read() {
    for (format, line) in [
        ("", ""),
        ("text", "text"),
        ("%{key}", "<Key>"),
        ("[%{key}][%{element}] %{action} %{message}", "[<Key>][<Element>] <Action> <Message>"),
        ("100%% of %{message}%%", "100% of <Message>%"),
        ("%{elapsed}%{elapsed-us}", "<Elapsed { microseconds: false }><Elapsed { microseconds: true }>"),
        ("é%{wallclock}é", "é<Wallclock { microseconds: false }>é"),
        ("}{%%{key}", "}{%{key}"),
    ] {
        assert_eq!(shown(format), line, "{format}");
    }
}

#[test]
fn wrong_formats_say_why() {
    for (format, says) in [
        ("%", "neither '%%'"),
        ("50% of it", "neither '%%'"),
        ("%{key", "neither '%%'"),
        ("%{}", "%{} is none of elapsed, elapsed-us"),
        ("%{Key}", "%{Key} is none of"),
        ("%{name}", "wallclock-us, key, element, action, message"),
    ] {
        let error = MessageFormat::parse(format).expect_err(format);
        assert!(error.contains(says), "{format}: {error}");
    }
}

#[test]
fn times_are_those_of_a_clock() {
    let duration = |seconds, micros| Some(Duration::from_secs(seconds) + Duration::from_micros(micros));
    for (elapsed, microseconds, text) in [
        (None, false, "--:--:--"),
        (None, true, "--:--:--.------"),
        (duration(0, 400), false, "00:00:00"),
        (duration(3725, 42), true, "01:02:05.000042"),
        (duration(360_000, 0), false, "100:00:00"),
    ] {
        assert_eq!(elapsed_text(elapsed, microseconds), text);
    }
    let now = UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_007);
    assert_eq!(
        (wallclock_text(now, false), wallclock_text(now, true)),
        ("22:13:20".into(), "22:13:20.000007".into())
    );
}

proptest! {
    #[test]
    fn any_format_is_read(format in "[%{}a-z]{0,20}") {
        if let Ok(found) = MessageFormat::parse(&format) {
            prop_assert!(found.line(|_| String::new()).len() <= format.len());
        }
    }
}

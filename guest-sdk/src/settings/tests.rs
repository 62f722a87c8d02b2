use super::*;

fn settings(text: &str) -> Settings {
    Settings::new(vec![("least".to_owned(), text.to_owned())])
}

#[test]
fn numbers_have_bounds_and_defaults() {
    assert_eq!(settings("5").number("least", 1..=9, 3), Ok(5));
    assert_eq!(settings("5").number("most", 1..=9, 3), Ok(3));
    for wrong in ["10", "0", "-1", "many", ""] {
        let error = settings(wrong).number("least", 1..=9, 3).expect_err("it is not a number from 1 to 9");
        assert_eq!(error, SettingsError::invalid_value("least", "a number from 1 to 9", wrong));
    }
}

#[test]
fn keys_that_were_not_read_are_rejected() {
    let mut settings = settings("5");
    assert_eq!(settings.text("other"), None);
    let error = settings.reject_unknown_keys().expect_err("'least' was not read");
    assert_eq!(error, SettingsError::UnknownKey { key: "least".to_owned(), known: "other".to_owned() });
}

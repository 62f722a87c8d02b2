use super::*;

fn setting(name: &str, value_type: SettingType, default: Option<SettingValue>) -> SettingDescription {
    SettingDescription { name: name.to_owned(), summary: "A sentence.".to_owned(), value_type, default }
}

fn policy(settings: Vec<SettingDescription>) -> PolicyDescription {
    let (name, version) = ("p".to_owned(), "1.0.0".to_owned());
    PolicyDescription { name, version, settings: Some(settings), ..PolicyDescription::default() }
}

fn given(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const PERCENT: SettingType = SettingType::Number { least: 0, greatest: 100 };

#[test]
fn defaults_are_filled_in() {
    let policy = policy(vec![
        setting("percent", PERCENT, Some(SettingValue::Number(20))),
        setting("order", SettingType::Texts, Some(SettingValue::Texts(Vec::new()))),
    ]);
    let values = policy.configure(&given(&[("order", "a, b")])).expect("it is good");
    let texts = SettingValue::Texts(vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(values, [("order".to_owned(), texts), ("percent".to_owned(), SettingValue::Number(20))]);
}

#[test]
fn values_are_of_their_type() {
    let choice = || SettingType::Choice(vec!["a".to_owned(), "b".to_owned()]);
    let number = SettingValue::Number;
    let text = |text: &str| SettingValue::Text(text.to_owned());
    let cases = [
        (PERCENT, "100", Some(number(100))),
        (PERCENT, "101", None),
        (PERCENT, "-1", None),
        (PERCENT, "ten", None),
        (SettingType::Truth, "True", Some(SettingValue::Truth(true))),
        (SettingType::Truth, "1", None),
        (choice(), "b", Some(text("b"))),
        (choice(), "c", None),
        (SettingType::Text, "", Some(text(""))),
        (SettingType::Texts, " ", Some(SettingValue::Texts(Vec::new()))),
    ];
    for (value_type, given_text, expected) in cases {
        let configured = policy(vec![setting("s", value_type, None)]).configure(&given(&[("s", given_text)]));
        match (configured, expected) {
            (Ok(values), Some(expected)) => assert_eq!(values, [("s".to_owned(), expected)]),
            (Err(fault), None) => assert_eq!(fault.reason, "policy-invalid-setting", "{given_text}"),
            (configured, _) => panic!("{given_text}: {configured:?}"),
        }
    }
}

#[test]
fn unknown_and_missing_settings_are_faults() {
    let policy = policy(vec![setting("percent", PERCENT, None)]);
    let fault = policy.configure(&given(&[("per-cent", "1")])).expect_err("it is not known");
    assert_eq!((fault.reason, &*fault.name), ("policy-unknown-setting", "per-cent"));
    assert!(fault.message.ends_with("known settings: percent"), "{}", fault.message);
    let fault = policy.configure(&[]).expect_err("it is missing");
    assert_eq!((fault.reason, &*fault.name), ("policy-invalid-setting", "percent"));
}

#[test]
fn a_description_keeps_the_contract() {
    assert_eq!(policy(vec![setting("percent", PERCENT, None)]).fault(), None);
    let twice = vec![setting("a", SettingType::Text, None), setting("a", SettingType::Text, None)];
    let faults = [
        PolicyDescription { name: "Far Away".to_owned(), ..policy(Vec::new()) },
        PolicyDescription { version: "1.0".to_owned(), ..policy(Vec::new()) },
        PolicyDescription { largest_batch: Some(0), ..policy(Vec::new()) },
        policy(twice),
        policy(vec![setting("", SettingType::Text, None)]),
        policy(vec![setting("percent", PERCENT, Some(SettingValue::Number(101)))]),
        policy(vec![setting("percent", PERCENT, Some(SettingValue::Truth(true)))]),
    ];
    for fault in faults {
        assert!(fault.fault().is_some(), "{fault:?}");
    }
}

//! Settings as the host reads and checks them.

use crate::settings::{Description, Refusal, RefusalReason, SettingValue, Settings, ValueType};

/// The settings of a policy with this description, as the host reads them from texts. Settings that are not given have their
/// defaults.
///
/// # Errors
/// When one is not known, not of its type, or missing.
pub fn settings(description: &Description, given: &[(&str, &str)]) -> Result<Settings, Refusal> {
    let is_known = |name: &str| description.settings.iter().any(|setting| setting.name == name);
    if let Some((name, _)) = given.iter().find(|(name, _)| !is_known(name)) {
        return Err(refusal(name, "it is not a setting of this policy".to_owned()));
    }
    let mut values = Vec::new();
    for setting in &description.settings {
        let given = given.iter().find(|(name, _)| *name == setting.name);
        let expected = || expected(&setting.type_);
        let value = match (given, &setting.default) {
            (Some((_, text)), _) => parse(&setting.type_, text)
                .ok_or_else(|| refusal(&setting.name, format!("expected {}, found '{text}'", expected())))?,
            (None, Some(default)) => default.clone(),
            (None, None) => {
                return Err(refusal(&setting.name, format!("it has no default; expected {}", expected())));
            }
        };
        values.push((setting.name.clone(), value));
    }
    Ok(Settings::new(values))
}

fn refusal(name: &str, message: String) -> Refusal {
    Refusal { reason: RefusalReason::InvalidValue, setting: Some(name.to_owned()), message, hint: None }
}

fn parse(value_type: &ValueType, text: &str) -> Option<SettingValue> {
    match value_type {
        ValueType::Text => Some(SettingValue::Text(text.to_owned())),
        ValueType::Choice(choices) => {
            choices.iter().find(|choice| *choice == text).cloned().map(SettingValue::Text)
        }
        ValueType::Truth => match text {
            "True" | "true" => Some(SettingValue::Truth(true)),
            "False" | "false" => Some(SettingValue::Truth(false)),
            _ => None,
        },
        ValueType::Number(range) => {
            let number = text.parse().ok().filter(|number| (range.least..=range.greatest).contains(number));
            number.map(SettingValue::Number)
        }
        ValueType::Texts if text.trim().is_empty() => Some(SettingValue::Texts(Vec::new())),
        ValueType::Texts => {
            Some(SettingValue::Texts(text.split(',').map(|text| text.trim().to_owned()).collect()))
        }
    }
}

fn expected(value_type: &ValueType) -> String {
    match value_type {
        ValueType::Text => "a text".to_owned(),
        ValueType::Choice(choices) => format!("one of {}", choices.join(", ")),
        ValueType::Truth => "True or False".to_owned(),
        ValueType::Number(range) => format!("a number from {} to {}", range.least, range.greatest),
        ValueType::Texts => "texts with commas between them".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Number, Texts};

    const NUMBER: Number = Number::new("number", "A number.", 1, 9);
    const TEXTS: Texts = Texts::new("texts", "Texts.").default(&["a"]);

    #[test]
    fn settings_have_types_bounds_and_defaults() {
        let policy = Description::new("p", "1.0.0", "A policy.").setting(&NUMBER).setting(&TEXTS);
        let read = |given: &[(&str, &str)]| {
            settings(&policy, given).map(|settings| (settings.get(&NUMBER), settings.get(&TEXTS)))
        };
        assert_eq!(read(&[("number", "5")]), Ok((5, vec!["a".to_owned()])));
        assert_eq!(
            read(&[("number", "9"), ("texts", "b, c")]),
            Ok((9, vec!["b".to_owned(), "c".to_owned()]))
        );
        for wrong in [vec![("number", "10")], vec![("number", "x")], vec![], vec![("numbr", "5")]] {
            assert!(read(&wrong).is_err(), "{wrong:?}");
        }
    }
}

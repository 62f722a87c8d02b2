//! What a policy says of itself, and its settings.

use std::collections::BTreeSet;
use std::fmt;

use spec_strategy::ReasonCode;

/// A policy and what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyDescription {
    /// Its name, in kebab-case.
    pub name: String,
    /// Its version, as `MAJOR.MINOR.PATCH`; empty for a component of version 0.1 of the contract.
    pub version: String,
    /// A sentence that says what it does.
    pub summary: String,
    /// Its settings; `None` for a component of version 0.1 of the contract, which checks them itself.
    pub settings: Option<Vec<SettingDescription>>,
    /// The most entries that one question may have.
    pub largest_batch: Option<u32>,
    /// The codes of a priming policy's own reasons to skip a candidate.
    pub skip_codes: Vec<ReasonCode>,
}

/// A setting of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingDescription {
    /// Its name, in kebab-case.
    pub name: String,
    /// A sentence that says what it does, with the unit of numbers.
    pub summary: String,
    /// Its values.
    pub value_type: SettingType,
    /// Its value where the user gives none; without a default, a user must give one.
    pub default: Option<SettingValue>,
}

/// The values that a setting can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingType {
    /// Any text.
    Text,
    /// One of these texts.
    Choice(Vec<String>),
    /// `True` or `False`.
    Truth,
    /// A whole number in this range.
    Number {
        /// The least one.
        least: i64,
        /// The greatest one.
        greatest: i64,
    },
    /// Texts without commas, with commas between them.
    Texts,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// A text.
    Text(String),
    /// A truth value.
    Truth(bool),
    /// A whole number.
    Number(i64),
    /// Texts in order.
    Texts(Vec<String>),
}

/// What is wrong with a given setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingFault {
    /// A stable code.
    pub(super) reason: &'static str,
    pub(super) name: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl PolicyDescription {
    /// The values of all settings, sorted by name: the given ones, and the defaults of others.
    pub(super) fn configure(
        &self,
        given: &[(String, String)],
    ) -> Result<Vec<(String, SettingValue)>, SettingFault> {
        let settings = self.settings.as_deref().unwrap_or_default();
        let is_known = |(name, _): &&(String, String)| settings.iter().any(|setting| setting.name == *name);
        if let Some((name, _)) = given.iter().find(|given| !is_known(given)) {
            return Err(unknown(name, settings));
        }
        let mut values = Vec::new();
        for setting in settings {
            let given = given.iter().find(|(name, _)| *name == setting.name);
            let value = match (given, &setting.default) {
                (Some((_, text)), _) => setting.value(text)?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Err(setting.missing()),
            };
            values.push((setting.name.clone(), value));
        }
        values.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(values)
    }

    /// What the contract forbids in it.
    pub(super) fn fault(&self) -> Option<String> {
        if !is_name(&self.name) {
            return Some(format!("its name '{}' is not in kebab-case", self.name.escape_debug()));
        }
        if !is_version(&self.version) {
            let version = self.version.escape_debug();
            return Some(format!("its version '{version}' is not MAJOR.MINOR.PATCH"));
        }
        if self.largest_batch == Some(0) {
            return Some("its largest batch is 0".to_owned());
        }
        let settings = self.settings.as_deref().unwrap_or_default();
        let mut names = BTreeSet::new();
        settings.iter().find_map(|setting| {
            let name = setting.name.escape_debug();
            if !is_name(&setting.name) {
                Some(format!("the name of its setting '{name}' is not in kebab-case"))
            } else if !names.insert(&setting.name) {
                Some(format!("it has two settings '{name}'"))
            } else if !setting.default.as_ref().is_none_or(|default| setting.value_type.has(default)) {
                Some(format!("the default of its setting '{name}' is not {}", setting.value_type))
            } else {
                None
            }
        })
    }
}

impl SettingDescription {
    fn value(&self, text: &str) -> Result<SettingValue, SettingFault> {
        self.value_type.parse(text).ok_or_else(|| SettingFault {
            reason: "policy-invalid-setting",
            name: self.name.clone(),
            message: format!("expected {}, found '{text}'", self.value_type),
            hint: Some(self.summary.clone()).filter(|summary| !summary.is_empty()),
        })
    }

    fn missing(&self) -> SettingFault {
        SettingFault {
            reason: "policy-invalid-setting",
            name: self.name.clone(),
            message: format!("it has no default; expected {}", self.value_type),
            hint: Some(self.summary.clone()).filter(|summary| !summary.is_empty()),
        }
    }
}

impl SettingType {
    /// The value that a text means; `None` when it is not one of those.
    fn parse(&self, text: &str) -> Option<SettingValue> {
        let value = match self {
            Self::Text | Self::Choice(_) => SettingValue::Text(text.to_owned()),
            Self::Truth => SettingValue::Truth(match text {
                "True" | "true" => true,
                "False" | "false" => false,
                _ => return None,
            }),
            Self::Number { .. } => SettingValue::Number(text.parse().ok()?),
            Self::Texts => {
                let texts = text.split(',').map(|text| text.trim().to_owned());
                SettingValue::Texts(if text.trim().is_empty() { Vec::new() } else { texts.collect() })
            }
        };
        self.has(&value).then_some(value)
    }

    fn has(&self, value: &SettingValue) -> bool {
        match (self, value) {
            (Self::Text, SettingValue::Text(_))
            | (Self::Truth, SettingValue::Truth(_))
            | (Self::Texts, SettingValue::Texts(_)) => true,
            (Self::Choice(texts), SettingValue::Text(text)) => texts.contains(text),
            (Self::Number { least, greatest }, SettingValue::Number(number)) => {
                (least..=greatest).contains(&number)
            }
            _ => false,
        }
    }
}

impl fmt::Display for SettingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Choice(texts) => write!(f, "one of {}", texts.join(", ")),
            Self::Truth => f.write_str("True or False"),
            Self::Number { least, greatest } => write!(f, "a number from {least} to {greatest}"),
            Self::Texts => f.write_str("texts with commas between them"),
        }
    }
}

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Truth(true) => f.write_str("True"),
            Self::Truth(false) => f.write_str("False"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Texts(texts) => f.write_str(&texts.join(",")),
        }
    }
}

fn unknown(name: &str, settings: &[SettingDescription]) -> SettingFault {
    let known: Vec<&str> = settings.iter().map(|setting| &*setting.name).collect();
    let message = match known.is_empty() {
        true => "this policy has no settings".to_owned(),
        false => format!("it is not a setting of this policy; known settings: {}", known.join(", ")),
    };
    SettingFault { reason: "policy-unknown-setting", name: name.to_owned(), message, hint: None }
}

fn is_name(text: &str) -> bool {
    crate::check_answer::is_code(text) && text.len() <= 64
}

fn is_version(text: &str) -> bool {
    let is_number = |part: &str| part.parse::<u32>().is_ok();
    let release = text.split(['-', '+']).next().unwrap_or_default();
    release.split('.').count() == 3 && release.split('.').all(is_number)
}

#[cfg(test)]
mod tests;

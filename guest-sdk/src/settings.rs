//! Settings of policies: described once, checked by the host, read with their type.
//!
//! ```
//! use spec_guest_sdk::priming::Description;
//! use spec_guest_sdk::settings::{Choice, Number, Truth};
//! use spec_guest_sdk::testing;
//!
//! const PERCENT: Number = Number::new("percent", "How likely an action must be, in percent.", 0, 100).default(20);
//! const ORDER: Choice = Choice::new("order", "What goes first.", &["near", "long"]).default("long");
//! const STRICT: Truth = Truth::new("strict", "Whether to skip what is not known.").default(false);
//!
//! let policy = Description::new("p", "1.0.0", "A policy.").setting(&PERCENT).setting(&ORDER).setting(&STRICT);
//! let settings = testing::settings(&policy, &[("percent", "5"), ("strict", "True")]).expect("they are good");
//! assert_eq!((settings.get(&PERCENT), settings.get(&ORDER).as_str(), settings.get(&STRICT)), (5, "long", true));
//! let refusal = testing::settings(&policy, &[("percent", "101")]).expect_err("it is too much");
//! assert_eq!(refusal.message, "expected a number from 0 to 100, found '101'");
//! ```

use std::collections::BTreeMap;

pub use crate::bindings::imports::spec::plugin::settings::{
    Description, Refusal, RefusalReason, Value as SettingValue, ValueType,
};
use crate::bindings::imports::spec::plugin::settings::{NumberRange, Setting as SettingDescription};

/// A setting of a policy, with the type of its value.
pub trait Setting {
    /// The type of its value.
    type Value;

    /// Its name.
    fn name(&self) -> &'static str;

    /// What the host checks.
    fn describe(&self) -> SettingDescription;

    /// The value in its type; `None` when it is of another type.
    fn read(&self, value: &SettingValue) -> Option<Self::Value>;
}

/// The settings of a session: every setting of the policy's description that has a value.
#[derive(Clone, Debug, Default)]
pub struct Settings(BTreeMap<String, SettingValue>);

impl Settings {
    /// The settings as the host gives them.
    #[must_use]
    pub fn new(configuration: impl IntoIterator<Item = (String, SettingValue)>) -> Self {
        Self(configuration.into_iter().collect())
    }

    /// The value of a setting that is described: the user's, or its default.
    ///
    /// # Panics
    /// When the setting is not part of the policy's description.
    #[must_use]
    pub fn get<S: Setting>(&self, setting: &S) -> S::Value {
        let value = self.0.get(setting.name()).and_then(|value| setting.read(value));
        value.unwrap_or_else(|| panic!("the setting '{}' is not in the description", setting.name()))
    }
}

impl Description {
    /// A policy without settings. `name` is in kebab-case, `version` is `MAJOR.MINOR.PATCH`, such as
    /// `env!("CARGO_PKG_VERSION")`, and `summary` a sentence that says what the policy does.
    #[must_use]
    pub fn new(name: &str, version: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            summary: summary.to_owned(),
            settings: Vec::new(),
            largest_batch: None,
            skip_codes: Vec::new(),
        }
    }

    /// The same policy with one setting more.
    #[must_use]
    pub fn setting(mut self, setting: &impl Setting) -> Self {
        self.settings.push(setting.describe());
        self
    }

    /// The same policy, which skips candidates for reasons of its own: codes in kebab-case. `SkipReason::Other` has the number
    /// of one.
    #[must_use]
    pub fn skip_codes(self, codes: &[&str]) -> Self {
        Self { skip_codes: codes.iter().map(|code| (*code).to_owned()).collect(), ..self }
    }

    /// The same policy, which takes questions of at most this many entries.
    #[must_use]
    pub fn largest_batch(self, entries: u32) -> Self {
        Self { largest_batch: Some(entries), ..self }
    }
}

impl Refusal {
    /// A value is not one of those allowed.
    #[must_use]
    pub fn invalid(setting: &impl Setting, message: impl Into<String>) -> Self {
        Self {
            reason: RefusalReason::InvalidValue,
            setting: Some(setting.name().to_owned()),
            message: message.into(),
            hint: None,
        }
    }

    /// Another mistake: a code in kebab-case, what is wrong, and what was expected.
    #[must_use]
    pub fn other(code: &str, message: impl Into<String>) -> Self {
        Self {
            reason: RefusalReason::Other(code.to_owned()),
            setting: None,
            message: message.into(),
            hint: None,
        }
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

macro_rules! setting {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $field_type:ty),* } $default:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            name: &'static str,
            summary: &'static str,
            $($field: $field_type,)*
            default: Option<$default>,
        }

        impl $name {
            /// A setting that a user must give. Its name is in kebab-case; `summary` is a sentence that says what it
            /// does, with the unit of numbers.
            #[must_use]
            pub const fn new(name: &'static str, summary: &'static str, $($field: $field_type),*) -> Self {
                Self { name, summary, $($field,)* default: None }
            }

            /// The same setting with a value where the user gives none.
            #[must_use]
            pub const fn default(self, default: $default) -> Self {
                Self { default: Some(default), ..self }
            }

            fn description(&self, value_type: ValueType, default: Option<SettingValue>) -> SettingDescription {
                SettingDescription {
                    name: self.name.to_owned(),
                    summary: self.summary.to_owned(),
                    type_: value_type,
                    default,
                }
            }
        }
    };
}

setting! {
    /// A whole number within bounds.
    Number { least: i64, greatest: i64 } i64
}
setting! {
    /// Any text.
    Text {} &'static str
}
setting! {
    /// One of some texts.
    Choice { choices: &'static [&'static str] } &'static str
}
setting! {
    /// `True` or `False`.
    Truth {} bool
}
setting! {
    /// Texts without commas, in order.
    Texts {} &'static [&'static str]
}

impl Setting for Number {
    type Value = i64;

    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> SettingDescription {
        let range = NumberRange { least: self.least, greatest: self.greatest };
        self.description(ValueType::Number(range), self.default.map(SettingValue::Number))
    }

    fn read(&self, value: &SettingValue) -> Option<i64> {
        if let SettingValue::Number(number) = value { Some(*number) } else { None }
    }
}

impl Setting for Text {
    type Value = String;

    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> SettingDescription {
        self.description(ValueType::Text, self.default.map(|text| SettingValue::Text(text.to_owned())))
    }

    fn read(&self, value: &SettingValue) -> Option<String> {
        if let SettingValue::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Setting for Choice {
    type Value = String;

    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> SettingDescription {
        let choices = self.choices.iter().map(|text| (*text).to_owned()).collect();
        let default = self.default.map(|text| SettingValue::Text(text.to_owned()));
        self.description(ValueType::Choice(choices), default)
    }

    fn read(&self, value: &SettingValue) -> Option<String> {
        if let SettingValue::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl Setting for Truth {
    type Value = bool;

    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> SettingDescription {
        self.description(ValueType::Truth, self.default.map(SettingValue::Truth))
    }

    fn read(&self, value: &SettingValue) -> Option<bool> {
        if let SettingValue::Truth(truth) = value { Some(*truth) } else { None }
    }
}

impl Setting for Texts {
    type Value = Vec<String>;

    fn name(&self) -> &'static str {
        self.name
    }

    fn describe(&self) -> SettingDescription {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        self.description(ValueType::Texts, self.default.map(|default| SettingValue::Texts(texts(default))))
    }

    fn read(&self, value: &SettingValue) -> Option<Vec<String>> {
        if let SettingValue::Texts(texts) = value { Some(texts.clone()) } else { None }
    }
}

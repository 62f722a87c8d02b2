//! Converts descriptions, settings and refusals of policies.

use spec_strategy::ReasonCode;

use crate::bindings::v0_2::imports::spec::plugin::settings as guest;
use crate::check_answer::is_code;
use crate::failure::{PluginFailure, PluginName, shortened};
use crate::policy::description::{PolicyDescription, SettingDescription, SettingType, SettingValue};
use crate::policy::error::PolicyLoadError;

/// The most codes of a policy's own reasons to skip a candidate.
const MOST_SKIP_CODES: usize = 32;

/// The description of a policy.
///
/// # Errors
/// When the contract does not allow it.
pub(super) fn description(
    policy: &PluginName,
    described: guest::Description,
) -> Result<PolicyDescription, PolicyLoadError> {
    let guest::Description { name, version, summary, settings, largest_batch, skip_codes } = described;
    let settings = Some(settings.into_iter().map(setting).collect());
    let fault = |fault: String| PluginFailure::answer(&fault).of_policy(policy, "describe").into();
    let skip_codes = reason_codes(&skip_codes).map_err(fault)?;
    let description = PolicyDescription { name, version, summary, settings, largest_batch, skip_codes };
    match description.fault() {
        None => Ok(description),
        Some(what) => Err(fault(what)),
    }
}

fn reason_codes(codes: &[String]) -> Result<Vec<ReasonCode>, String> {
    if codes.len() > MOST_SKIP_CODES {
        return Err(format!("it has {} codes of reasons to skip, more than {MOST_SKIP_CODES}", codes.len()));
    }
    let code = |code: &String| ReasonCode::new(code).ok_or_else(|| not_a_code(code));
    codes.iter().map(code).collect()
}

fn not_a_code(code: &str) -> String {
    let (code, longest) = (shortened(code.escape_debug().to_string()), ReasonCode::MAX);
    format!("its reason to skip '{code}' is not a code in kebab-case of at most {longest} bytes")
}

/// The values of the settings that a policy gets.
///
/// # Errors
/// When the given ones are not those of its description.
pub(super) fn configuration(
    policy: &PluginName,
    description: &PolicyDescription,
    given: &[(String, String)],
) -> Result<Vec<(String, SettingValue)>, PolicyLoadError> {
    description.configure(given).map_err(|fault| PolicyLoadError::Refused {
        reason: fault.reason.to_owned(),
        policy: policy.0.clone(),
        key: Some(fault.name),
        message: fault.message,
        hint: fault.hint,
    })
}

/// The settings as the policy takes them.
pub(super) fn values(settings: &[(String, SettingValue)]) -> Vec<(String, guest::Value)> {
    settings.iter().map(|(name, setting)| (name.clone(), value_to_guest(setting))).collect()
}

/// The error that a policy refuses its settings.
pub(super) fn refused(policy: &PluginName, refusal: guest::Refusal) -> PolicyLoadError {
    let guest::Refusal { reason, setting, message, hint } = refusal;
    let reason = match reason {
        guest::RefusalReason::InvalidValue => "policy-invalid-setting".to_owned(),
        guest::RefusalReason::Other(code) if is_code(&code) => code,
        guest::RefusalReason::Other(code) => {
            let code = code.escape_debug();
            let what = format!("its refusal has the reason '{code}', which is not a code in kebab-case");
            return PluginFailure::answer(&what).of_policy(policy, "open").into();
        }
    };
    let (message, hint) = (shortened(message), hint.map(shortened));
    PolicyLoadError::Refused { reason, policy: policy.0.clone(), key: setting, message, hint }
}

fn setting(setting: guest::Setting) -> SettingDescription {
    let guest::Setting { name, summary, type_, default } = setting;
    SettingDescription { name, summary, value_type: value_type(type_), default: default.map(value) }
}

fn value_type(value_type: guest::ValueType) -> SettingType {
    match value_type {
        guest::ValueType::Text => SettingType::Text,
        guest::ValueType::Choice(texts) => SettingType::Choice(texts),
        guest::ValueType::Truth => SettingType::Truth,
        guest::ValueType::Number(guest::NumberRange { least, greatest }) => {
            SettingType::Number { least, greatest }
        }
        guest::ValueType::Texts => SettingType::Texts,
    }
}

fn value(value: guest::Value) -> SettingValue {
    match value {
        guest::Value::Text(text) => SettingValue::Text(text),
        guest::Value::Truth(truth) => SettingValue::Truth(truth),
        guest::Value::Number(number) => SettingValue::Number(number),
        guest::Value::Texts(texts) => SettingValue::Texts(texts),
    }
}

fn value_to_guest(value: &SettingValue) -> guest::Value {
    match value {
        SettingValue::Text(text) => guest::Value::Text(text.clone()),
        SettingValue::Truth(truth) => guest::Value::Truth(*truth),
        SettingValue::Number(number) => guest::Value::Number(*number),
        SettingValue::Texts(texts) => guest::Value::Texts(texts.clone()),
    }
}

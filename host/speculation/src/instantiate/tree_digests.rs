//! Digests of trees of dependencies in the texts of an action and its command.

use spec_proto::reapi;

use crate::message::ActionMessage;
use crate::record::PlatformTree;

/// The indices of the `trees` that an action or its command names.
pub(crate) fn trees_named_in(
    trees: &[PlatformTree],
    action: &ActionMessage,
    command: &reapi::Command,
) -> Vec<u32> {
    let texts: Vec<&str> = texts(action, command).collect();
    let named = (0..).zip(trees).filter(|(_, tree)| {
        let name = tree.digest.to_string();
        texts.iter().any(|text| text.contains(&name))
    });
    named.map(|(index, _)| index).collect()
}

// Before REAPI 2.2, the platform was a field of the command.
#[allow(deprecated)]
fn texts<'a>(action: &'a ActionMessage, command: &'a reapi::Command) -> impl Iterator<Item = &'a str> {
    let platforms = action.0.platform.iter().chain(&command.platform);
    let properties =
        platforms.flat_map(|platform| platform.properties.iter().map(|property| &property.value));
    let variables = command.environment_variables.iter().map(|variable| &variable.value);
    properties.chain(variables).chain(&command.arguments).map(String::as_str)
}

/// Replaces digests of trees in a command.
#[allow(deprecated)]
pub(super) fn replace_command(command: &mut reapi::Command, replacements: &[(String, String)]) {
    if let Some(platform) = &mut command.platform {
        replace_platform(platform, replacements);
    }
    let variables = command.environment_variables.iter_mut().map(|variable| &mut variable.value);
    for text in variables.chain(&mut command.arguments) {
        replace(text, replacements);
    }
}

/// Replaces digests of trees in a platform. REAPI wants properties sorted by name and value: if they were, they are sorted
/// again.
pub(super) fn replace_platform(platform: &mut reapi::Platform, replacements: &[(String, String)]) {
    let key = |property: &reapi::platform::Property| (property.name.clone(), property.value.clone());
    let sorted = platform.properties.is_sorted_by_key(key);
    platform.properties.iter_mut().for_each(|property| replace(&mut property.value, replacements));
    if sorted {
        platform.properties.sort_by_key(key);
    }
}

/// Replaces all texts in one pass, so that replacements are not replaced again.
fn replace(text: &mut String, replacements: &[(String, String)]) {
    let mut done = String::new();
    let mut rest = text.as_str();
    while let Some((at, (old, new))) =
        replacements.iter().filter_map(|pair| Some((rest.find(&pair.0)?, pair))).min_by_key(|(at, _)| *at)
    {
        done.push_str(&rest[..at]);
        done.push_str(new);
        rest = &rest[at + old.len()..];
    }
    if !done.is_empty() {
        done.push_str(rest);
        *text = done;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_replaced_in_one_pass() {
        let replacements = [("a/1".to_owned(), "b/2".to_owned()), ("b/2".to_owned(), "a/1".to_owned())];
        for (text, expected) in [
            ("a/1", "b/2"),
            ("a/1:b/2:a/1", "b/2:a/1:b/2"),
            ("--root=b/2 x", "--root=a/1 x"),
            ("nothing", "nothing"),
            ("", ""),
        ] {
            let mut replaced = text.to_owned();
            replace(&mut replaced, &replacements);
            assert_eq!(replaced, expected);
        }
    }
}

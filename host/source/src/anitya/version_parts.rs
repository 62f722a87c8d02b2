//! The parts of a version, which URLs are made of.

/// The parts of a version, as the plugin of BuildStream's community cuts it; those that it lacks are empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct VersionParts<'v> {
    prefix: &'v str,
    major: &'v str,
    minor: &'v str,
    patch: &'v str,
    prerelease: &'v str,
    metadata: &'v str,
}

/// The URL of a version: the template with each `{part}` replaced; `{{` and `}}` are braces.
///
/// # Errors
/// Why the template cannot be filled in.
pub(super) fn render(template: &str, version: &str, parts: &VersionParts<'_>) -> Result<String, String> {
    let mut url = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        url.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            url.push_str(brace);
            rest = after;
            continue;
        }
        let named = (brace == "{").then(|| rest.split_once('}')).flatten();
        let Some((name, after)) = named else {
            return Err(format!(
                "'{brace}' stands alone in '{template}'; a brace itself is '{brace}{brace}'"
            ));
        };
        url.push_str(part(parts, version, name).ok_or_else(|| {
            format!(
                "the version '{version}' has no part '{name}'; the parts are version, prefix, major, minor, patch, \
                 prerelease, metadata"
            )
        })?);
        rest = after;
    }
    url.push_str(rest);
    Ok(url)
}

fn part<'v>(parts: &'v VersionParts<'v>, version: &'v str, name: &str) -> Option<&'v str> {
    Some(match name {
        "version" => version,
        "prefix" => parts.prefix,
        "major" => parts.major,
        "minor" => parts.minor,
        "patch" => parts.patch,
        "prerelease" => parts.prerelease,
        "metadata" => parts.metadata,
        _ => return None,
    })
}

impl<'v> VersionParts<'v> {
    /// What stands between the dots, as KDE's plugin takes it.
    pub(super) fn between_dots(version: &'v str) -> Self {
        let mut parts = version.split('.');
        let mut next = || parts.next().unwrap_or_default();
        Self { major: next(), minor: next(), patch: next(), ..Self::default() }
    }

    /// The parts that the community's plugin sees.
    pub(super) fn of(version: &'v str) -> Self {
        let Some(begin) = major_begin(version) else {
            return Self::default();
        };
        let (major, rest) = digits(&version[begin..]);
        let (minor, rest) = dotted_number(rest).unwrap_or(("", rest));
        let (patch, mut rest) = dotted_number(rest).unwrap_or(("", rest));
        while let Some((_, after)) = dotted_number(rest) {
            rest = after;
        }
        let rest = rest.trim_start_matches(['-', '_', '.', '~']);
        let (prerelease, metadata) = rest.split_once('+').unwrap_or((rest, ""));
        Self { prefix: &version[..begin], major, minor, patch, prerelease, metadata }
    }
}

/// Where the first number begins that is followed by `.` and a digit, or behind which no such number stands.
fn major_begin(version: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let begin = at + version[at..].find(|c: char| c.is_ascii_digit())?;
        let (number, rest) = digits(&version[begin..]);
        if dotted_number(rest).is_some() || !has_dotted_number(rest) {
            return Some(begin);
        }
        at = begin + number.len();
    }
}

/// Whether a number with a dot and a digit after it stands in a text.
fn has_dotted_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|w| w[0].is_ascii_digit() && w[1] == b'.' && w[2].is_ascii_digit())
}

/// The number behind the dot that a text begins with, and the rest.
fn dotted_number(text: &str) -> Option<(&str, &str)> {
    let (number, rest) = digits(text.strip_prefix('.')?);
    (!number.is_empty()).then_some((number, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;

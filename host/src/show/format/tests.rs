use super::*;

fn fill(format: &str, value: &str) -> CommandResult<String> {
    ShowFormat::parse(format)?.fill(&|_| Ok(value.to_owned()), &|_, text| text)
}

#[test]
fn values_are_laid_out_as_python_does() {
    for (format, expect) in [
        ("%{name}", "abc"),
        ("<%{name}> %{key}", "<abc> abc"),
        ("%{name: >6}", "   abc"),
        ("%{name:>6}", "   abc"),
        ("%{name: ^6}|", " abc  |"),
        ("%{name:*^7}", "**abc**"),
        ("%{name:6}|", "abc   |"),
        ("%{name:<2}", "abc"),
        ("%{name:.2}", "ab"),
        ("%{name:-<5.2s}", "ab---"),
        ("%{name:05}", "abc00"),
        ("%{name:<<4}", "abc<"),
        ("100% {name} %%{name}", "100% {name} %abc"),
        ("%{name", "%{name"),
        ("", ""),
    ] {
        assert_eq!(fill(format, "abc").map_err(|error| error.summary()), Ok(expect.to_owned()), "{format}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (format, expect) in [
        ("%{nam}", "unknown-format-symbol unknown symbol '%{nam}'"),
        ("%{}", "unknown-format-symbol unknown symbol '%{}'"),
        ("%{name:x}", "invalid-format 'x' in '%{name:x}' is no layout"),
        ("%{name:>}", ""),
        ("%{name:>99999}", "invalid-format '>99999' in '%{name:>99999}' is no layout"),
        ("%{name:d}", "invalid-format 'd' in '%{name:d}' is no layout"),
        ("%{name:.}", "invalid-format '.' in '%{name:.}' is no layout"),
    ] {
        let error = fill(format, "").err().map(|error| error.summary()).unwrap_or_default();
        assert!(error.starts_with(expect) && error.is_empty() == expect.is_empty(), "{format}: {error}");
    }
}

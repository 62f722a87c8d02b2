use super::*;

fn environment(set: &'static [(&str, &str)]) -> Environment {
    Environment::new(move |name| {
        set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn relative_folders_are_ignored_and_told() {
    for (set, cache, told) in [
        (&[("HOME", "/me")][..], "/me/.cache", 0),
        (&[("HOME", "/me"), ("XDG_CACHE_HOME", "/c")], "/c", 0),
        (&[("HOME", "/me"), ("XDG_CACHE_HOME", "c")], "/me/.cache", 1),
        (&[("HOME", "/me"), ("XDG_CACHE_HOME", "./c"), ("XDG_CONFIG_HOME", "~/f")], "/me/.cache", 2),
        (&[("HOME", "/me"), ("XDG_CACHE_HOME", "")], "/me/.cache", 0),
    ] {
        let environment = environment(set);
        assert!(environment.check().is_ok());
        assert_eq!(environment.cache_home(), Path::new(cache), "{set:?}");
        assert_eq!(environment.expand("$XDG_CACHE_HOME/x"), Path::new(cache).join("x"), "{set:?}");
        let ignored = environment.ignored();
        assert_eq!(ignored.len(), told, "{ignored:?}");
        assert!(ignored.iter().all(|text| text.contains("/me/.")), "{ignored:?}");
    }
}

#[test]
fn a_relative_home_is_refused_where_it_is_needed() {
    for (set, refused) in [
        (&[("HOME", "me")][..], true),
        (&[("HOME", "me"), ("XDG_CACHE_HOME", "/c")], true),
        (&[("HOME", "me"), ("XDG_CACHE_HOME", "/c"), ("XDG_CONFIG_HOME", "f")], true),
        (&[("HOME", "me"), ("XDG_CACHE_HOME", "/c"), ("XDG_CONFIG_HOME", "/f")], false),
        (&[], false),
    ] {
        let checked = environment(set).check().map_err(|error| error.reason().to_owned());
        assert_eq!(checked.err(), refused.then(|| "relative-home".to_owned()), "{set:?}");
    }
}

use super::*;

#[test]
fn a_kind_is_mapped_by_its_package_and_version_or_refused() {
    let cases = [
        ("meson", "buildstream-plugins", ""),
        ("meson", "BuildStream_Plugins>=2.1,<3", ""),
        ("pyproject", "buildstream-plugins-community~=2.0", ""),
        ("meson", "buildstream-plugins==2.8.*", ""),
        ("meson", "buildstream-plugins<2", "package-version-conflict"),
        ("meson", "buildstream-plugins!=2.8.0", "package-version-conflict"),
        ("meson", "buildstream-plugins=2", "package-malformed-requirement"),
        ("meson", ">=2", "package-malformed-requirement"),
        ("meson", "our-plugins", "package-not-found"),
        ("meson", "buildstream-plugins-community", "plugin-not-found"),
        ("oci", "buildstream-plugins-community", "unsupported-kind"),
        ("mesno", "buildstream-plugins", "plugin-not-found"),
    ];
    for (kind, requirement, reason) in cases {
        let asked = PackageRequirement { requirement: requirement.to_owned(), position: None };
        let found = check(kind, &asked);
        let found = found.as_ref().map_or_else(|error| error.reason(), |()| "");
        assert_eq!(found, reason, "{kind} of {requirement}");
    }
}

#[test]
fn no_kind_is_listed_twice_and_all_have_components() {
    let here: Vec<&str> = crate::embedded::default_kinds().collect();
    for package in &PACKAGES {
        assert!(package.kinds.iter().all(|kind| here.contains(kind)), "{}", package.package.name);
        assert!(package.missing.iter().all(|kind| !here.contains(kind)), "{}", package.package.name);
    }
}

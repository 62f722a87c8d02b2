use spec_model::{Digest, PackageRequirement, PluginJunction, PythonText, StatedText};

use super::*;

fn package(requirement: &str, behind: Option<PluginJunction>) -> PluginOrigin {
    PluginOrigin::Package(PackageRequirement { requirement: requirement.to_owned(), position: None, behind })
}

fn find(name: &str, origin: PluginOrigin) -> Result<ComponentSource, KindError> {
    component(&KindRequest { name: name.to_owned(), origin }, String::new)
}

fn reason(name: &str, origin: PluginOrigin) -> String {
    find(name, origin).err().map(|error| error.reason().to_owned()).unwrap_or_default()
}

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
    let junction = PluginJunction { junction: "j.bst".to_owned(), project: "p".to_owned(), position: None };
    for (kind, requirement, expected) in cases {
        assert_eq!(reason(kind, package(requirement, None)), expected, "{kind} of {requirement}");
        let behind = reason(kind, package(requirement, Some(junction.clone())));
        let is_own = expected.is_empty() || expected == "unsupported-kind";
        assert_eq!(behind, if is_own { expected } else { "junction-plugin-load-error" }, "{kind}");
    }
}

#[test]
fn what_no_stanza_has_is_one_of_buildstreams_own() {
    for kind in KNOWN.core {
        assert_eq!(reason(kind, PluginOrigin::Undeclared), "");
    }
    let refused = find("meson", PluginOrigin::Undeclared).err().expect("it is of a package");
    assert_eq!(refused.reason(), "plugin-not-found");
    let hint = refused.hint().expect("it says what to do");
    assert!(hint.contains("- {origin: pip, package-name: buildstream-plugins, elements: [meson]}"), "{hint}");
    let refused = find("imprt", PluginOrigin::Undeclared).err().expect("there is none");
    assert!(refused.hint().is_some_and(|hint| hint.contains("did you mean 'import'?")));
}

#[test]
fn a_plugin_in_a_folder_is_known_by_its_text_and_kind() {
    let folder = |text: Option<&[u8]>, stated: &[&str]| {
        let text = text.map(|text| PythonText { digest: Digest::of(text), others: Vec::new() });
        let stated = stated.iter().map(|sha256| StatedText { sha256: (*sha256).to_owned(), position: None });
        let (file, stated) = ("plugins/it.py".to_owned(), stated.collect());
        PluginOrigin::Folder(FolderPlugin { file, component: None, text, stated })
    };
    let own = include_bytes!("../../../../plugins/collect_initial_scripts/collect_initial_scripts.py");
    let other = b"class Other: pass".as_slice();
    assert_eq!(reason("collect_initial_scripts", folder(Some(own), &[])), "");
    assert_eq!(reason("collect_initial_scripts", folder(Some(other), &[])), "unknown-element-plugin");
    assert_eq!(reason("homemade", folder(Some(own), &[])), "unknown-kind");
    assert_eq!(reason("collect_initial_scripts", PluginOrigin::Undeclared), "plugin-not-found");
    assert_eq!(reason("stack", folder(Some(own), &[])), "unknown-element-plugin", "it is another kind's");
    assert_eq!(reason("stack", folder(None, &[])), "unknown-kind");
    let sha256 = Digest::of(other).hex();
    assert_eq!(reason("stack", folder(Some(other), &[&sha256])), "");
    assert_eq!(reason("stack", folder(Some(own), &[&sha256])), "unknown-element-plugin");
}

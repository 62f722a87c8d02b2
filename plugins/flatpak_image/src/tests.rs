use spec_guest_sdk::testing::{Config, TestElement};

use super::*;

fn image(sections: &[(&str, Config)]) -> TestElement {
    TestElement::new("image.bst")
        .sources(&[])
        .config("directory", Config::text("/usr"))
        .config("include", Config::texts(&[]))
        .config("exclude", Config::texts(&["devel"]))
        .config("component-ids", Config::texts(&[]))
        .config("metadata", Config::dictionary(sections))
        .build_dependency("a.bst", None)
}

fn named() -> Config {
    Config::dictionary(&[("name", Config::text("org.Example"))])
}

fn plan(sections: &[(&str, Config)]) -> Plan {
    FlatpakImage::configure(&image(sections).element()).expect("it is good").plan
}

#[test]
fn an_application_has_an_export_folder_and_extensions_theirs() {
    let extension = Config::dictionary(&[("directory", Config::text("lib/debug"))]);
    let plan = plan(&[("Application", named()), ("Extension org.Example.Debug", extension)]);
    let made: Vec<&str> = plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::MakeDirectory(path) => Some(path.as_str()),
            _ => None,
        })
        .collect();
    let below = ["", "/files", "/export", "/files/lib/debug"].map(|path| format!("{INSTALL}{path}"));
    assert_eq!(made, below);
    let Some(Step::WriteFile { content, .. }) = plan.steps.last() else { panic!("{plan:?}") };
    assert_eq!(
        content,
        "[Application]\nname = org.Example\n\n[Extension org.Example.Debug]\ndirectory = lib/debug\n\n"
    );
}

#[test]
fn a_runtime_has_the_folder_etc() {
    let copied = |sections: &[(&str, Config)]| {
        plan(sections).steps.iter().filter(|step| matches!(step, Step::CopyTreeIfPresent { .. })).count()
    };
    assert_eq!(copied(&[("Runtime", named())]), 2);
    assert_eq!(copied(&[("Runtime", named()), ("ExtensionOf", named())]), 1);
    assert_eq!(copied(&[("Application", named())]), 1);
}

#[test]
fn what_an_image_must_have_is_told() {
    let rejection = FlatpakImage::configure(&image(&[("Other", named())]).element()).expect_err("no section");
    assert_eq!(rejection.reason.code(), "incomplete-metadata");
    let refusal = plan(&[("Runtime", named()), ("Extension x", named())]).refusal.expect("no directory");
    assert!(refusal.message.contains("'Extension x'"), "{}", refusal.message);
}

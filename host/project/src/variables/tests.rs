use super::*;
use crate::yaml::parse_text;
use spec_model::UserError;

fn variables(yaml: &str) -> Variables {
    Variables::new(parse_text(yaml, "v.yml").expect("the test's YAML")).expect("scalars")
}

fn expand(yaml: &str, text: &str) -> String {
    let mut node = Node::text(text);
    variables(yaml).expand_node(&mut node).expect("it expands");
    node.as_str().expect("a scalar").to_owned()
}

#[test]
fn references_are_replaced_and_the_rest_is_kept() {
    let yaml = "{a: 1, b: '%{a}%{a}', c-1: 'x%{b}y', D_: ''}";
    for (text, expanded) in [
        ("", ""),
        ("%{c-1}", "x11y"),
        ("%{a}-%{b}-%{D_}.", "1-11-."),
        ("100% %%{a} %(a) %{", "100% %1 %(a) %{"),
        ("%{1a} %{} %{a b} %{%{a}}", "%{1a} %{} %{a b} %{1}"),
        ("ä%{a}ö", "ä1ö"),
    ] {
        assert_eq!(expand(yaml, text), expanded, "{text}");
    }
}

#[test]
fn errors_tell_the_place_of_the_reference() {
    for (yaml, reason, position) in [
        ("a: '%{b}'\nb: '%{c}'", "unresolved-variable", "v.yml:2:4"),
        ("a: '%{b}'\nb: '%{c}'\nc: '%{b}'", "circular-reference-variable", "v.yml:3:4"),
        ("a: 'x%{a}'", "circular-reference-variable", "v.yml:1:4"),
    ] {
        let error = variables(yaml).values().expect_err(yaml);
        let found = error.position().map(ToString::to_string).unwrap_or_default();
        assert_eq!((error.reason(), found.as_str()), (reason, position), "{yaml}");
    }
}

#[test]
fn a_circle_is_named() {
    let error = variables("a: '%{b}'\nb: '%{c}'\nc: '%{b}'").values().expect_err("a circle");
    assert_eq!(error.to_string(), "variables refer to each other in a circle: b -> c -> b");
}

#[test]
fn an_undefined_name_suggests_a_near_one() {
    let error = variables("prefix: /usr\nbindir: '%{prefx}/bin'").values().expect_err("undefined");
    assert_eq!(error.to_string(), "the variable 'prefx' is not defined");
    assert_eq!(error.hint().as_deref(), Some("did you mean '%{prefix}'?"));
}

#[test]
fn doubling_variables_stay_small() {
    let mut yaml = String::from("v0: xxxxxxxxxxxxxxxx\n");
    for n in 1..64 {
        yaml.push_str(&format!("v{n}: '%{{v{}}}%{{v{}}}'\n", n - 1, n - 1));
    }
    let error = variables(&yaml).values().expect_err("too large");
    assert_eq!(error.reason(), "variable-too-large");
}

#[test]
fn many_texts_that_are_large_together_are_refused() {
    let mut yaml = String::from("v0: xxxxxxxxxxxxxxxx\n");
    for n in 1..16 {
        yaml.push_str(&format!("v{n}: '%{{v{}}}%{{v{}}}'\n", n - 1, n - 1));
    }
    let many = |count| (0..count).map(|n| format!("w{n}: '%{{v15}}'\n")).collect::<String>();
    assert!(variables(&format!("{yaml}{}", many(100))).values().is_ok());
    let error = variables(&format!("{yaml}{}", many(130))).values().expect_err("too large together");
    assert_eq!(error.reason(), "variable-too-large");
    // Texts that refer to variables count as well.
    let mut texts = parse_text(&many(130), "texts.yml").expect("the test's YAML");
    assert_eq!(
        variables(&yaml).expand(&mut texts).map_err(|e| e.reason().to_owned()),
        Err("variable-too-large".to_owned())
    );
}

#[test]
fn long_chains_need_no_stack() {
    let mut yaml = String::from("v0: x\n");
    for n in 1..20_000 {
        yaml.push_str(&format!("v{n}: '%{{v{}}}'\n", n - 1));
    }
    assert_eq!(expand(&yaml, "%{v19999}"), "x");
}

#[test]
fn notparallel_means_one_job() {
    let one = ("max-jobs", "1");
    assert!(
        variables("{max-jobs: 8, notparallel: True}")
            .values()
            .expect("they expand")
            .iter()
            .any(|(name, value)| (&**name, &**value) == one)
    );
}

use super::*;
use crate::yaml::parse_text;
use spec_model::UserError;

const OPTIONS: &str = "
debug: {type: bool, description: d, default: false, variable: debug-value}
fast: {type: bool, description: d, default: true}
flavour: {type: enum, description: d, values: [plain, salt], default: plain}
extras: {type: flags, description: d, values: [docs, tests, nls], default: [nls, docs], variable: extras}
unset: {type: flags, description: d, values: [docs]}
mask: {type: element-mask, description: d}
";

fn options() -> Options {
    let definitions = parse_text(OPTIONS, "options.yml").expect("the test's YAML");
    Options::new(&definitions, &|| vec!["a.bst".to_owned(), "b.bst".to_owned()]).expect("good options")
}

/// Jinja2's results for the same conditions.
#[test]
fn conditions_hold_as_in_the_reference() {
    let options = options();
    for (condition, holds) in [
        ("debug", false),
        ("fast", true),
        ("not debug", true),
        ("not not debug", false),
        ("debug == False", true),
        ("fast == true", true),
        ("flavour", true),
        ("flavour == 'plain'", true),
        ("flavour == \"salt\"", false),
        ("flavour != 'salt'", true),
        ("'plain' == flavour", true),
        ("flavour in ('salt', 'plain')", true),
        ("flavour in ['salt']", false),
        ("flavour not in ('salt',)", true),
        ("'lai' in flavour", true),
        ("'docs' in extras", true),
        ("'tests' not in extras", true),
        ("not 'tests' in extras", true),
        ("extras == ['nls', 'docs']", true),
        ("unset", false),
        ("unset == []", true),
        ("debug or fast", true),
        ("debug and fast", false),
        ("debug and fast or fast", true),
        ("fast or fast and debug", true),
        ("not debug and fast", true),
        ("not (debug or fast)", false),
        ("(flavour == 'plain' and 'nls' in extras) or debug", true),
        ("fast or unknown", true),
        ("debug and unknown", false),
        ("'plain' == flavour == 'plain'", true),
        ("'' or unset or debug", false),
        ("true and True", true),
        ("false or False", false),
        ("('docs') in extras", true),
        ("debug == 'False'", false),
        ("flavour < 'q'", true),
        ("'plain' <= flavour <= 'plain'", true),
        ("flavour > 'plain'", false),
        ("flavour >= 'Z'", true),
        ("debug < fast", true),
        ("extras < ['nls', 'zzz']", true),
        ("extras > ['nls']", true),
        ("'it\\'s' == \"it's\"", true),
    ] {
        assert_eq!(options.holds(condition), Ok(holds), "{condition}");
    }
}

#[test]
fn what_is_no_condition_is_refused() {
    let options = options();
    for condition in [
        "",
        "unknown",
        "unknown == 'x'",
        "flavour = 'x'",
        "flavour ==",
        "(fast",
        "fast)",
        "fast fast",
        "'open",
        "not",
        "and",
        "fast and",
        "fast not fast",
        "'x' in fast",
        "debug in flavour",
        "1 == 1",
        "fast | lower",
        "[fast",
        "('a' 'b',,)",
        "flavour == plain",
        "flavour < debug",
        "extras > 'docs'",
        "flavour <> 'plain'",
        "flavour =< 'plain'",
    ] {
        assert!(options.holds(condition).is_err(), "{condition}");
    }
    assert!(options.holds(&"(".repeat(10_000)).is_err());
    assert!(options.holds(&format!("{}fast", "not ".repeat(10_001))).is_ok_and(|holds| !holds));
}

#[test]
fn values_become_variables() {
    let mut options = options();
    let texts = [("debug", "true"), ("extras", " tests, docs "), ("mask", "b.bst")];
    options.set_from_texts(&texts.map(|(n, v)| (n.to_owned(), v.to_owned()))).expect("good values");
    let mut variables = Mapping::new();
    options.export(&mut variables);
    assert_eq!(variables.str("debug-value").ok(), Some("1"));
    assert_eq!(variables.str("extras").ok(), Some("docs,tests"));
    assert_eq!(options.holds("'b.bst' in mask"), Ok(true));
    let printed: Vec<String> =
        options.printable().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(printed, ["debug=1", "extras=docs,tests", "fast=1", "flavour=plain", "mask=b.bst", "unset="]);
}

#[test]
fn conditionals_are_composed_in_order() {
    let text = "
a: 1
(?):
- fast:
    a: 2
    list: [x]
    (?):
    - fast: {a: 3}
- debug: {a: 4}
- \"'nls' in extras\":
    list: {(>): [y]}
nested:
- b: 1
  (?):
  - fast: {b: 2}
";
    let mut mapping = parse_text(text, "a.yml").expect("the test's YAML");
    options().resolve_conditionals(&mut mapping, &[]).expect("it resolves");
    let expected = parse_text("{a: 3, list: [x, y], nested: [{b: 2}]}", "b.yml").expect("the test's YAML");
    assert_eq!(mapping.to_value(), expected.to_value());
}

#[test]
fn assertions_are_met_before_they_can_be_overwritten() {
    let text = "(?):\n- fast: {(!): first}\n- fast: {(!): second}\n";
    let mut mapping = parse_text(text, "a.yml").expect("the test's YAML");
    let error = options().resolve_conditionals(&mut mapping, &[]).expect_err("an assertion");
    assert_eq!((error.reason(), error.to_string().as_str()), ("user-assertion", "second"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z'\"()\\[\\],=! \\\\]{0,40}") {
        let _ = options().holds(&text);
    }

    #[test]
    fn negation_negates(words in proptest::collection::vec(
        proptest::sample::select(vec!["fast", "debug", "and", "or", "not", "(", ")", "==", "in", "extras", "'docs'"]), 1..9,
    )) {
        let options = options();
        let condition = words.join(" ");
        if let Ok(holds) = options.holds(&condition) {
            proptest::prop_assert_eq!(options.holds(&format!("not ({condition})")), Ok(!holds));
        }
    }
}

/// In a thread with a small stack, which a call for each operand would overflow.
#[test]
fn a_condition_may_be_as_long_as_its_file() {
    let hold = || {
        for (word, operand, holds) in [("or", "debug", false), ("and", "fast", true)] {
            let condition = vec![operand; 100_000].join(&format!(" {word} "));
            assert_eq!(options().holds(&condition), Ok(holds));
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(hold).expect("a thread");
    thread.join().expect("it holds or not");
}

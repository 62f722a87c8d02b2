use proptest::prelude::*;

use super::*;

fn entry(machine: Option<&str>, login: Option<&str>, password: Option<&str>) -> NetrcEntry {
    let own = |text: Option<&str>| text.map(str::to_owned);
    NetrcEntry { machine: own(machine), login: own(login), password: own(password) }
}

#[test]
fn files_as_people_write_them() {
    let one = vec![entry(Some("h"), Some("me"), Some("secret"))];
    for (text, expect) in [
        ("machine h login me password secret", one.clone()),
        ("machine h\n\tlogin me\r\n\tpassword secret\n", one.clone()),
        ("# a comment\nmachine h # another\nlogin me account x password secret", one.clone()),
        ("machine h user me password secret\n\n", one.clone()),
        ("macdef init\ncd /machine x\nls\n\nmachine h login me password secret", one.clone()),
        ("machine h login me password secret\nmacdef last\nquit", one.clone()),
        (r#"machine "h" login "me" password "secret""#, one),
        ("machine h password token", vec![entry(Some("h"), None, Some("token"))]),
        ("machine h login a password #1", vec![entry(Some("h"), Some("a"), Some("#1"))]),
        (
            r#"machine h login a password "two \"words\" \\ \t""#,
            vec![entry(Some("h"), Some("a"), Some("two \"words\" \\ \t"))],
        ),
        (
            "machine h login a\ndefault login anonymous password x",
            vec![entry(Some("h"), Some("a"), None), entry(None, Some("anonymous"), Some("x"))],
        ),
        ("", Vec::new()),
    ] {
        assert_eq!(Netrc::parse(text).expect(text).entries, expect, "{text}");
    }
}

#[test]
fn wrong_files_name_the_line() {
    for (text, expect) in [
        ("login me", "line 1: 'login' stands before any 'machine'"),
        ("machine h\nlogin", "line 2: there is nothing after 'login'"),
        ("machine h\n\npasword x", "line 3: 'pasword' is none of machine, login and password"),
        ("machine h login \"me\nx\"", "line 1: a quote is not closed"),
    ] {
        assert_eq!(Netrc::parse(text).expect_err(text).to_string(), expect);
    }
}

#[test]
fn the_first_entry_of_a_machine_counts() {
    let netrc = Netrc::parse("default login d\nmachine Host login a\nmachine host login b");
    let netrc = netrc.expect("it is right");
    let login = |entry: Option<&NetrcEntry>| entry.and_then(|entry| entry.login.clone());
    assert_eq!(login(netrc.of_machine("host")).as_deref(), Some("a"));
    assert_eq!(login(netrc.of_machine("ost")), None);
    assert_eq!(login(netrc.default_entry()).as_deref(), Some("d"));
}

#[test]
fn passwords_are_not_shown() {
    let netrc = Netrc::parse("machine h login me password secret").expect("it is right");
    assert!(!format!("{netrc:?}").contains("secret"));
}

proptest! {
    #[test]
    fn no_text_panics(text in r#"(machine |login |default|macdef|"|\\|#|\n|\PC| ){0,30}"#) {
        let _ = Netrc::parse(&text);
    }
}

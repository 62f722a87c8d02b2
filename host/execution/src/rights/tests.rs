use proptest::prelude::*;

use super::*;

fn action(timeout: Option<u64>) -> Action {
    let timeout = timeout.map(Duration::from_secs);
    let (command, input_root) = (Digest::of(b""), Digest::of(b""));
    Action { command, input_root, timeout, do_not_cache: false, salt: Vec::new(), platform: None }
}

fn asked(properties: &[(&str, &str)], timeout: Option<u64>) -> RequestedRights {
    let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    RequestedRights::of(&action(timeout), Some(&Platform { properties: properties.collect() }))
}

#[test]
fn each_property_is_looked_at() {
    let sandbox = &Rights { timeout: Some(Duration::from_secs(60)), ..Rights::of_sandbox(false, 1000, 100) };
    let online = &Rights::of_sandbox(true, 0, 0);
    let clients = &Rights::of_clients();
    let few = &Rights {
        users: AllowedIds::zero_and(vec![7..=7, 1000..=1999]),
        sockets: false,
        ..Rights::of_clients()
    };
    type Row<'a> = (&'a Rights, &'a [(&'a str, &'a str)], Option<u64>, &'a [(&'a str, &'a str)]);
    let table: [Row<'_>; 17] = [
        (sandbox, &[], None, &[]),
        (sandbox, &[("network", "off"), ("unixUID", "1000"), ("unixGID", "100")], Some(60), &[]),
        (sandbox, &[("network", "on")], None, &[("network", "off")]),
        (sandbox, &[("network", "off"), ("network", "on")], None, &[("network", "off")]),
        (sandbox, &[("unixUID", "0")], None, &[("unixUID", "1000")]),
        (sandbox, &[("unixGID", "0")], None, &[("unixGID", "100")]),
        (sandbox, &[("unixUID", "1000"), ("unixUID", "0")], None, &[("unixUID", "1000")]),
        (sandbox, &[("remoteApisSocketPath", "/run/s")], None, &[]),
        (sandbox, &[], Some(61), &[("timeout", "60s")]),
        (
            sandbox,
            &[("network", "on"), ("unixUID", "5")],
            Some(100),
            &[("network", "off"), ("unixUID", "1000"), ("timeout", "60s")],
        ),
        (online, &[("network", "on"), ("unixUID", "0")], Some(1_000_000), &[]),
        (online, &[("unixUID", "1")], None, &[("unixUID", "0")]),
        (clients, &[("unixUID", "4294967294"), ("unixGID", "1"), ("remoteApisSocketPath", "/a")], None, &[]),
        (clients, &[("network", "on")], None, &[("network", "off")]),
        (few, &[("unixUID", "0"), ("unixUID", "7"), ("unixUID", "1999")], None, &[]),
        (few, &[("unixUID", "8")], None, &[("unixUID", "0,7,1000-1999")]),
        (few, &[("remoteApisSocketPath", "/a")], None, &[("remoteApisSocketPath", "no sockets for actions")]),
    ];
    for (rights, properties, timeout, expected) in table {
        let found = match rights.grant(&Digest::of(b"a"), &asked(properties, timeout)) {
            Ok(_) => vec![],
            Err(ActionError::MissingRights { missing }) => missing,
            Err(other) => panic!("{other}"),
        };
        let found: Vec<_> = found.iter().map(|excess| (excess.name, excess.has.as_str())).collect();
        assert_eq!(found, expected, "{properties:?} {timeout:?}");
    }
}

#[test]
fn numbers_that_the_session_gives_are_part_of_the_key() {
    let name = Digest::of(b"action");
    let key = |rights: &Rights, properties: &[(&str, &str)]| {
        rights.grant(&name, &asked(properties, None)).expect("it may be had").key()
    };
    let (usual, other) = (Rights::of_sandbox(false, 0, 0), Rights::of_sandbox(false, 1000, 0));
    assert_eq!(
        [key(&usual, &[]), key(&Rights::of_clients(), &[]), GrantedAction::unseen(&name).key()],
        [name; 3]
    );
    assert_ne!(key(&other, &[]), name);
    assert_ne!(key(&other, &[]), key(&Rights::of_sandbox(false, 0, 1000), &[]));
    assert_eq!(key(&other, &[("unixUID", "1000")]), name, "the action itself tells");
}

fn rights() -> impl Strategy<Value = Rights> {
    let sandbox =
        (any::<bool>(), 0..3u32, 0..3u32).prop_map(|(on, user, group)| Rights::of_sandbox(on, user, group));
    let range = (0..4u32, 0..4u32).prop_map(|(a, b)| a.min(b)..=a.max(b));
    let clients = (any::<bool>(), prop::collection::vec(range, 0..3)).prop_map(|(network, users)| Rights {
        network,
        users: AllowedIds::zero_and(users),
        ..Rights::of_clients()
    });
    prop_oneof![sandbox, clients]
}

fn properties() -> impl Strategy<Value = Vec<(String, String)>> {
    let number = prop_oneof![Just("0"), Just("1"), Just("2"), Just("3")];
    let one = prop_oneof![
        prop_oneof![Just("on"), Just("off")].prop_map(|value| ("network", value)),
        number.clone().prop_map(|value| ("unixUID", value)),
        number.prop_map(|value| ("unixGID", value)),
        Just(("remoteApisSocketPath", "/s")),
    ];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    prop::collection::vec(one.prop_map(own), 0..4)
}

fn of(properties: &[(String, String)]) -> RequestedRights {
    RequestedRights::of(&action(None), Some(&Platform { properties: properties.to_vec() }))
}

proptest! {
    /// However deep actions ask for actions: what one of them may have its session could have had itself.
    #[test]
    fn rights_never_grow(first in rights(), outer in properties(), inner in properties()) {
        let name = Digest::of(b"action");
        let Ok(granted) = first.grant(&name, &of(&outer)) else { return Ok(()) };
        let number = |wanted: &str| {
            let found = outer.iter().find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.parse().expect("a number"))
        };
        let network = outer.iter().any(|(name, value)| name == "network" && value == "on");
        let user = number("unixUID").unwrap_or(granted.user);
        let second = Rights::of_sandbox(network, user, number("unixGID").unwrap_or(granted.group));
        if second.grant(&name, &of(&inner)).is_ok() {
            prop_assert!(!second.network || first.network);
            prop_assert!(first.users.allow(user));
            // But for numbers that it does not name, the first session could have asked for the same.
            prop_assert!(first.grant(&name, &of(&inner)).is_ok());
        }
    }
}

//! What requests about assets have in common, checked.

use spec_action::wire;
use spec_model::Digest;
use spec_proto::asset::Qualifier;
use spec_proto::reapi;
use spec_proto::well_known::{Duration, Timestamp};

use crate::assets::Name;
use crate::from_proto;
use crate::refusal::Refusal;

/// Nobody has more mirrors than this, or says more of one.
const MOST_NAMES: usize = 256;
/// Bytes of a URI, or of a qualifier's name and value.
const LONGEST: usize = 16 << 10;

/// The names that an asset has or may have, one for each URI.
///
/// # Errors
/// When there is no URI, an empty one, too many, or a qualifier twice.
pub(crate) fn names(
    uris: Vec<String>,
    mut qualifiers: Vec<Qualifier>,
    is_directory: bool,
) -> Result<Vec<Name>, Refusal> {
    if uris.is_empty() || uris.iter().any(String::is_empty) {
        return Err(Refusal::invalid("the request has no uris, or an empty one; expected at least one"));
    }
    if uris.len().max(qualifiers.len()) > MOST_NAMES {
        return Err(Refusal::Invalid(format!("more than {MOST_NAMES} uris or qualifiers")));
    }
    qualifiers.sort_by(|a, b| a.name.cmp(&b.name));
    if let Some(pair) = qualifiers.windows(2).find(|pair| pair[0].name == pair[1].name) {
        let shown: String = pair[0].name.chars().take(80).collect();
        return Err(Refusal::Invalid(format!("the qualifier '{shown}' is there twice")));
    }
    let sizes = qualifiers.iter().map(|qualifier| qualifier.name.len() + qualifier.value.len());
    if sizes.chain(uris.iter().map(String::len)).any(|size| size > LONGEST) {
        return Err(Refusal::Invalid(format!("a uri or qualifier of more than {LONGEST} bytes")));
    }
    let qualifiers: Vec<String> =
        qualifiers.into_iter().flat_map(|qualifier| [qualifier.name, qualifier.value]).collect();
    let name = |uri| Name { uri, qualifiers: qualifiers.clone(), is_directory };
    Ok(uris.into_iter().map(name).collect())
}

/// Digests that a request speaks of.
pub(crate) fn digests(wire: &[reapi::Digest]) -> Result<Vec<Digest>, Refusal> {
    wire.iter().map(from_proto::digest).collect()
}

/// Refuses a time that is none.
pub(crate) fn check_time(time: Option<&Timestamp>, field: &str) -> Result<(), Refusal> {
    time.map_or(Ok(()), |time| wire::check_timestamp(field, time).map_err(Refusal::Invalid))
}

/// Refuses a time-out that is none. There is nothing to wait for, so that it has no other effect.
pub(crate) fn check_timeout(timeout: Option<&Duration>) -> Result<(), Refusal> {
    timeout.map_or(Ok(()), |timeout| wire::duration("timeout", timeout).map(drop).map_err(Refusal::Invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qualifier(name: &str, value: &str) -> Qualifier {
        Qualifier { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn the_order_of_qualifiers_does_not_count() {
        let uris = || vec!["a:b".to_owned(), "c:d".to_owned()];
        let (x, y) = (qualifier("x", "1"), qualifier("y", "2"));
        let one = names(uris(), vec![x.clone(), y.clone()], false).expect("good");
        assert_eq!(one, names(uris(), vec![y.clone(), x.clone()], false).expect("good"));
        assert_ne!(one, names(uris(), vec![y, x], true).expect("good"));
        assert_eq!(one.len(), 2);
    }

    #[test]
    fn names_that_are_none() {
        let many = |count| vec!["u".to_owned(); count];
        let long = vec!["u".repeat(LONGEST + 1)];
        for (uris, qualifiers) in [
            (many(0), vec![]),
            (vec![String::new()], vec![]),
            (many(MOST_NAMES + 1), vec![]),
            (long, vec![]),
            (many(1), vec![qualifier("x", "1"), qualifier("x", "2")]),
        ] {
            assert_eq!(names(uris, qualifiers, false).expect_err("refused").reason(), "invalid");
        }
    }
}

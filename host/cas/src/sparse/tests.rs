use proptest::prelude::*;

use super::*;
use crate::test_trees::function;

const PAGE: u64 = 64 << 10;

/// A file with data where it says so, a page each, and holes elsewhere.
fn file(pages: &[bool], odd: u64) -> File {
    let file = tempfile::tempfile().expect("a temporary file");
    for (number, _) in pages.iter().enumerate().filter(|(_, data)| **data) {
        let bytes = vec![number as u8 + 1; PAGE as usize];
        file.write_all_at(&bytes, number as u64 * PAGE).expect("there is room");
    }
    file.set_len((pages.len() as u64 * PAGE).saturating_sub(odd)).expect("there is room");
    file
}

fn bytes(file: &File) -> Vec<u8> {
    let mut bytes = vec![0; file.metadata().expect("it is there").len() as usize];
    file.read_exact_at(&mut bytes, 0).expect("it can be read");
    bytes
}

fn blocks(file: &File) -> u64 {
    file.metadata().expect("it is there").blocks()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_copy_has_the_same_bytes_and_no_more_blocks(
        pages in prop::collection::vec(any::<bool>(), 0..8), odd in 0..PAGE, function in function(),
    ) {
        let (from, cancel) = (file(&pages, odd), Cancel::new());
        let (expected, whole) = (function.of(&bytes(&from)), bytes(&from));
        prop_assert_eq!(digest(function, &from, &cancel)?, expected);
        let [one, two] = [tempfile::tempfile()?, tempfile::tempfile()?];
        prop_assert_eq!(copy_and_digest(function, &from, &one, &cancel)?, expected);
        clone_or_copy(&from, &two, &cancel)?;
        for copy in [one, two] {
            prop_assert_eq!(bytes(&copy), &whole[..]);
            prop_assert!(blocks(&copy) <= blocks(&from), "{} > {}", blocks(&copy), blocks(&from));
        }
    }
}

#[test]
fn work_that_is_given_up_ends() {
    let (from, cancel) = (file(&[false; 200], 0), Cancel::new());
    cancel.cancel();
    let to = tempfile::tempfile().expect("a temporary file");
    let function = DigestFunction::Sha256;
    let error = copy_and_digest(function, &from, &to, &cancel).expect_err("it was given up");
    assert!(matches!(CasError::writing("file", error), CasError::Cancelled));
}

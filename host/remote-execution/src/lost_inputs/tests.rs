use super::*;

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

#[test]
fn what_is_named_is_uploaded_and_what_is_no_input_is_not() {
    let all = ["a", "b", "c"].map(digest).to_vec();
    let mut lost = LostInputs::default();
    assert!(lost.may_go_on() && lost.to_upload().is_empty());
    assert_eq!(lost.note(vec![digest("a"), digest("secret")], all.clone()), [digest("a")]);
    assert_eq!(lost.to_upload(), [digest("a")]);
    // At the second time all are asked for, beside what is uploaded.
    assert_eq!(lost.note(vec![digest("b")], all.clone()), all);
    assert_eq!(lost.to_upload(), [digest("b")]);
    // What is lost though it was uploaded is so for a few times.
    let mut times = 0;
    while lost.may_go_on() {
        lost.note(vec![digest("b")], all.clone());
        times += 1;
    }
    assert_eq!(times, 4);
}

#[test]
fn a_cluster_that_names_nothing_is_sent_everything_at_last() {
    let all = ["a", "b"].map(digest).to_vec();
    let mut lost = LostInputs::default();
    assert_eq!(lost.note(vec![], all.clone()), all);
    assert!(lost.to_upload().is_empty(), "it is asked for all first");
    assert_eq!(lost.note(vec![], all.clone()), all);
    assert_eq!(lost.to_upload(), all);
}

#[test]
fn a_cluster_that_names_one_after_the_other_is_followed_for_long_but_not_for_ever() {
    let all: Vec<Digest> = (0..100).map(|number| digest(&number.to_string())).collect();
    let mut lost = LostInputs::default();
    let named = all.iter().take_while(|blob| {
        lost.note(vec![**blob], all.clone());
        lost.may_go_on()
    });
    assert_eq!(named.count(), 50);
}

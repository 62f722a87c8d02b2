use super::*;

#[test]
fn special_files_are_named_once_and_not_without_end() {
    let file = |path: String| SpecialFile { path, kind: "named pipe" };
    assert_eq!(Warning::of_special(vec![]), None);
    let few = vec![file("run/b".to_owned()), file("a".to_owned()), file("run/b".to_owned())];
    let few = Warning::of_special(few).expect("there are some");
    assert_eq!(few.detail, "/a (named pipe)\n/run/b (named pipe)");
    let many = (10..40).map(|number| file(number.to_string())).collect();
    let many = Warning::of_special(many).expect("there are some");
    assert_eq!(many.detail.lines().count(), NAMED + 1);
    assert!(many.detail.ends_with("and 10 more"), "{}", many.detail);
}

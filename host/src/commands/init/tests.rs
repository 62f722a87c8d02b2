use super::*;

#[test]
fn wrong_answers_are_refused() {
    for (name, version, path, expect) in [
        ("hello", "2.4", "elements", ""),
        ("_a-1", "2.0", "a/b", ""),
        ("", "2.4", "elements", "invalid-symbol-name"),
        ("1a", "2.4", "elements", "invalid-symbol-name"),
        ("a b", "2.4", "elements", "invalid-symbol-name"),
        ("a", "3.0", "elements", "invalid-min-version"),
        ("a", "2.99", "elements", "invalid-min-version"),
        ("a", "two", "elements", "invalid-min-version"),
        ("a", "2.4", "../elements", "invalid-element-path"),
        ("a", "2.4", "/elements", "invalid-element-path"),
        ("a", "2.4", "", "invalid-element-path"),
    ] {
        let [name, min_version, element_path] = [name, version, path].map(str::to_owned);
        let answers = ProjectAnswers { name, min_version, element_path };
        let reason = check(&answers).err().map(|error| error.reason().to_owned()).unwrap_or_default();
        assert_eq!(reason, expect, "{answers:?}");
    }
}

#[test]
fn an_empty_answer_takes_the_default() {
    let answer = |line: &str| question(&mut line.as_bytes(), "Name", "me").map_err(|error| error.summary());
    assert_eq!(answer("\n"), Ok("me".to_owned()));
    assert_eq!(answer(" you \n"), Ok("you".to_owned()));
}

use std::path::PathBuf;
use std::sync::Mutex;

use super::*;

#[derive(Default)]
struct RecordingHelper(Mutex<Vec<String>>);

impl FailureHelper for RecordingHelper {
    fn shell(&self, element: usize) {
        self.0.lock().expect("one thread").push(format!("shell {element}"));
    }

    fn log(&self, path: &Path) {
        self.0.lock().expect("one thread").push(format!("log {}", path.display()));
    }
}

#[test]
fn it_asks_until_there_is_a_decision() {
    for (answers, expect, did) in [
        (vec!["c"], FailureDecision::Continue, vec![]),
        (vec!["", "x", "Retry\n"], FailureDecision::Retry, vec![]),
        (vec!["s", "l", "t"], FailureDecision::Terminate, vec!["shell 7", "log /log"]),
        (vec!["quit"], FailureDecision::Quit, vec![]),
        (vec![], FailureDecision::Quit, vec![]),
    ] {
        let seen = RecordingHelper::default();
        let failure = Failure { log: Some(PathBuf::from("/log")), ..Failure::default() };
        let mut lines = answers.iter().map(|line| (*line).to_owned());
        let asked = ("app.bst", 7, &failure);
        let decision = ask(&mut Vec::new(), &mut || lines.next(), Style::Plain, asked, &seen);
        assert_eq!(decision, expect, "{answers:?}");
        assert_eq!(*seen.0.lock().expect("one thread"), did, "{answers:?}");
    }
}

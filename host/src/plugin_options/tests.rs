use super::*;

fn told(elapsed_ms: u64, has_ended: bool) -> Option<String> {
    let elapsed = Duration::from_millis(elapsed_ms);
    line(&SlowCompilation {
        plugin: "mine (mine.wasm)",
        size: 18_200_000,
        elapsed,
        estimate: Duration::from_secs(9),
        has_ended,
    })
}

#[test]
fn a_slow_compilation_is_told_of_now_and_then() {
    let begin =
        "compiling plugin mine (mine.wasm) (18.2 MB) for the first time: about 9 s, if nothing else runs";
    assert_eq!(told(500, false).as_deref(), Some(begin));
    assert_eq!(told(1500, false), None);
    assert_eq!(told(5500, false).as_deref(), Some("compiling plugin mine (mine.wasm): 5 s, about 61 %"));
    let late = "compiling plugin mine (mine.wasm): 15 s, longer than it takes where nothing else runs";
    assert_eq!(told(15_500, false).as_deref(), Some(late));
    assert_eq!(told(16_240, true).as_deref(), Some("compiled plugin mine (mine.wasm) in 16.2 s"));
}

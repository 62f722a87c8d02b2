use super::*;

fn needs(text: &'static str) -> String {
    exceeded_limit(&wasmtime::Error::msg(text)).expect("it exceeds a limit").message
}

/// The texts are those of wasmtime's allocator of instances.
#[test]
fn limits_are_told_with_numbers() {
    for (text, message) in [
        (
            "The component transitively contains 43 core module instances, which exceeds the configured maximum of 40 in the pooling allocator",
            "the component needs 43 core instances; the limit is 40",
        ),
        (
            "The component transitively contains 4 Wasm linear memories, which exceeds the configured maximum of 3 in the pooling allocator",
            "the component needs 4 memories; the limit is 3",
        ),
        (
            "The component transitively contains 5 tables, which exceeds the configured maximum of 4 in the pooling allocator",
            "the component needs 5 tables; the limit is 4",
        ),
        (
            "memory has a minimum byte size of 134217728 which exceeds the limit of 0x4000000 bytes",
            "the component needs 134217728 bytes of memory; the limit is 67108864",
        ),
        (
            "table index 3 has a minimum element size of 30000 which exceeds the limit of 20000",
            "the component needs 30000 entries of a table; the limit is 20000",
        ),
        ("something exceeds something", "the component exceeds a limit: something exceeds something"),
    ] {
        assert_eq!(needs(text), message);
    }
    assert!(exceeded_limit(&wasmtime::Error::msg("unexpected end")).is_none());
}

//! Makes Rust types of the files under `proto/`, without a system `protoc`.

use std::error::Error;

const FILES: [&str; 3] = [
    "buildstream/v2/artifact.proto",
    "buildstream/v2/source.proto",
    "buildstream/v2/speculative_actions.proto",
];
const INCLUDES: [&str; 2] = ["proto", "proto/stub"];

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, INCLUDES)?;
    prost_build::Config::new()
        .extern_path(
            ".build.bazel.remote.execution.v2",
            "::bazel_remote_apis::build::bazel::remote::execution::v2",
        )
        .compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    Ok(())
}

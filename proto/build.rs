//! Makes Rust types of the files under `proto/`, without a system `protoc`.

use std::error::Error;

const FILES: [&str; 4] = [
    "buildstream/v2/artifact.proto",
    "buildstream/v2/source.proto",
    "buildstream/v2/speculative_actions.proto",
    "spec/v1/build_record.proto",
];
const INCLUDES: [&str; 2] = ["proto", "proto/stub"];

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(FILES, INCLUDES)?;
    prost_build::Config::new()
        .extern_path(
            ".build.bazel.remote.execution.v2",
            "::bazel_remote_apis::build::bazel::remote::execution::v2",
        )
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::bazel_remote_apis::google::protobuf")
        .compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=proto");
    Ok(())
}

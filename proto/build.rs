//! Generates Rust types from the files under `proto/`, without a system `protoc`.

use std::error::Error;
use std::path::PathBuf;

const FILES: [&str; 6] = [
    "buildstream/v2/artifact.proto",
    "buildstream/v2/source.proto",
    "buildstream/v2/speculative_actions.proto",
    "spec/v1/build_record.proto",
    "spec/v1/misses.proto",
    "spec_host/recording/v1/recording.proto",
];
const INCLUDES: [&str; 2] = ["proto", "proto/stub"];

/// The files that reflection reports for services whose types come from another crate.
const REFLECTED: [&str; 4] = [
    "build/bazel/remote/asset/v1/remote_asset.proto",
    "build/bazel/remote/execution/v2/remote_execution.proto",
    "google/bytestream/bytestream.proto",
    "google/longrunning/operations.proto",
];

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
    let mut compiler = protox::Compiler::new(["reflection"])?;
    compiler.include_imports(true).open_files(REFLECTED)?;
    let folder = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo names a folder")?);
    std::fs::write(folder.join("reflection.bin"), compiler.encode_file_descriptor_set())?;
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=reflection");
    Ok(())
}

//! `grpc.reflection`: describes the services to clients such as `grpcurl`.

use tonic_reflection::server::{Builder, v1, v1alpha};

/// Version 1.
pub(crate) fn v1() -> v1::ServerReflectionServer<impl v1::ServerReflection> {
    builder().build_v1().expect("the descriptors were compiled with the program")
}

/// Version 1alpha, for older clients.
pub(crate) fn v1alpha() -> v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection> {
    builder().build_v1alpha().expect("the descriptors were compiled with the program")
}

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(spec_proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

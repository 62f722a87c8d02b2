//! `grpc.reflection`: clients such as `grpcurl` learn what there is to call.

use tonic_reflection::server::{Builder, v1, v1alpha};

/// Version 1.
pub(crate) fn v1() -> v1::ServerReflectionServer<impl v1::ServerReflection> {
    described().build_v1().expect("the descriptors were compiled with the program")
}

/// The version that older clients know.
pub(crate) fn v1alpha() -> v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection> {
    described().build_v1alpha().expect("the descriptors were compiled with the program")
}

fn described() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(spec_proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

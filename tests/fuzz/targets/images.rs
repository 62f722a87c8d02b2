#![no_main]
#![allow(missing_docs, unsafe_code, reason = "the macro's")]

spec_fuzz::target!(images);

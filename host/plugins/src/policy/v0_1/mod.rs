//! Policies of version 0.1, which cannot say or hear all that the contract has now.

mod overlay;
mod priming;

pub(super) use overlay::OverlayAdapter;
pub(super) use priming::PrimingAdapter;

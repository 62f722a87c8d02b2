//! Converts reports of builds and downloads to events of their jobs.

use std::sync::Arc;

use spec_scheduler::{Context, Message};
use spec_source::FetchMonitor;

use crate::shared_caches::is_detail;

/// Reports the progress and the warnings of a download to the context of its job.
pub(crate) fn source_watch(context: &Context, activity: &'static str) -> FetchMonitor {
    let progressing = Arc::new(context.clone());
    let (warned, noted) = (progressing.clone(), progressing.clone());
    let progress =
        move |done, total: Option<u64>| progressing.progress(activity, Some((done, total.unwrap_or(0))));
    FetchMonitor::new(context.cancel.clone(), progress)
        .with_warnings(move |reason, text| warned.message(Message::warning(reason, text)))
        .with_notes(move |reason, text| {
            if !is_detail(reason) {
                noted.message(Message::info(reason, text));
            }
        })
}

/// Reports the progress and the warnings of a build to the context of its job.
pub(crate) struct ContextObserver<'a>(pub(crate) &'a Context);

impl spec_build::BuildObserver for ContextObserver<'_> {
    fn activity(&self, text: &str, commands: Option<(u64, u64)>) {
        self.0.progress(text, commands);
    }

    fn warning(&self, warning: spec_build::Warning) {
        self.0.message(Message {
            detail: (!warning.detail.is_empty()).then_some(warning.detail),
            ..Message::warning(warning.reason, warning.text)
        });
    }
}

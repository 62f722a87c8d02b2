//! The page `/metrics` that Prometheus scrapes.

use std::future::{Future, IntoFuture};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::error::ServeError;
use crate::listener::{Listener, ListeningSocket};
use crate::service_context::ServiceContext;

/// The content type of OpenMetrics' text format.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves `/metrics` until `stop` completes.
pub(crate) async fn serve(
    context: ServiceContext,
    mut listener: Listener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let address = listener.address().to_string();
    let app = Router::new().route("/metrics", get(move || async move { page(&context) }));
    let served = async {
        match listener.take() {
            ListeningSocket::Tcp(socket) => axum::serve(socket, app).into_future().await,
            ListeningSocket::Unix(socket) => axum::serve(socket, app).into_future().await,
            ListeningSocket::Taken => Ok(()),
        }
    };
    // Requests in progress are not waited for.
    let served = tokio::select! {
        served = served => served,
        () = stop => Ok(()),
    };
    served.map_err(|source| ServeError::Transport { address, source: source.into() })
}

fn page(context: &ServiceContext) -> Response {
    match context.metrics.text(context.gauge_values()) {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

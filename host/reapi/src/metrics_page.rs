//! The page that Prometheus reads.

use std::future::{Future, IntoFuture};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::context::Context;
use crate::error::ServeError;
use crate::listen::{Listener, Socket};

/// The text form that OpenMetrics has made a standard.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Shows `/metrics` until `stop` is done.
pub(crate) async fn serve(
    context: Context,
    mut listener: Listener,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let address = listener.address().to_string();
    let app = Router::new().route("/metrics", get(move || async move { page(&context) }));
    let served = async {
        match listener.take() {
            Socket::Tcp(socket) => axum::serve(socket, app).into_future().await,
            Socket::Unix(socket) => axum::serve(socket, app).into_future().await,
            Socket::Taken => Ok(()),
        }
    };
    // Nobody waits for the end of a page.
    let served = tokio::select! {
        served = served => served,
        () = stop => Ok(()),
    };
    served.map_err(|source| ServeError::Transport { address, source: source.into() })
}

fn page(context: &Context) -> Response {
    match context.metrics.text(context.readings()) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

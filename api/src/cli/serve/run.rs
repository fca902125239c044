//! From a started service to its last answer.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::app::App;
use crate::cli::address;
use crate::cli::failed::Failed;
use crate::cli::say;
use crate::cli::signals::Signals;
use crate::follow::StreamLimits;
use crate::http::{
    Code, Drained, LoginLimiter, Problem, ServeSettings, Settings, Shutdown, conventions, serve,
};
use crate::routes::operations::metrics_alone;
use crate::service::Service;

use super::ListenArgs;

/// How often `/readyz` is asked before the service says that it listens.
const READY_POLL: Duration = Duration::from_millis(20);

/// An import of 64 MiB may take longer than any other request.
const IMPORT_WITHIN: Duration = Duration::from_secs(600);

/// What runs, and where.
pub struct Running<'a> {
    /// The started service.
    pub service: &'a Service,
    /// Where it is to be reached.
    pub listener: TcpListener,
    /// The rest of where.
    pub listen: &'a ListenArgs,
    /// Failed log-ins a minute.
    pub login_rate: Option<u32>,
}

/// Where a service is to be reached.
pub struct Addresses {
    /// The HTTP interface.
    pub url: String,
    /// The metrics, when they have an address of their own.
    pub metrics: Option<String>,
}

/// Serves until a signal comes, then lets the open requests end; a second signal cuts them off.
///
/// `block` makes what is printed after the line `listening on …`.
pub async fn run(
    running: Running<'_>,
    signals: &mut Signals,
    block: impl AsyncFnOnce(Addresses) -> Result<String, Failed>,
) -> Result<(), Failed> {
    let Running { service, listener, listen, login_rate } = running;
    let shutdown = Shutdown::new();
    let node = service.desk.terms.contact.node.clone();
    let app = App::new(
        service.desk.clone(),
        service.passwords.clone(),
        LoginLimiter::new(login_rate),
        shutdown.clone(),
        node,
        StreamLimits::default(),
    );
    let mut router = crate::routes::router(app.clone());
    let metrics = match listen.metrics_listen.as_deref().filter(|address| !address.is_empty()) {
        None => None,
        Some(address) => {
            router = router.layer(from_fn(without_metrics));
            Some(address::listen(address, "--metrics-listen").await?)
        }
    };
    let url = address::url(&listener)?;
    let metrics_url = metrics.as_ref().map(address::url).transpose()?;
    let settings = Settings {
        answer_within_of: vec![("/v1/plans/{plan}/imports", IMPORT_WITHIN)],
        ..Settings::default()
    };
    let router = conventions(router, settings);
    let serving = tokio::spawn(serve(listener, router.clone(), ServeSettings::default(), shutdown.clone()));
    let metrics_serving = metrics.map(|listener| {
        let router = conventions(metrics_alone(app.clone()), Settings::default());
        tokio::spawn(serve(listener, router, ServeSettings::default(), shutdown.clone()))
    });
    let told = async {
        ready(&router).await;
        say(format_args!("listening on {url}"));
        if !listen.quiet {
            say(block(Addresses { url, metrics: metrics_url }).await?);
        }
        std::future::pending::<Result<(), Failed>>().await
    };
    let ended = tokio::select! {
        told = told => told,
        () = signals.next() => Ok(()),
    };
    tracing::info!("stopping; open requests may end");
    shutdown.begin();
    tokio::select! {
        drained = serving => {
            if let Ok(Drained::Cut(connections)) = drained {
                tracing::warn!(connections, "some requests did not end in time and were cut off");
            }
        }
        () = signals.next() => tracing::warn!("stopping at once; open requests are cut off"),
    }
    if let Some(metrics) = metrics_serving {
        metrics.abort();
    }
    ended
}

/// Comes back when `/readyz` says yes.
async fn ready(router: &Router) {
    loop {
        let question = Request::get("/readyz").body(Body::empty()).expect("a path is a valid request");
        match router.clone().oneshot(question).await {
            Ok(answer) if answer.status() == StatusCode::OK => return,
            _ => tokio::time::sleep(READY_POLL).await,
        }
    }
}

/// The metrics have an address of their own, which others cannot reach.
async fn without_metrics(request: Request, next: Next) -> Response {
    if request.uri().path() == "/metrics" {
        return Problem::new(Code::NotFound).into_response();
    }
    next.run(request).await
}

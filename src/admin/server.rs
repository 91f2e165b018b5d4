//! The operators' HTTP address.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;

use super::Readiness;
use super::http1::{self, Body, answer};

/// Connections at once: a few scrapers and probes, not a service.
const CONNECTIONS: usize = 32;
/// How often recorded samples are folded into their buckets; without it they pile up in memory
/// while nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);
const TEXT: &str = "text/plain; charset=utf-8";

/// Answers `/metrics`, `/healthz` and `/readyz` on `listener` until the future is dropped.
/// `before_scrape` sets the gauges that somebody has to count for.
pub async fn serve(
    listener: TcpListener,
    metrics: PrometheusHandle,
    readiness: Readiness,
    before_scrape: impl Fn() + Send + Sync + 'static,
) {
    let before_scrape = Arc::new(before_scrape);
    let upkeep = async {
        let mut turn = tokio::time::interval(UPKEEP);
        loop {
            turn.tick().await;
            metrics.run_upkeep();
        }
    };
    let answers = http1::serve(listener, CONNECTIONS, {
        let metrics = metrics.clone();
        move |request: Request<hyper::body::Incoming>| {
            if request.uri().path() == "/metrics" {
                before_scrape();
            }
            let response = respond(request.method(), request.uri().path(), &metrics, &readiness);
            std::future::ready(Ok(response))
        }
    });
    tokio::join!(upkeep, answers);
}

fn respond(method: &Method, path: &str, metrics: &PrometheusHandle, readiness: &Readiness) -> Response<Body> {
    let mut response = match path {
        "/metrics" | "/healthz" | "/readyz" if method != Method::GET && method != Method::HEAD => {
            let mut response = answer(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET or HEAD\n");
            response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("GET, HEAD"));
            response
        }
        "/metrics" => answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics.render()),
        "/healthz" => answer(StatusCode::OK, TEXT, "ok\n"),
        "/readyz" => {
            let report = readiness.report();
            let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let body = serde_json::to_string(&report).unwrap_or_default();
            answer(status, "application/json", body + "\n")
        }
        _ => answer(StatusCode::NOT_FOUND, TEXT, "not found\n"),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Empty};
    use hyper_util::client::legacy::Client;
    use hyper_util::rt::TokioExecutor;
    use metrics::counter;

    use super::*;
    use crate::admin::{Metrics, StoreState};

    async fn fetch(method: &str, url: String) -> (StatusCode, String) {
        let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
        let request = Request::builder().method(method).uri(url).body(Empty::new()).unwrap();
        let response = client.request(request).await.unwrap();
        let status = response.status();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn operators_see_metrics_and_health_and_nothing_else() {
        let metrics = Metrics::new().unwrap();
        metrics.record(|| counter!("poterne_logins_total", "outcome" => "accepted").increment(7));
        let readiness = Readiness::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let scrapes = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counted = Arc::clone(&scrapes);
        let before_scrape = move || {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let server = tokio::spawn(serve(listener, metrics.handle(), readiness.clone(), before_scrape));

        let (status, text) = fetch("GET", format!("{url}/metrics")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(text.contains("poterne_logins_total{outcome=\"accepted\"} 7\n"), "{text}");
        assert!(text.contains("# HELP poterne_logins_total "), "{text}");
        assert_eq!(scrapes.load(std::sync::atomic::Ordering::Relaxed), 1);

        assert_eq!(fetch("GET", format!("{url}/healthz")).await, (StatusCode::OK, "ok\n".to_owned()));

        let (status, text) = fetch("GET", format!("{url}/readyz")).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["store"], "opening");
        readiness.listening();
        readiness.set_store(StoreState::Writable);
        let (status, text) = fetch("GET", format!("{url}/readyz")).await;
        assert_eq!(status, StatusCode::OK, "{text}");

        for path in ["/", "/metrics/", "/_poterne/challenge", "/../metrics", "/Metrics"] {
            assert_eq!(fetch("GET", format!("{url}{path}")).await.0, StatusCode::NOT_FOUND, "{path}");
        }
        assert_eq!(fetch("POST", format!("{url}/metrics")).await.0, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(fetch("HEAD", format!("{url}/healthz")).await, (StatusCode::OK, String::new()));
        server.abort();
    }
}
